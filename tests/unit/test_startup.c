/* test_startup.c: how far the start is, in numbers and in words. */
#include "suite.h"

#include "app/startup.h"

static char text[STARTUP_TEXT_BYTES];

static const char *written(struct source_warming warming, int64_t elapsed_ms)
{
    startup_write(&(struct startup){.warming = warming, .elapsed_ms = elapsed_ms}, text);
    return text;
}

static void the_rest_takes_as_long_as_the_part_before_it_did(void)
{
    ASSERT_TEXT(written((struct source_warming){4, 3, 1000, 750}, 10000),
                "250 of 1000 records, 25 %, 30 s left, 3 of 4 partitions not warm");
}

static void the_time_left_is_not_guessed_before_anything_is_done(void)
{
    ASSERT_TEXT(written((struct source_warming){4, 4, 1000, 1000}, 10000),
                "0 of 1000 records, 0 %, 4 of 4 partitions not warm");
    CU_ASSERT_EQUAL(startup_left_ms(&(struct startup){.warming = {4, 4, 1000, 1000}}), -1);
}

static void a_hundred_per_cent_is_said_only_at_the_end(void)
{
    ASSERT_TEXT(written((struct source_warming){1, 1, 1000000, 1}, 1000),
                "999999 of 1000000 records, 99 %, 0 s left, 1 of 1 partitions not warm");
    ASSERT_TEXT(written((struct source_warming){1, 0, 1000000, 0}, 1000),
                "1000000 of 1000000 records, 100 %, 0 of 1 partitions not warm");
}

static void what_is_not_known_yet_is_not_done(void)
{
    ASSERT_TEXT(written((struct source_warming){2, 2, 0, 0}, 0),
                "0 of 0 records, 0 %, 2 of 2 partitions not warm");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_hundred_per_cent_is_said_only_at_the_end),
        TEST(the_rest_takes_as_long_as_the_part_before_it_did),
        TEST(the_time_left_is_not_guessed_before_anything_is_done),
        TEST(what_is_not_known_yet_is_not_done),
    };

    return SUITE("startup", tests);
}
