/* fetching.h: which partitions librdkafka reads, and from where. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct source;
struct source_partition;

/** A source's. */
struct fetching {
    rd_kafka_queue_t *records; /* of partitions that flow */
    rd_kafka_queue_t *parked;  /* of held ones; nobody takes them */
    bool cooperative;          /* librdkafka is told of changes only */
    bool due;                  /* what librdkafka reads differs from what it should read */
    int64_t settled_ms;        /* when librdkafka is surely through with the last assign */
    int64_t forward_until_ms, forward_due_ms; /* queues are forwarded again and again until then */
};

/** A partition's. */
struct partition_fetching {
    rd_kafka_queue_t *queue; /* librdkafka's, since the last assign; NULL: not asked for */
    bool active;             /* librdkafka reads it */
    bool seek_due;           /* but not from its position */
};

/** Makes the queues of a new source. */
void fetching_open(struct source *source);

/** Gives all queues back to librdkafka. */
void fetching_close(struct source *source);

/** Assigns what is to be read: librdkafka waits for that call after a rebalance. */
void fetching_assign(struct source *source);

/** Unassigns the partitions that are revoked. */
void fetching_unassign_revoked(struct source *source);

/** False: librdkafka may still be at work on the assign before. */
bool fetching_is_settled(const struct source *source);

/** Between rebalances: tells librdkafka what has changed. */
void fetching_turn(struct source *source);

/** Milliseconds until fetching_turn() has something to do; INT64_MAX: only events matter. */
int64_t fetching_next_ms(const struct source *source);

/** What librdkafka reads of the partition goes to the queue that its state asks for. */
void fetching_forward(struct source_partition *partition);

/** The partition's queue is asked for again when it is needed. */
void fetching_forget_queue(struct source_partition *partition);

/** Reads a partition that is being read from its position instead. */
void fetching_seek(struct source_partition *partition);
