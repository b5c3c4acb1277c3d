/* partitions.h: the topics and partitions that are, or once were, this worker's. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct source_partition;

struct source_topic {
    char *name;
    struct source_topic *next; /* of the same bucket */
    void *routes;
    bool *passes;                         /* by gate; NULL: the source has none */
    bool gated;                           /* passes one at least */
    struct source_partition **partitions; /* by number; NULL: never ours */
    size_t partition_count;
    size_t *wanted; /* what of the subscription it is */
    size_t wanted_count;
};

/** Makes it where it is new. */
struct source_partition *partitions_get(struct source *source, const char *topic, int32_t number);

/** NULL: it was never ours. */
struct source_partition *partitions_find(const struct source *source, const char *topic,
                                         int32_t number);

/** The same of a message with a topic; at once for one of those seen lately. */
struct source_partition *partitions_of(struct source *source, const rd_kafka_message_t *message);

void partitions_free(struct source *source);
