/* replaying.h: a source that reads ranges of logs once, instead of what a group gives it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct source;
struct source_partition;
struct source_range;
struct offsets_item;

/** A source's; no ranges: it is a member of its group. */
struct replaying {
    struct source_range *ranges; /* borrowed */
    size_t count;
    bool begun;
};

/** Where the partition of a range is read from, by Kafka's answer. */
void replaying_start(struct source_partition *partition, const struct offsets_item *item);

/** Takes the partitions at first, and keeps the ranges up to date. */
void replaying_turn(struct source *source);
