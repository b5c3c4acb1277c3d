/* test_figures.c: numbers as a person reads them at a glance. */
#include "cli/figures.h"

#include "suite.h"

static void durations_have_two_or_three_digits(void)
{
    char text[FIGURE_BYTES];

    ASSERT_TEXT(figure_duration(text, -1), "-");
    ASSERT_TEXT(figure_duration(text, 0), "0 ms");
    ASSERT_TEXT(figure_duration(text, 999), "999 ms");
    ASSERT_TEXT(figure_duration(text, 1990), "1.9 s");
    ASSERT_TEXT(figure_duration(text, 119999), "119 s");
    ASSERT_TEXT(figure_duration(text, 120000), "2 min");
    ASSERT_TEXT(figure_duration(text, 2 * 3600000), "2 h");
    ASSERT_TEXT(figure_duration(text, INT64_C(48) * 3600000), "2 d");
}

static void counts_have_a_letter_for_their_thousands(void)
{
    char text[FIGURE_BYTES];

    ASSERT_TEXT(figure_count(text, -1), "-");
    ASSERT_TEXT(figure_count(text, 0), "0");
    ASSERT_TEXT(figure_count(text, 0.25), "0.2");
    ASSERT_TEXT(figure_count(text, 1), "1");
    ASSERT_TEXT(figure_count(text, 9999), "9999");
    ASSERT_TEXT(figure_count(text, 9999.9), "10.0k");
    ASSERT_TEXT(figure_count(text, 123456), "123k");
    ASSERT_TEXT(figure_count(text, 999960), "1.0M");
    ASSERT_TEXT(figure_count(text, 4.56e9), "4.6G");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(durations_have_two_or_three_digits),
        TEST(counts_have_a_letter_for_their_thousands),
    };

    return SUITE("figures", tests);
}
