/* warming.h: how far a partition is from the end that its log had when it was first assigned. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct source;
struct source_partition;

/** A partition's; all zero until both its end and the place where it begins are known. */
struct partition_warming {
    bool known, reached;  /* reached: once, and for good */
    int64_t from, target; /* offsets */
};

/** It is read from @p from on, or would be; counts once, as soon as its end is known too. */
void warming_begin(struct source_partition *partition, int64_t from);

/** Its gauges are up to date; @p at_end: all that can be read of it is acknowledged. */
void warming_update(struct source_partition *partition, bool at_end);
