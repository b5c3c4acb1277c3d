/* histogram.h: how often a duration fell into which bucket. */
#pragma once
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 16 };

/** Upper bounds in milliseconds, rising; what is above the last counts as +Inf. */
extern const int64_t histogram_bounds_ms[HISTOGRAM_BUCKETS];

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS + 1]; /* the last is +Inf; not cumulative */
    uint64_t sum_ms;
};

/** Of a duration; a negative one (clocks that differ) is in the first. */
unsigned histogram_bucket(int64_t milliseconds);

/** Counts one duration; a negative one counts as 0. */
void histogram_add(struct histogram *histogram, int64_t milliseconds);
