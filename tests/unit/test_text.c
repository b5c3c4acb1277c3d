/* test_text.c: small questions about words, sizes and durations. */
#include "suite.h"

#include "base/text.h"

#include <stdlib.h>

static void a_slip_of_two_letters_still_finds_the_word(void)
{
    const char *const words[] = {"commit_interval", "coalesce", "brokers"};

    ASSERT_TEXT(text_nearest(SLICE("colaesce"), words, 3), "coalesce");
    ASSERT_TEXT(text_nearest(SLICE("broker"), words, 3), "brokers");
    CU_ASSERT_PTR_NULL(text_nearest(SLICE("topics"), words, 3));
}

static void of_two_equally_near_words_the_one_of_the_same_letter_wins(void)
{
    const char *const words[] = {"all", "ttl"};

    ASSERT_TEXT(text_nearest(SLICE("tll"), words, 2), "ttl");
    ASSERT_TEXT(text_nearest(SLICE("alt"), words, 2), "all");
}

static void a_duration_needs_its_unit(void)
{
    int64_t milliseconds = -1;

    CU_ASSERT_TRUE(text_duration(SLICE("24h"), &milliseconds));
    CU_ASSERT_EQUAL(milliseconds, 24 * 3600 * 1000);
    CU_ASSERT_FALSE(text_duration(SLICE("24"), &milliseconds));
    CU_ASSERT_FALSE(text_duration(SLICE("24 h"), &milliseconds));
    CU_ASSERT_FALSE(text_duration(SLICE("-1s"), &milliseconds));
    CU_ASSERT_FALSE(text_duration(SLICE("99999999999999999d"), &milliseconds));
    CU_ASSERT_EQUAL(milliseconds, 24 * 3600 * 1000);
}

static void a_size_knows_both_kinds_of_prefix(void)
{
    int64_t bytes = -1;

    CU_ASSERT_TRUE(text_size(SLICE("64MiB"), &bytes));
    CU_ASSERT_EQUAL(bytes, 64 << 20);
    CU_ASSERT_TRUE(text_size(SLICE("64MB"), &bytes));
    CU_ASSERT_EQUAL(bytes, 64000000);
    CU_ASSERT_FALSE(text_size(SLICE("64mb"), &bytes));
}

static void an_integer_is_within_64_bits(void)
{
    int64_t number = 7;

    CU_ASSERT_TRUE(text_integer(SLICE("-9223372036854775808"), &number));
    CU_ASSERT_EQUAL(number, INT64_MIN);
    CU_ASSERT_TRUE(text_integer(SLICE("9223372036854775807"), &number));
    CU_ASSERT_EQUAL(number, INT64_MAX);
    CU_ASSERT_FALSE(text_integer(SLICE("9223372036854775808"), &number));
    CU_ASSERT_FALSE(text_integer(SLICE("-9223372036854775809"), &number));
    CU_ASSERT_FALSE(text_integer(SLICE("-"), &number));
    CU_ASSERT_FALSE(text_integer(SLICE(""), &number));
    CU_ASSERT_FALSE(text_integer(SLICE("+1"), &number));
    CU_ASSERT_FALSE(text_integer(SLICE("1 "), &number));
    CU_ASSERT_FALSE(text_integer((struct slice){0}, &number));
    CU_ASSERT_EQUAL(number, INT64_MAX);
}

static void a_quoted_argument_reads_as_redis_cli_takes_it(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    text_quote(out, SLICE("plain:{tag}"));
    fputc(' ', out);
    text_quote(out, SLICE("two words \"x\" \\ \0\r\n"));
    fputc(' ', out);
    text_quote(out, SLICE(""));
    fclose(out);
    ASSERT_TEXT(text, "plain:{tag} \"two words \\\"x\\\" \\\\ \\x00\\r\\n\" \"\"");
    free(text);
}

