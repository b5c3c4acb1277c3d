/* start.h: from where a partition is read. */
#pragma once
#include "kafka/witness.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offsets_item;
struct resume_facts;
struct source;
struct source_partition;

/** A partition's. */
struct partition_start {
    int64_t ask_at_ms;      /* when Kafka may be asked; 0: it has not failed to answer */
    bool out_of_range;      /* Kafka refused the position, and librdkafka reads no more of it */
    struct witness record;  /* what the checkpoint remembers that it started from */
    struct witness missing; /* source_mismatches() said that the log does not have it */
    unsigned ahead_answers; /* so often Kafka said that the log ends below the checkpoint */
    struct resume_facts
        *facts; /* of a claimed partition that waits for Kafka's answer; else NULL */
};

#define PARTITION_START_NONE                                                                       \
    ((struct partition_start){.record = WITNESS_NONE, .missing = WITNESS_NONE})

/** Asks the worker for the claims that are due. */
void start_claims(struct source *source);

/** Puts what is to be asked now into @p items, which has room for every partition. */
size_t start_ask(struct source *source, struct offsets_item *items);

void start_answer(struct source_partition *partition, const struct offsets_item *item);

/** Milliseconds until start_ask() has something to ask; INT64_MAX: only events matter. */
int64_t start_next_ms(const struct source *source);

/** Whether a rebalance need not wait for the partition's start any more. */
bool start_was_answered(const struct source_partition *partition);
