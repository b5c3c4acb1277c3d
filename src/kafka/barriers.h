/* barriers.h: what must be known of answers before they are committed. */
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

/** The record at @p offset, at or above look_at, is taken. */
void barriers_look(struct source_partition *partition, int64_t offset);

/** Before a poll: holds the partitions of which too much is unconfirmed. */
void barriers_hold(struct source *source);
