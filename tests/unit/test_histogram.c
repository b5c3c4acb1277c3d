/* test_histogram.c: how often a duration fell into which bucket. */
#include "suite.h"

#include "metrics/histogram.h"

static void a_duration_equal_to_a_bound_belongs_to_its_bucket(void)
{
    struct histogram histogram = {0};

    histogram_add(&histogram, 1);
    histogram_add(&histogram, 2);
    histogram_add(&histogram, 3);
    CU_ASSERT_EQUAL(histogram.buckets[0], 1);
    CU_ASSERT_EQUAL(histogram.buckets[1], 1);
    CU_ASSERT_EQUAL(histogram.buckets[2], 1);
    CU_ASSERT_EQUAL(histogram.sum_ms, 6);
}

static void a_negative_duration_counts_as_none(void)
{
    struct histogram histogram = {0};

    histogram_add(&histogram, -5000);
    CU_ASSERT_EQUAL(histogram.buckets[0], 1);
    CU_ASSERT_EQUAL(histogram.sum_ms, 0);
}

static void what_is_above_the_last_bound_is_counted_too(void)
{
    struct histogram histogram = {0};

    histogram_add(&histogram, 300000);
    histogram_add(&histogram, 300001);
    CU_ASSERT_EQUAL(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
    CU_ASSERT_EQUAL(histogram.buckets[HISTOGRAM_BUCKETS], 1);
}

static void the_bounds_rise(void)
{
    for (int i = 1; i < HISTOGRAM_BUCKETS; i++)
        CU_ASSERT(histogram_bounds_ms[i - 1] < histogram_bounds_ms[i]);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_duration_equal_to_a_bound_belongs_to_its_bucket),
        TEST(a_negative_duration_counts_as_none),
        TEST(what_is_above_the_last_bound_is_counted_too),
        TEST(the_bounds_rise),
    };

    return SUITE("histogram", tests);
}
