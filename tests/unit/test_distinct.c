/* test_distinct.c: of slices that are equal only the first. */
#include "suite.h"

#include "base/distinct.h"

#include <stdlib.h>

enum { MANY = 5000 };

static struct arena arena;

static void the_first_of_a_few_equal_ones_stays(void)
{
    struct slice items[] = {SLICE("b"), SLICE("a"), SLICE("b"), SLICE(""), SLICE("ab"), SLICE("")};

    size_t count = 6;

    CU_ASSERT_TRUE(distinct(items, &count, &arena, NULL));
    CU_ASSERT_EQUAL(count, 4);
    CU_ASSERT(slice_is(items[0], "b") && slice_is(items[1], "a"));
    CU_ASSERT(slice_is(items[2], "") && slice_is(items[3], "ab"));
    count = 0;
    CU_ASSERT_TRUE(distinct(items, &count, &arena, NULL));
    CU_ASSERT_EQUAL(count, 0);
}

static void the_first_of_many_equal_ones_stay_in_their_order(void)
{
    static char texts[MANY][8];
    static struct slice items[MANY];
    size_t kept = MANY;

    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%zu", i * 7 % 1000);
        items[i] = slice_of(texts[i]);
    }
    CU_ASSERT_TRUE(distinct(items, &kept, &arena, NULL));
    CU_ASSERT_EQUAL(kept, 1000);
    for (size_t i = 0; i < kept; i++)
        CU_ASSERT_PTR_EQUAL(items[i].data, texts[i]);
}

static void more_than_the_arena_may_take_is_an_error(void)
{
    static struct slice items[MANY];
    struct arena small = {.limit = MANY};
    size_t count = MANY;
    struct err err;

    CU_ASSERT_FALSE(distinct(items, &count, &small, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    CU_ASSERT_EQUAL(count, MANY);
    arena_free(&small);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_first_of_a_few_equal_ones_stays),
        TEST(the_first_of_many_equal_ones_stay_in_their_order),
        TEST(more_than_the_arena_may_take_is_an_error),
    };
    int status = SUITE("distinct", tests);

    arena_free(&arena);
    return status;
}
