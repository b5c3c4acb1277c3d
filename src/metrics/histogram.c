/* histogram.c: how often a duration fell into which bucket. */
#include "metrics/histogram.h"

const int64_t histogram_bounds_ms[HISTOGRAM_BUCKETS] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000,
};

unsigned histogram_bucket(int64_t milliseconds)
{
    unsigned bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS && milliseconds > histogram_bounds_ms[bucket])
        bucket++;
    return bucket;
}

void histogram_add(struct histogram *histogram, int64_t milliseconds)
{
    histogram->buckets[histogram_bucket(milliseconds)]++;
    histogram->sum_ms += milliseconds > 0 ? (uint64_t)milliseconds : 0;
}
