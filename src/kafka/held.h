/* held.h: partitions that are held: how the log tells of them, and what helps. */
#pragma once
#include <stdbool.h>

struct source;
struct source_partition;

struct held_remedy {
    const char *words;  /* of the reason */
    bool is_operators;  /* somebody must act */
    const char *shown;  /* the reason, as the page has it */
    const char *remedy; /* what to do */
};

/** The row for a reason; NULL: none. */
const struct held_remedy *held_remedy(const char *reason);

/** Row @p index; NULL behind the last one. */
const struct held_remedy *held_remedy_at(unsigned index);

/** The partition is held, for its reason. */
void held_tell(struct source_partition *partition);

/** It is tried again: that it flows is told once it surely does. */
void held_try(struct source_partition *partition);

/** It went: nothing is told of it any more. */
void held_forget(struct source_partition *partition);

void held_turn(struct source *source);
