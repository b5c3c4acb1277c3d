/* test_mark.c: how far the answers of one partition are known to be safe. */
#include "suite.h"

#include "kafka/mark.h"

static struct mark fresh(void)
{
    struct mark mark = {7, 9};

    mark_clear(&mark);
    mark_start(&mark, 40);
    return mark;
}

static void nothing_is_reached_at_first(void)
{
    struct mark mark = fresh();

    CU_ASSERT_EQUAL(mark.reached, -1);
    mark_reach(&mark);
    CU_ASSERT_EQUAL(mark.reached, -1);
}

static void what_was_noted_is_reached_and_no_more(void)
{
    struct mark mark = fresh();

    CU_ASSERT_TRUE(mark_note(&mark, 52));
    CU_ASSERT_EQUAL(mark.reached, -1);
    mark_reach(&mark);
    CU_ASSERT_EQUAL(mark.reached, 52);
    mark_reach(&mark); /* once */
    CU_ASSERT_EQUAL(mark.reached, 52);
}

static void a_later_mark_replaces_one_that_was_not_reached(void)
{
    struct mark mark = fresh();

    mark_note(&mark, 52);
    CU_ASSERT_TRUE(mark_note(&mark, 60));
    mark_reach(&mark);
    CU_ASSERT_EQUAL(mark.reached, 60);
}

static void a_mark_where_it_was_is_no_news(void)
{
    struct mark mark = fresh();

    mark_note(&mark, 52);
    mark_reach(&mark);
    CU_ASSERT_FALSE(mark_note(&mark, 52));
    CU_ASSERT_TRUE(mark_note(&mark, 53));
}

static void a_mark_under_way_means_nothing_after_a_new_start(void)
{
    struct mark mark = fresh();

    mark_note(&mark, 52);
    mark_reach(&mark);
    mark_note(&mark, 60);
    mark_start(&mark, 55);
    mark_reach(&mark);
    CU_ASSERT_EQUAL(mark.reached, 52); /* what is known of below stays known */
}

static void a_start_below_takes_back_what_lies_above(void)
{
    struct mark mark = fresh();

    mark_note(&mark, 52);
    mark_reach(&mark);
    mark_start(&mark, 45);
    CU_ASSERT_EQUAL(mark.reached, 45);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(nothing_is_reached_at_first),
        TEST(what_was_noted_is_reached_and_no_more),
        TEST(a_later_mark_replaces_one_that_was_not_reached),
        TEST(a_mark_where_it_was_is_no_news),
        TEST(a_mark_under_way_means_nothing_after_a_new_start),
        TEST(a_start_below_takes_back_what_lies_above),
    };

    return SUITE("mark", tests);
}
