/* distinct.h: of slices that are equal only the first. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/**
 * Leaves the first of those that are equal, in their order; *count becomes how many are left. Many
 * of them cost n log n comparisons, whatever they are, and room of @p arena.
 * Errors:  false and ERR_RECORD above the arena's limit.
 */
bool distinct(struct slice *items, size_t *count, struct arena *arena, struct err *err);
