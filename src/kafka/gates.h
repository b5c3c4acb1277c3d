/* gates.h: what must be known of answers before they are committed. */
#pragma once
#include <stdint.h>

struct source;
struct source_partition;

/** The record at @p offset, at or above look_at, is taken. */
void gates_look(struct source_partition *partition, int64_t offset);

/** Before a poll: holds the partitions of which too much is unconfirmed. */
void gates_hold(struct source *source);
