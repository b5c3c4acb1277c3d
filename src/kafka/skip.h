/* skip.h: the one record of a partition that a route passes by. */
#pragma once
#include <stdint.h>

struct source_partition;

/** A partition's; source_skip() and source_skips() are in source.h. */
struct partition_skip {
    int64_t offset; /* -1: none */
    char *route;
};

/** The record is of another log, or the partition was not ours in between. */
void skip_forget(struct source_partition *partition);
