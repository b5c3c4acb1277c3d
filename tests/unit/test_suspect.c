/* test_suspect.c: when a command that ends connections is found guilty. */
#include "redis/suspect.h"

#include "suite.h"

static struct suspect suspect;

static void cut(unsigned times)
{
    while (times-- > 0)
        suspect_cut(&suspect, 7, 100, 1000);
}

static bool is_guilty(int64_t retry_timeout_ms, int64_t now_ms)
{
    return suspect_is_guilty(&suspect, retry_timeout_ms, now_ms);
}

static void five_in_a_row_are_a_proof_and_four_are_none(void)
{
    suspect_clear(&suspect);
    cut(4);
    CU_ASSERT_FALSE(is_guilty(0, 100000000));
    cut(1);
    CU_ASSERT_TRUE(is_guilty(0, 1000));
}

static void what_others_suffer_too_takes_the_count_back(void)
{
    suspect_clear(&suspect);
    for (int i = 0; i < 10; i++) {
        cut(4);
        suspect_doubt(&suspect);
    }
    CU_ASSERT_FALSE(is_guilty(0, 1000));
    CU_ASSERT_EQUAL(suspect.ends, 40); /* which may be told */
    cut(5);
    CU_ASSERT_TRUE(is_guilty(0, 1000));
}

static void another_command_begins_anew(void)
{
    suspect_clear(&suspect);
    cut(4);
    suspect_cut(&suspect, 8, 100, 1000);
    CU_ASSERT_FALSE(is_guilty(0, 1000));
    CU_ASSERT_EQUAL(suspect.ends, 1);
}

static void the_retry_timeout_of_a_route_may_end_sooner_but_not_with_the_first(void)
{
    suspect_clear(&suspect);
    cut(1);
    CU_ASSERT_FALSE(is_guilty(500, 100000));
    cut(1);
    CU_ASSERT_FALSE(is_guilty(500, 1499));
    CU_ASSERT_TRUE(is_guilty(500, 1500));
    CU_ASSERT_FALSE(is_guilty(0, 100000));
}

static void the_pause_grows(void)
{
    suspect_clear(&suspect);
    cut(1);
    CU_ASSERT_EQUAL(suspect_pause_ms(&suspect), 250);
    cut(3);
    CU_ASSERT_EQUAL(suspect_pause_ms(&suspect), 1000);
}

static void the_refusal_of_a_suspect_says_how_often_and_how_large(void)
{
    char text[SUSPECT_TEXT_BYTES];

    suspect_clear(&suspect);
    cut(1);
    suspect_write(&suspect, text);
    ASSERT_TEXT(text,
                "the server ended 1 connection at this command (100 bytes) without an answer");
    cut(2);
    suspect_write(&suspect, text);
    ASSERT_TEXT(text, "the server ended 3 connections in a row at this command (100 bytes) without "
                      "an answer");
    suspect_doubt(&suspect);
    suspect_write(&suspect, text);
    ASSERT_TEXT(text,
                "the server ended 3 connections at this command (100 bytes) without an answer");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(five_in_a_row_are_a_proof_and_four_are_none),
        TEST(what_others_suffer_too_takes_the_count_back),
        TEST(another_command_begins_anew),
        TEST(the_retry_timeout_of_a_route_may_end_sooner_but_not_with_the_first),
        TEST(the_pause_grows),
        TEST(the_refusal_of_a_suspect_says_how_often_and_how_large),
    };

    return SUITE("suspect", tests);
}