static void what_a_terminal_would_not_show_is_escaped(void)
{
    static const struct {
        const char *bytes, *quoted;
    } rows[] = {
        {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
        {"a\xC2\x9B[31m", "\"a\\xc2\\x9b[31m\""},
        {"\xE2\x80\xAE"
         "fdp.exe",
         "\"\\xe2\\x80\\xaefdp.exe\""},
        {"\xE2\x81\xA6x\xE2\x81\xA9", "\"\\xe2\\x81\\xa6x\\xe2\\x81\\xa9\""},
        {"x\xEF\xBB\xBFy", "\"x\\xef\\xbb\\xbfy\""},
        {"\xF3\xA0\x81\x81", "\"\\xf3\\xa0\\x81\\x81\""},
        {"\xFF\xC3", "\"\\xff\\xc3\""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length;
        char *text;
        FILE *out = open_memstream(&text, &length);
        text_quote(out, slice_of(rows[i].bytes));
        fclose(out);
        ASSERT_TEXT(text, rows[i].quoted);
        free(text);
    }
}

static void what_is_shown_in_a_room_is_cut_at_its_end(void)
{
    char room[12];

    text_show_in(room, sizeof(room), "caf\xC3\xA9 \033[2J");
    ASSERT_TEXT(room, "caf\xC3\xA9 \\x1b[");
    text_show_in(room, sizeof(room), "ten bytes.\xC3\xA9 more"); /* no half of a character */
    ASSERT_TEXT(room, "ten bytes.");
    text_show_in(room, sizeof(room), "ten bytes \033"); /* nor of what stands for one */
    ASSERT_TEXT(room, "ten bytes ");
    text_show_in(room, sizeof(room), "cut \xC3");
    ASSERT_TEXT(room, "cut \\xc3");
    text_show_in(room, sizeof(room), "");
    ASSERT_TEXT(room, "");
}

static void an_empty_text_is_not_a_number(void)
{
    int64_t number = 7;

    CU_ASSERT_FALSE(text_integer((struct slice){0}, &number));
    CU_ASSERT_FALSE(text_integer(SLICE(""), &number));
    CU_ASSERT_FALSE(text_integer(SLICE("-"), &number));
    CU_ASSERT_EQUAL(number, 7);
    CU_ASSERT_TRUE(text_integer(SLICE("-12"), &number));
    CU_ASSERT_EQUAL(number, -12);
}

static void utf8_is_told_from_other_bytes(void)
{
    CU_ASSERT_TRUE(text_is_utf8((struct slice){0}));
    CU_ASSERT_TRUE(text_is_utf8(SLICE("a\0gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\x95")));
    CU_ASSERT_FALSE(text_is_utf8(SLICE("\xc3")));
    CU_ASSERT_FALSE(text_is_utf8(SLICE("\xc0\x80")));
    CU_ASSERT_FALSE(text_is_utf8(SLICE("\xed\xa0\x80")));
    CU_ASSERT_FALSE(text_is_utf8(SLICE("\xf4\x90\x80\x80")));
    CU_ASSERT_FALSE(text_is_utf8(SLICE("\xff")));
}

/* Names that differ in one place only do not meet in a table. */
static void names_that_are_alike_have_hashes_that_differ(void)
{
    enum { NAMES = 1000, PLACES = 1024 };
    unsigned used[PLACES] = {0}, most = 0;
    char name[64];

    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "live.%04u.positions.of.drivers", i);
        unsigned place = text_hash(name) % PLACES;
        most = ++used[place] > most ? used[place] : most;
    }
    CU_ASSERT(most <= 8);
    CU_ASSERT_NOT_EQUAL(text_hash("a"), text_hash("b"));
    CU_ASSERT_NOT_EQUAL(text_hash("rides.eu"), text_hash("rides.us"));
    CU_ASSERT_NOT_EQUAL(text_hash(""), text_hash("a"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(names_that_are_alike_have_hashes_that_differ),
        TEST(a_slip_of_two_letters_still_finds_the_word),
        TEST(of_two_equally_near_words_the_one_of_the_same_letter_wins),
        TEST(a_duration_needs_its_unit),
        TEST(a_size_knows_both_kinds_of_prefix),
        TEST(an_integer_is_within_64_bits),
        TEST(a_quoted_argument_reads_as_redis_cli_takes_it),
        TEST(what_a_terminal_would_not_show_is_escaped),
        TEST(what_is_shown_in_a_room_is_cut_at_its_end),
        TEST(an_empty_text_is_not_a_number),
        TEST(utf8_is_told_from_other_bytes),
    };

    return SUITE("text", tests);
}
