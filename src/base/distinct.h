/* distinct.h: of slices that are equal only the first. */
#pragma once
#include "base/arena.h"
#include "base/slice.h"

/**
 * Leaves the first of those that are equal, in their order, and returns how many are left. Many of
 * them cost n log n comparisons, whatever they are; @p arena has the room for that.
 */
size_t distinct(struct slice *items, size_t count, struct arena *arena);
