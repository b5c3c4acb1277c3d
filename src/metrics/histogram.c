/* histogram.c: how often a duration fell into which bucket. */
#include "metrics/histogram.h"

const int64_t histogram_bounds_ms[HISTOGRAM_BUCKETS] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000,
};

unsigned histogram_add(struct histogram *histogram, int64_t milliseconds)
{
    uint64_t value = milliseconds > 0 ? (uint64_t)milliseconds : 0;
    unsigned bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS && value > (uint64_t)histogram_bounds_ms[bucket])
        bucket++;
    histogram->buckets[bucket]++;
    histogram->sum_ms += value;
    return bucket;
}
