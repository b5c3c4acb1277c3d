/*
 * kafka_admin.c: what a test makes and asks of a Kafka.
 *
 *      kafka_admin BROKERS create TOPIC PARTITIONS [CONFIG=VALUE]...
 *      kafka_admin BROKERS grow TOPIC PARTITIONS
 *      kafka_admin BROKERS delete TOPIC
 *      kafka_admin BROKERS delete-records TOPIC PARTITION BEFORE_OFFSET
 *      kafka_admin BROKERS offsets GROUP TOPIC   lines of "PARTITION COMMITTED BEGIN END", -1: none
 *      kafka_admin BROKERS watch GROUP TOPIC     lines of committed offsets, one a partition ("-"
 *                                                unknown), until stdin ends
 *      kafka_admin BROKERS group GROUP           "STATE MEMBERS"
 *      kafka_admin BROKERS commit GROUP TOPIC PARTITION OFFSET [METADATA]
 *                                                for a group without members
 *
 * Waits ten seconds for an answer. Exit status 1 and a reason on stderr where Kafka refused.
 */
#include <librdkafka/rdkafka.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, WATCH_MS = 200, WATCH_ANSWER_MS = 1000 };

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "kafka_admin: %s\n", what);
    exit(1);
}

static void give_up_on(rd_kafka_resp_err_t failure)
{
    if (failure)
        give_up(rd_kafka_err2str(failure));
}

static rd_kafka_t *client_new(const char *brokers, const char *group)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char problem[256];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, problem, sizeof(problem)) ||
        rd_kafka_conf_set(conf, "group.id", group, problem, sizeof(problem)) ||
        rd_kafka_conf_set(conf, "log_level", "3", problem, sizeof(problem)))
        give_up(problem);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, problem, sizeof(problem));
    if (!kafka)
        give_up(problem);
    return kafka;
}

static void check_topics(const rd_kafka_topic_result_t **results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_topic_result_error(results[i]))
            give_up(rd_kafka_topic_result_error_string(results[i]));
}

static void check_offsets(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        give_up_on(list->elems[i].err);
}

/** The answer to an admin request; any error in it ends the program. */
static void check_answer(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, ANSWER_MS);
    const rd_kafka_topic_result_t **topics = NULL;
    size_t count = 0;

    if (!answer)
        give_up("no answer");
    if (rd_kafka_event_error(answer))
        give_up(rd_kafka_event_error_string(answer));
    if (rd_kafka_event_type(answer) == RD_KAFKA_EVENT_DELETERECORDS_RESULT)
        check_offsets(
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer)));
    else if (rd_kafka_event_type(answer) == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
        topics =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
    else if (rd_kafka_event_type(answer) == RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT)
        topics = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(answer), &count);
    else
        topics =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count);
    check_topics(topics, count);
    rd_kafka_event_destroy(answer);
}

static void create(rd_kafka_t *kafka, rd_kafka_queue_t *queue, char **words)
{
    char problem[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(words[0], atoi(words[1]), 1, problem, sizeof(problem));

    if (!topic)
        give_up(problem);
    for (char **word = words + 2; *word; word++) {
        char *value = strchr(*word, '=');
        if (!value)
            give_up("a topic's setting is NAME=VALUE");
        *value = '\0';
        rd_kafka_NewTopic_set_config(topic, *word, value + 1);
    }
    rd_kafka_CreateTopics(kafka, &topic, 1, NULL, queue);
    check_answer(queue);
    rd_kafka_NewTopic_destroy(topic);
}

static void grow(rd_kafka_t *kafka, rd_kafka_queue_t *queue, char **words)
{
    char problem[256];
    rd_kafka_NewPartitions_t *partitions =
        rd_kafka_NewPartitions_new(words[0], (size_t)atoi(words[1]), problem, sizeof(problem));

    if (!partitions)
        give_up(problem);
    rd_kafka_CreatePartitions(kafka, &partitions, 1, NULL, queue);
    check_answer(queue);
    rd_kafka_NewPartitions_destroy(partitions);
}

static void delete_topic(rd_kafka_t *kafka, rd_kafka_queue_t *queue, char **words)
{
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(words[0]);

    rd_kafka_DeleteTopics(kafka, &topic, 1, NULL, queue);
    check_answer(queue);
    rd_kafka_DeleteTopic_destroy(topic);
}

static void delete_records(rd_kafka_t *kafka, rd_kafka_queue_t *queue, char **words)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, words[0], atoi(words[1]))->offset = atoll(words[2]);
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(kafka, &request, 1, NULL, queue);
    check_answer(queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
}

