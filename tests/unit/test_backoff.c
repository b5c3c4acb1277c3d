/* test_backoff.c: how long to wait before the next try. */
#include "suite.h"

#include "base/backoff.h"

static void no_wait_is_longer_than_its_step(void)
{
    for (int round = 0; round < 200; round++) {
        struct backoff backoff = {.first_ms = 50, .longest_ms = 5000};
        for (int64_t step_ms = 50; step_ms < 5000; step_ms *= 2) {
            int64_t wait_ms = backoff_next(&backoff);
            CU_ASSERT(wait_ms >= 1 && wait_ms <= step_ms);
        }
    }
}

static void the_longest_wait_stays_the_longest(void)
{
    struct backoff backoff = {.first_ms = 50, .longest_ms = 300};
    int64_t longest_ms = 0;

    for (int i = 0; i < 1000; i++) {
        int64_t wait_ms = backoff_next(&backoff);
        CU_ASSERT(wait_ms <= 300);
        longest_ms = wait_ms > longest_ms ? wait_ms : longest_ms;
    }
    CU_ASSERT(longest_ms > 250);
}

static void a_success_begins_again(void)
{
    struct backoff backoff = {.first_ms = 50, .longest_ms = 5000};

    for (int i = 0; i < 10; i++)
        backoff_next(&backoff);
    backoff_reset(&backoff);
    CU_ASSERT(backoff_next(&backoff) <= 50);
}

static void two_backoffs_do_not_wait_in_step(void)
{
    struct backoff one = {.first_ms = 1 << 20, .longest_ms = 1 << 20}, other = one;
    int same = 0;

    for (int i = 0; i < 100; i++)
        same += backoff_next(&one) == backoff_next(&other);
    CU_ASSERT(same < 50);
}

static void the_whole_range_is_drawn(void)
{
    struct backoff backoff = {.first_ms = 10, .longest_ms = 10};
    bool drawn[11] = {false};

    for (int i = 0; i < 1000; i++)
        drawn[backoff_next(&backoff)] = true;
    for (int wait_ms = 1; wait_ms <= 10; wait_ms++)
        CU_ASSERT_TRUE(drawn[wait_ms]);
    CU_ASSERT_FALSE(drawn[0]);
}

/* A server restarts: a thousand connections try again, and again. No tenth of the step may see more
 * than its share, by a wide margin. */
static void a_storm_is_spread_over_the_whole_step(void)
{
    enum { CONNECTIONS = 1000, TENTHS = 10 };
    static struct backoff storm[CONNECTIONS];

    for (int step_ms = 50; step_ms <= 3200; step_ms *= 2) {
        int tenths[TENTHS] = {0};
        for (int i = 0; i < CONNECTIONS; i++) {
            storm[i].first_ms = 50;
            storm[i].longest_ms = 3200;
            tenths[(backoff_next(&storm[i]) - 1) * TENTHS / step_ms]++;
        }
        for (int i = 0; i < TENTHS; i++)
            CU_ASSERT(tenths[i] > CONNECTIONS / TENTHS / 2 && tenths[i] < CONNECTIONS / TENTHS * 2);
    }
}

static void tiny_steps_are_no_trouble(void)
{
    struct backoff none = {0}, one = {.first_ms = 1, .longest_ms = 1};

    CU_ASSERT_EQUAL(backoff_next(&none), 0);
    CU_ASSERT_EQUAL(backoff_next(&one), 1);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(no_wait_is_longer_than_its_step), TEST(the_longest_wait_stays_the_longest),
        TEST(a_success_begins_again),          TEST(two_backoffs_do_not_wait_in_step),
        TEST(the_whole_range_is_drawn),        TEST(a_storm_is_spread_over_the_whole_step),
        TEST(tiny_steps_are_no_trouble),
    };

    return SUITE("backoff", tests);
}
