/* start.h: from where a partition is read. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct resume_facts;
struct source;
struct source_partition;

/** A partition's. */
struct partition_start {
    int64_t ask_at_ms;      /* when Kafka may be asked; 0: it has not failed to answer */
    bool out_of_range;      /* Kafka refused the position, and librdkafka reads no more of it */
    bool record_differs;    /* source_mismatches() said so, and the start is to weigh it */
    unsigned ahead_answers; /* so often Kafka said that the log ends below the checkpoint */
    struct resume_facts
        *facts; /* of a claimed partition that waits for Kafka's answer; else NULL */
};

void start_turn(struct source *source);

/** Milliseconds until start_turn() has something to ask; INT64_MAX: only answers matter. */
int64_t start_next_ms(const struct source *source);

/** Whether a rebalance need not wait for the partition's start any more. */
bool start_was_answered(const struct source_partition *partition);
