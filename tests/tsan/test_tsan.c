/*
 * test_tsan.c: ThreadSanitizer lives with librdkafka, and still sees a race of ours.
 *
 * Built with the tsan preset only. Called with "race" it is the program that has one.
 */
#include "suite.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TSAN_STATUS = 66, RECORDS = 1000, PATIENCE_MS = 20000 };

static const char *self;
static int counter;

static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text));
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_conf_set(conf, "group.id", "tsan", text, sizeof(text));
        rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", text, sizeof(text));
    }
    return rd_kafka_new(type, conf, text, sizeof(text));
}

static void produce(const char *brokers)
{
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, brokers);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, "rides", NULL);

    for (int i = 0; i < RECORDS; i++)
        rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, "x", 1, NULL, 0, NULL);
    CU_ASSERT_EQUAL(rd_kafka_flush(producer, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
}

static int consume(const char *brokers)
{
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, brokers);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_message_t *message;
    int records = 0;

    rd_kafka_topic_partition_list_add(topics, "rides", RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    while (records < RECORDS && (message = rd_kafka_consumer_poll(consumer, PATIENCE_MS))) {
        records += !message->err;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return records;
}

static void a_group_consumes_under_thread_sanitizer(void)
{
    rd_kafka_t *host = client(RD_KAFKA_PRODUCER, "");
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
    const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);

    rd_kafka_mock_topic_create(cluster, "rides", 4, 1);
    produce(brokers);
    CU_ASSERT_EQUAL(consume(brokers), RECORDS);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
}

static void *count(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++)
        counter++;
    return NULL;
}

/* Two threads and one plain counter, beside librdkafka's own threads. */
static int race(void)
{
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, "");
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    rd_kafka_destroy(consumer);
    return 0;
}

static void a_race_of_ours_is_reported(void)
{
    char command[512], said[65536];

    snprintf(command, sizeof(command), "'%s' race 2>&1", self);
    FILE *child = popen(command, "r");
    said[fread(said, 1, sizeof(said) - 1, child)] = '\0';
    int status = pclose(child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == TSAN_STATUS);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "data race"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "counter"));
}

int main(int argc, char **argv)
{
    static const struct suite_test tests[] = {
        TEST(a_group_consumes_under_thread_sanitizer),
        TEST(a_race_of_ours_is_reported),
    };

    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "race") == 0)
        return race();
    return SUITE("tsan", tests);
}
