/* distinct.h: removes repeated slices. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/**
 * Keeps the first of equal slices, in their order; *count becomes how many are left. Many slices
 * cost n log n comparisons, whatever they are, and memory of @p arena. Errors:  false and
 * ERR_RECORD above the arena's limit.
 */
bool distinct(struct slice *items, size_t *count, struct arena *arena, struct err *err);
