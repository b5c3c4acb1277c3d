/* test_metrics_problems.c: the newest records that could not be delivered. */
#include "suite.h"

#include "metrics/problems.h"

#include <stdio.h>

static struct problems *problems;
static struct problem found[PROBLEMS_KEPT];

static void fail(int32_t partition, int64_t offset, const char *reason)
{
    problems_add(problems, PROBLEM_DROPPED, "rides", partition, offset, "cache", reason);
}

static void the_newest_comes_first(void)
{
    problems = problems_new();
    CU_ASSERT_EQUAL(problems_copy(problems, found), 0);
    fail(1, 10, "first");
    problems_add(problems, PROBLEM_HELD, "trips", 2, -1, NULL, "second");
    CU_ASSERT_EQUAL(problems_copy(problems, found), 2);
    ASSERT_TEXT(found[0].reason, "second");
    ASSERT_TEXT(found[0].topic, "trips");
    ASSERT_TEXT(found[0].route, "");
    CU_ASSERT_EQUAL(found[0].offset, -1);
    ASSERT_TEXT(found[1].reason, "first");
    ASSERT_TEXT(found[1].route, "cache");
    CU_ASSERT_EQUAL(found[1].offset, 10);
    CU_ASSERT(found[1].time_ms > 1600000000000);
    problems_free(problems);
}

static void the_same_again_is_one_problem(void)
{
    problems = problems_new();
    for (int64_t offset = 0; offset < 100; offset++) {
        fail(1, offset, "bad");
        fail(2, offset, "bad");
    }
    fail(1, 100, "worse");
    CU_ASSERT_EQUAL(problems_copy(problems, found), 3);
    CU_ASSERT_EQUAL(found[1].count, 100);
    CU_ASSERT_EQUAL(found[1].offset, 99);
    CU_ASSERT_EQUAL(found[2].count, 100);
    CU_ASSERT_EQUAL(found[0].count, 1);
    problems_free(problems);
}

static void the_oldest_makes_room(void)
{
    char reason[32];

    problems = problems_new();
    for (int i = 0; i < 3 * PROBLEMS_KEPT; i++) {
        snprintf(reason, sizeof(reason), "%d", i);
        fail(0, i, reason);
    }
    CU_ASSERT_EQUAL(problems_copy(problems, found), PROBLEMS_KEPT);
    CU_ASSERT_EQUAL(found[0].offset, 3 * PROBLEMS_KEPT - 1);
    CU_ASSERT_EQUAL(found[PROBLEMS_KEPT - 1].offset, 2 * PROBLEMS_KEPT);
    problems_free(problems);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_newest_comes_first),
        TEST(the_same_again_is_one_problem),
        TEST(the_oldest_makes_room),
    };

    return SUITE("metrics_problems", tests);
}
