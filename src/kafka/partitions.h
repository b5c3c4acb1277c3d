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
    bool *barriers;                       /* by barrier; NULL: the source has none */
    bool has_barriers;                    /* passes one at least */
    struct source_partition **partitions; /* by number; NULL: never ours */
    size_t partition_count;
    size_t *wanted; /* what of the subscription it is */
    size_t wanted_count;
};

enum { TOPICS_SEEN = 1024 };

/** A source's: all that partitions were ever ours of. */
struct topics {
    struct source_topic **items;
    size_t count, capacity;
    struct source_topic **buckets; /* by a hash of their names; a power of two */
    size_t bucket_count;
    struct source_topic *seen[TOPICS_SEEN]; /* by the address of librdkafka's name */
};

/** Makes it if it is new. */
struct source_partition *partitions_get(struct source *source, const char *topic, int32_t number);

/** NULL: it was never ours. */
struct source_partition *partitions_find(const struct source *source, const char *topic,
                                         int32_t number);

/** The same of a message with a topic; at once for one of those seen lately. */
struct source_partition *partitions_of(struct source *source, const rd_kafka_message_t *message);

void partitions_free(struct source *source);