static int partition_count(rd_kafka_t *kafka, const char *name)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, name, NULL);
    const struct rd_kafka_metadata *metadata;

    give_up_on(rd_kafka_metadata(kafka, 0, topic, &metadata, ANSWER_MS));
    if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        give_up_on(metadata->topics[0].err);
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return count;
}

/** A topic that was made just now may not be known everywhere. */
static int partition_count_soon(rd_kafka_t *kafka, const char *name)
{
    int count = 0;

    for (int waited_ms = 0; !count && waited_ms < ANSWER_MS; waited_ms += WATCH_MS) {
        count = partition_count(kafka, name);
        if (!count)
            poll(NULL, 0, WATCH_MS);
    }
    if (!count)
        give_up_on(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    return count;
}

static void offsets(const char *brokers, char **words)
{
    rd_kafka_t *kafka = client_new(brokers, words[0]);
    int count = partition_count(kafka, words[1]);

    if (!count)
        give_up_on(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);

    rd_kafka_topic_partition_list_add_range(list, words[1], 0, count - 1);
    give_up_on(rd_kafka_committed(kafka, list, ANSWER_MS));
    for (int i = 0; i < count; i++) {
        int64_t begin, end, committed = list->elems[i].offset;
        give_up_on(rd_kafka_query_watermark_offsets(kafka, words[1], i, &begin, &end, ANSWER_MS));
        printf("%d %lld %lld %lld\n", i, committed < 0 ? -1LL : (long long)committed,
               (long long)begin, (long long)end);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(kafka);
}

static void print_committed(rd_kafka_t *kafka, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t failure = rd_kafka_committed(kafka, list, WATCH_ANSWER_MS);

    for (int i = 0; i < list->cnt; i++)
        if (failure || list->elems[i].err || list->elems[i].offset < 0)
            printf("- ");
        else
            printf("%lld ", (long long)list->elems[i].offset);
    printf("\n");
    fflush(stdout);
}

static void watch(const char *brokers, char **words)
{
    rd_kafka_t *kafka = client_new(brokers, words[0]);
    int count = partition_count_soon(kafka, words[1]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    rd_kafka_topic_partition_list_add_range(list, words[1], 0, count - 1);
    while (poll(&input, 1, WATCH_MS) == 0)
        print_committed(kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(kafka);
}

static void group(const char *brokers, char **words)
{
    rd_kafka_t *kafka = client_new(brokers, words[0]);
    const struct rd_kafka_group_list *list;

    give_up_on(rd_kafka_list_groups(kafka, words[0], &list, ANSWER_MS));
    if (list->group_cnt != 1)
        give_up("no such group");
    printf("%s %d\n", list->groups[0].state, list->groups[0].member_cnt);
    rd_kafka_group_list_destroy(list);
    rd_kafka_destroy(kafka);
}

static void commit(const char *brokers, char **words)
{
    rd_kafka_t *kafka = client_new(brokers, words[0]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_t *row =
        rd_kafka_topic_partition_list_add(list, words[1], atoi(words[2]));
    row->offset = atoll(words[3]);
    row->metadata = words[4]; /* ours, for the call */
    row->metadata_size = words[4] ? strlen(words[4]) : 0;
    give_up_on(rd_kafka_commit(kafka, list, false));
    row->metadata = NULL;
    row->metadata_size = 0;
    check_offsets(list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(kafka);
}

static void change(const char *brokers, char **words,
                   void (*verb)(rd_kafka_t *, rd_kafka_queue_t *, char **))
{
    rd_kafka_t *kafka = client_new(brokers, "kafka_admin");
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);

    verb(kafka, queue, words);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(kafka);
}

int main(int argc, char **argv)
{
    const char *verb = argc > 3 ? argv[2] : "";

    if (strcmp(verb, "create") == 0 && argc > 4)
        change(argv[1], argv + 3, create);
    else if (strcmp(verb, "grow") == 0 && argc > 4)
        change(argv[1], argv + 3, grow);
    else if (strcmp(verb, "delete") == 0)
        change(argv[1], argv + 3, delete_topic);
    else if (strcmp(verb, "delete-records") == 0 && argc > 5)
        change(argv[1], argv + 3, delete_records);
    else if (strcmp(verb, "offsets") == 0 && argc > 4)
        offsets(argv[1], argv + 3);
    else if (strcmp(verb, "watch") == 0 && argc > 4)
        watch(argv[1], argv + 3);
    else if (strcmp(verb, "group") == 0)
        group(argv[1], argv + 3);
    else if (strcmp(verb, "commit") == 0 && argc > 6)
        commit(argv[1], argv + 3);
    else
        give_up("usage: kafka_admin BROKERS "
                "create|grow|delete|delete-records|offsets|watch|group|commit ...");
    return 0;
}
