/* test_distinct.c: of slices that are equal only the first. */
#include "suite.h"

#include "base/distinct.h"

#include <stdlib.h>

enum { MANY = 5000 };

static struct arena arena;

static void the_first_of_a_few_equal_ones_stays(void)
{
    struct slice items[] = {SLICE("b"), SLICE("a"), SLICE("b"), SLICE(""), SLICE("ab"), SLICE("")};

    CU_ASSERT_EQUAL(distinct(items, 6, &arena), 4);
    CU_ASSERT(slice_is(items[0], "b") && slice_is(items[1], "a"));
    CU_ASSERT(slice_is(items[2], "") && slice_is(items[3], "ab"));
    CU_ASSERT_EQUAL(distinct(items, 0, &arena), 0);
}

static void of_many_the_first_stay_in_their_order(void)
{
    static char texts[MANY][8];
    static struct slice items[MANY];
    size_t kept;

    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%zu", i * 7 % 1000);
        items[i] = slice_of(texts[i]);
    }
    kept = distinct(items, MANY, &arena);
    CU_ASSERT_EQUAL(kept, 1000);
    for (size_t i = 0; i < kept; i++)
        CU_ASSERT_PTR_EQUAL(items[i].data, texts[i]);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_first_of_a_few_equal_ones_stays),
        TEST(of_many_the_first_stay_in_their_order),
    };
    int status = SUITE("distinct", tests);

    arena_free(&arena);
    return status;
}
