/*
 * identity.h: what identifies a log among those of the same name.
 *
 * A topic that was deleted and recreated has another id (Kafka 2.8 and newer, librdkafka 2.3 and
 * newer); another cluster behind the brokers' names has another id of its own.
 */
#pragma once
#include "base/slice.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

enum { IDENTITY_CLUSTER_BYTES = 48, IDENTITY_TOPIC_BYTES = 24, IDENTITY_BYTES = 72 };

/** Texts; an empty one is not known. */
struct identity {
    char cluster[IDENTITY_CLUSTER_BYTES];
    char topic[IDENTITY_TOPIC_BYTES];
};

enum identity_relation {
    IDENTITY_UNKNOWN, /* nothing that is known of both tells */
    IDENTITY_SAME,
    IDENTITY_ANOTHER
};

enum identity_relation identity_compare(const struct identity *left, const struct identity *right);

/** "CLUSTER/TOPIC"; empty if neither is known. */
void identity_write(const struct identity *identity, char text[IDENTITY_BYTES]);

/** Reads what identity_write() wrote; of anything else nothing is known. */
struct identity identity_read(struct slice text);

/** What is asked of one topic, and the answer. */
struct identity_question {
    const char *topic;
    struct identity identity;
    rd_kafka_resp_err_t err;
};

/** Fills in the answers to all questions, each of another topic; waits for Kafka. */
void identities_ask(rd_kafka_t *kafka, struct identity_question *questions, size_t count,
                    int wait_ms);
