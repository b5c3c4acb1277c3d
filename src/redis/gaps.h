/* gaps.h: records below a checkpoint's next offset that are to be run; its field "holes". */
#pragma once
#include "redis/checkpoint.h"

/** By rising offsets; all zero is empty. */
struct gaps {
    struct checkpoint_gap *items;
    size_t count, capacity;
};

/** The gap at @p offset; NULL: none. */
struct checkpoint_gap *gaps_find(const struct gaps *gaps, int64_t offset);

/** Adds commands to the gap at @p offset, or the gap. */
void gaps_add(struct gaps *gaps, int64_t offset, uint64_t commands);

/** False: there was none. */
bool gaps_remove(struct gaps *gaps, int64_t offset);

/** Adds all of @p items. */
void gaps_add_all(struct gaps *gaps, const struct checkpoint_gap *items, size_t count);

/** Frees it; empty again. */
void gaps_clear(struct gaps *gaps);
