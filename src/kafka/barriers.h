/* barriers.h: which answers count as safe, so that their offsets may be committed. */
#pragma once
#include "kafka/source.h"

#include <stdbool.h>
#include <stdint.h>

struct source;
struct source_partition;

/** A source's. */
struct barriers {
    struct source_barriers set;
    bool *urgent;    /* by number: its mark should not wait */
    bool over_limit; /* some partition may have too much unconfirmed */
};

/** The record at @p offset, at or above check_at, is taken. */
void barriers_check(struct source_partition *partition, int64_t offset);

/** Before a poll: holds the partitions of which too much is unconfirmed. */
void barriers_hold(struct source *source);
