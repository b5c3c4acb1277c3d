/* start.h: from where a partition is read. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct source;
struct source_partition;

void start_turn(struct source *source);

/** Milliseconds until start_turn() has something to ask; INT64_MAX: only answers matter. */
int64_t start_next_ms(const struct source *source);

/** Whether a rebalance need not wait for the partition's start any more. */
bool start_was_answered(const struct source_partition *partition);
