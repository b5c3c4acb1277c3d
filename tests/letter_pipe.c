/* letter_pipe.c: a bridge whose records become dead letters, and a reader of their topic. */
#include "letter_pipe.h"

#include "suite.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>

enum { READ_MS = 15000, SILENCE_MS = 500, LOOK_MS = 20 };

struct redis_server *here, *there;

void open_pipe(const char *group, const char *dlq, const char *routes)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/penstock.conf", redis_server_folder(here));
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "version = 1;\n"
            "sources = { main = { brokers = \"%s\"; group = \"%s\"; start = \"earliest\";\n"
            "    commit_interval = \"50ms\"; drain_timeout = \"500ms\";\n"
            "    librdkafka = { session_timeout_ms = 6000; heartbeat_interval_ms = 100;\n"
            "        fetch_wait_max_ms = 10; topic_metadata_refresh_interval_ms = 730; }; }; };\n"
            "sinks = { here = { url = \"redis://127.0.0.1:%d\"; };\n"
            "    there = { url = \"redis://127.0.0.1:%d\"; }; };\n"
            "%sroutes = ( %s );\n",
            rd_kafka_mock_cluster_bootstraps(cluster), group, redis_server_port(here),
            redis_server_port(there), dlq, routes);
    fclose(file);
    bridge_start(path);
}

void open_servers(void)
{
    here = redis_server_start(NULL);
    there = redis_server_start(NULL);
}

void close_all(void)
{
    bridge_free();
    redis_server_free(here);
    redis_server_free(there);
}

uint64_t outcome_of(size_t route, enum outcome outcome)
{
    return metrics_worker(bridge.metrics, 0)->routes[route].outcomes[outcome];
}

bool committed_comes(const char *group, const char *topic, int32_t partition, int64_t offset)
{
    int64_t until_ms = clock_ms() + READ_MS;

    while (cluster_committed(group, topic, partition) != offset && clock_ms() < until_ms)
        poll(NULL, 0, LOOK_MS);
    return cluster_committed(group, topic, partition) == offset;
}

static rd_kafka_t *reader;
rd_kafka_message_t *letters[LETTERS_MOST];
size_t letter_count;

void read_letters(const char *topic, size_t wanted)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(MEMBER_PARTITIONS);
    int64_t until_ms = clock_ms() + READ_MS;
    rd_kafka_message_t *message = NULL;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "group.id", "reader", NULL, 0);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", NULL, 0);
    reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    for (int32_t i = 0; i < MEMBER_PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(all, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, all);
    rd_kafka_topic_partition_list_destroy(all);
    letter_count = 0;
    while (clock_ms() < until_ms && letter_count < LETTERS_MOST) {
        message = rd_kafka_consumer_poll(reader, SILENCE_MS);
        if (message && !message->err)
            letters[letter_count++] = message;
        else if (message)
            rd_kafka_message_destroy(message);
        else if (letter_count >= wanted)
            break;
    }
}

void close_letters(void)
{
    while (letter_count)
        rd_kafka_message_destroy(letters[--letter_count]);
    rd_kafka_destroy(reader);
}

size_t header_count(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;

    return rd_kafka_message_headers(message, &headers) ? 0 : rd_kafka_header_cnt(headers);
}

const char *header_text(const rd_kafka_message_t *message, size_t index)
{
    static char text[600];
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t length;

    if (rd_kafka_message_headers(message, &headers) ||
        rd_kafka_header_get_all(headers, index, &name, &value, &length))
        return "(none)";
    snprintf(text, sizeof(text), "%s%s%.*s", name, value ? "=" : "", (int)length,
             value ? (const char *)value : "");
    return text;
}
