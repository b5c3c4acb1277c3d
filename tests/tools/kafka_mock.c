/*
 * kafka_mock.c: a mock cluster of several brokers that does as stdin says, for failures that one
 * real broker cannot have.
 *
 *      kafka_mock BROKERS          the first line of its output is the list of its addresses
 *
 *      topic NAME PARTITIONS
 *      down BROKER | up BROKER               brokers count from 1
 *      leader TOPIC PARTITION BROKER
 *      coordinator GROUP BROKER
 *      errors API COUNT CODE                 the next COUNT requests of this kind are answered so
 *      clear API                             no more of them
 *      rtt BROKER MS                         each answer waits that long
 *
 * Each line is answered by "ok" or "failed REASON". The end of the input ends it.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 4, LINE_MAX_BYTES = 1024, ERRORS_MAX = 1000, REPLICAS = 1 };

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "kafka_mock: %s\n", what);
    exit(1);
}

static rd_kafka_resp_err_t push_errors(rd_kafka_mock_cluster_t *cluster, int api, int count,
                                       int code)
{
    rd_kafka_resp_err_t errors[ERRORS_MAX];

    if (count < 0 || count > ERRORS_MAX)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    for (int i = 0; i < count; i++)
        errors[i] = (rd_kafka_resp_err_t)code;
    rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api, (size_t)count, errors);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/** Carries out one line, already split into words; those that were not given are empty. */
static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, char *words[WORDS_MAX])
{
    int first = atoi(words[1]), second = atoi(words[2]), third = atoi(words[3]);

    if (strcmp(words[0], "topic") == 0)
        return rd_kafka_mock_topic_create(cluster, words[1], second, REPLICAS);
    if (strcmp(words[0], "down") == 0)
        return rd_kafka_mock_broker_set_down(cluster, first);
    if (strcmp(words[0], "up") == 0)
        return rd_kafka_mock_broker_set_up(cluster, first);
    if (strcmp(words[0], "leader") == 0)
        return rd_kafka_mock_partition_set_leader(cluster, words[1], second, third);
    if (strcmp(words[0], "coordinator") == 0)
        return rd_kafka_mock_coordinator_set(cluster, "group", words[1], second);
    if (strcmp(words[0], "errors") == 0)
        return push_errors(cluster, first, second, third);
    if (strcmp(words[0], "clear") == 0) {
        rd_kafka_mock_clear_request_errors(cluster, (int16_t)first);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (strcmp(words[0], "rtt") == 0)
        return rd_kafka_mock_broker_set_rtt(cluster, first, second);
    return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

static void serve(rd_kafka_mock_cluster_t *cluster)
{
    char line[LINE_MAX_BYTES];

    while (fgets(line, sizeof(line), stdin)) {
        char *words[WORDS_MAX] = {"", "", "", ""}, *rest = NULL;
        char *word = strtok_r(line, " \n", &rest);
        for (int i = 0; i < WORDS_MAX && word; i++, word = strtok_r(NULL, " \n", &rest))
            words[i] = word;
        rd_kafka_resp_err_t failure = obey(cluster, words);
        if (failure)
            printf("failed %s\n", rd_kafka_err2str(failure));
        else
            printf("ok\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char problem[256];

    if (argc != 2)
        give_up("usage: kafka_mock BROKERS");
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
    if (!kafka)
        give_up(problem);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(kafka, atoi(argv[1]));
    if (!cluster)
        give_up("no mock cluster");
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    serve(cluster);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(kafka);
    return 0;
}
