/* holes.h: the records of a partition that its checkpoint remembers (checkpoint.h). */
#pragma once
#include "redis/checkpoint.h"

/** By rising offsets; all zero is empty. */
struct holes {
    struct checkpoint_hole *items;
    size_t count, capacity;
};

/** The hole at @p offset; NULL: none. */
struct checkpoint_hole *holes_find(const struct holes *holes, int64_t offset);

/** Adds commands to the hole at @p offset, or the hole. */
void holes_add(struct holes *holes, int64_t offset, uint64_t commands);

/** False: there was none. */
bool holes_remove(struct holes *holes, int64_t offset);

/** Adds all of @p items. */
void holes_add_all(struct holes *holes, const struct checkpoint_hole *items, size_t count);

/** Frees it; empty again. */
void holes_clear(struct holes *holes);
