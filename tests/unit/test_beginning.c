/* test_beginning.c: whether a partition was there when its group began. */
#include "kafka/beginning.h"

#include "suite.h"

enum { BEGAN_MS = 1000000, LATER_MS = BEGAN_MS + 3600000 };

static enum beginning_kind kind(int32_t partitions, int32_t number, int64_t now_ms)
{
    const struct beginning group = {true, true, BEGAN_MS, partitions};

    return beginning_of(&group, number, now_ms);
}

static void without_any_commit_the_group_begins_now(void)
{
    const struct beginning group = {true, false, -1, 4};

    CU_ASSERT_EQUAL(beginning_of(&group, 7, LATER_MS), BEGINNING_NOW);
    CU_ASSERT_EQUAL(beginning_of(&(struct beginning){0}, 0, LATER_MS), BEGINNING_NOW);
}

static void a_partition_that_the_topic_had_was_there(void)
{
    CU_ASSERT_EQUAL(kind(4, 3, LATER_MS), BEGINNING_THEN);
}

static void a_partition_that_the_topic_got_appeared_later(void)
{
    CU_ASSERT_EQUAL(kind(4, 4, LATER_MS), BEGINNING_LATER);
    CU_ASSERT_EQUAL(kind(4, 4, BEGAN_MS + 1), BEGINNING_LATER);
}

static void a_topic_that_nobody_had_appeared_later(void)
{
    CU_ASSERT_EQUAL(kind(0, 0, LATER_MS), BEGINNING_LATER);
}

static void members_that_come_one_by_one_begin_with_the_group(void)
{
    CU_ASSERT_EQUAL(kind(0, 0, BEGAN_MS + 100), BEGINNING_THEN);
}

static void a_group_of_an_older_version_has_begun(void)
{
    const struct beginning group = {true, true, -1, 0};

    CU_ASSERT_EQUAL(beginning_of(&group, 0, BEGAN_MS), BEGINNING_LATER);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(without_any_commit_the_group_begins_now),
        TEST(a_partition_that_the_topic_had_was_there),
        TEST(a_partition_that_the_topic_got_appeared_later),
        TEST(a_topic_that_nobody_had_appeared_later),
        TEST(members_that_come_one_by_one_begin_with_the_group),
        TEST(a_group_of_an_older_version_has_begun),
    };

    return SUITE("beginning", tests);
}
