/* dlq_fixture.c: a bridge whose records become dead letters, and a reader of their topic. */
#include "dlq_fixture.h"

#include "base/clock.h"

#include <stdio.h>

enum { READ_MS = 60000, SILENCE_MS = 500 };

static rd_kafka_t *reader;
rd_kafka_message_t *letters[LETTERS_MOST];
size_t letter_count;

void read_letters(const char *topic, size_t wanted)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(CLUSTER_PARTITIONS);
    int64_t until_ms = clock_ms() + READ_MS;
    rd_kafka_message_t *message = NULL;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "group.id", "reader", NULL, 0);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", NULL, 0);
    reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
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
