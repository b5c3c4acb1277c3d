/* mock_kafka.c: librdkafka's mock cluster, and what tests write into it and ask it. */
#include "mock_kafka.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 60000, FETCH = 1, FETCH_12 = 0x020800ff };

rd_kafka_mock_cluster_t *cluster;
static rd_kafka_t *producer;

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "mock_kafka: %s: %s\n", what, why);
    exit(2);
}

void cluster_start(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];

    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "1", NULL, 0);
    rd_kafka_conf_set(conf, "message.max.bytes", "20000000", NULL, 0);
    rd_kafka_conf_set_log_cb(conf, NULL);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!producer)
        give_up("producer", text);
    cluster = rd_kafka_handle_mock_cluster(producer);
    if (rd_kafka_version() >= FETCH_12) /* of a partition without a leader it would crash (2.8) */
        rd_kafka_mock_set_apiversion(cluster, FETCH, 0, 11);
}

void cluster_end(void)
{
    rd_kafka_destroy(producer);
}

void cluster_topic(const char *topic)
{
    rd_kafka_mock_topic_create(cluster, topic, CLUSTER_PARTITIONS, 1);
}

static void cluster_flush(void)
{
    if (rd_kafka_flush(producer, ANSWER_MS) != 0)
        give_up("produce", "not acknowledged in time");
}

static rd_kafka_resp_err_t cluster_try_put(const char *topic, int32_t partition, const char *key,
                                           const void *value, size_t length)
{
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key, strlen(key)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value, length}},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"number", key, -1}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer, parts, sizeof(parts) / sizeof(parts[0]));
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);

    rd_kafka_error_destroy(error);
    return err;
}

static void cluster_put(const char *topic, int32_t partition, const char *key, const void *value,
                        size_t length)
{
    while (cluster_try_put(topic, partition, key, value, length) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(producer, 10);
}

void cluster_produce(const char *topic, int32_t partition, int from, int to)
{
    char key[32];

    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), "%d", i);
        cluster_put(topic, partition, key, key, strlen(key));
    }
    cluster_flush();
}

void cluster_produce_all(const char *topic, int from, int to)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        cluster_produce(topic, i, from, to);
}

void cluster_produce_large(const char *topic, int32_t partition, size_t bytes)
{
    char *value = mem_alloc(bytes);

    for (size_t i = 0; i < bytes; i++)
        value[i] = (char)rand();
    cluster_put(topic, partition, "1", value, bytes);
    cluster_flush();
    free(value);
}

void cluster_produce_record(const char *topic, int32_t partition, struct slice key,
                            struct slice value, int64_t timestamp_ms, rd_kafka_headers_t *headers)
{
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key.data, key.length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value.data, value.length}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer, parts, sizeof(parts) / sizeof(parts[0]));

    if (error)
        give_up("produce", rd_kafka_error_string(error));
    cluster_flush();
}

static rd_kafka_t *cluster_asker(const char *group)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
    return rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
}

int64_t cluster_committed(const char *group, const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *asker = cluster_asker(group);
    rd_kafka_resp_err_t err;
    int64_t offset;

    rd_kafka_topic_partition_list_add(list, topic, partition);
    err = rd_kafka_committed(asker, list, ANSWER_MS);
    if (err)
        give_up("committed", rd_kafka_err2str(err));
    offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(asker);
    return offset;
}

void cluster_commit(const char *group, const char *topic, int32_t partition, int64_t offset)
{
    cluster_commit_note(group, topic, partition, offset, NULL);
}

void cluster_commit_note(const char *group, const char *topic, int32_t partition, int64_t offset,
                         const char *note)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *asker = cluster_asker(group);
    rd_kafka_resp_err_t err;

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    if (note) { /* librdkafka frees it */
        list->elems[0].metadata_size = strlen(note);
        list->elems[0].metadata = rd_kafka_mem_malloc(asker, list->elems[0].metadata_size);
        memcpy(list->elems[0].metadata, note, list->elems[0].metadata_size);
    }
    err = rd_kafka_commit(asker, list, 0);
    if (err)
        give_up("commit", rd_kafka_err2str(err));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(asker);
}
