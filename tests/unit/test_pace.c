/* test_pace.c: a limit of records a second. */
#include "flow/pace.h"

#include "suite.h"

/* Takes all that may be taken, each millisecond, in so many of them. */
static size_t taken_in(struct pace *pace, int64_t from_ms, int64_t milliseconds)
{
    size_t taken = 0;

    for (int64_t ms = from_ms; ms < from_ms + milliseconds; ms++) {
        size_t room = pace_room(pace, ms);
        pace_took(pace, room);
        taken += room;
    }
    return taken;
}

static void without_a_limit_there_is_always_room(void)
{
    struct pace pace = {0};

    CU_ASSERT_EQUAL(pace_room(&pace, 5), SIZE_MAX);
    pace_took(&pace, 1000000);
    CU_ASSERT_EQUAL(pace_room(&pace, 5), SIZE_MAX);
    CU_ASSERT_EQUAL(pace_wait_ms(&pace), 0);
}

static void a_second_has_as_many_as_it_may(void)
{
    struct pace fast = {.per_second = 20000}, slow = {.per_second = 4};
    size_t taken = taken_in(&fast, 1000, 1000);

    CU_ASSERT(taken > 19900 && taken <= 20000);
    CU_ASSERT_EQUAL(taken_in(&slow, 1000, 2100), 9); /* one at once */
}

static void what_was_not_taken_is_not_made_up_for(void)
{
    struct pace pace = {.per_second = 1000};

    taken_in(&pace, 1000, 10);
    CU_ASSERT_EQUAL(pace_room(&pace, 61000), 100);
}

static void the_wait_is_as_long_as_it_takes(void)
{
    struct pace pace = {.per_second = 10};

    CU_ASSERT_EQUAL(pace_room(&pace, 1000), 1);
    pace_took(&pace, 1);
    int64_t wait_ms = pace_wait_ms(&pace);
    CU_ASSERT(wait_ms > 0 && wait_ms <= 101);
    CU_ASSERT_EQUAL(pace_room(&pace, 1000 + wait_ms), 1);
    CU_ASSERT_EQUAL(pace_wait_ms(&pace), 0);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(without_a_limit_there_is_always_room),
        TEST(a_second_has_as_many_as_it_may),
        TEST(what_was_not_taken_is_not_made_up_for),
        TEST(the_wait_is_as_long_as_it_takes),
    };

    return SUITE("pace", tests);
}
