/* test_xadd.c: an XADD as it was sent, and what XRANGE would answer of its entry. */
#include "suite.h"

#include "redis/resp.h"
#include "redis/xadd.h"

#include <stdlib.h>

enum { WORDS_MOST = 32 };

static char *bytes;
static struct xadd_entry entry;

/* The words of @p line, parted by spaces; "_" is an empty one. */
static bool read_line(const char *line)
{
    struct slice words[WORDS_MOST];
    size_t count = 0;

    while (*line) {
        size_t length = strcspn(line, " ");
        words[count++] = length == 1 && *line == '_' ? SLICE("") : (struct slice){line, length};
        line += length + (line[length] == ' ');
    }
    free(bytes);
    bytes = malloc(resp_bound(words, count));
    char *end = resp_encode(bytes, words, count);
    return xadd_read((struct slice){bytes, (size_t)(end - bytes)}, &entry);
}

static const char *answer(void)
{
    static char text[400];
    struct slice answer = xadd_answer(&entry);

    snprintf(text, sizeof(text), "%.*s", SLICE_ARGS(answer));
    free((char *)answer.data);
    return text;
}

static void the_answer_is_the_entry_as_redis_would_show_it(void)
{
    CU_ASSERT_TRUE(read_line("XADD key 5-1 name value empty _"));
    CU_ASSERT_TRUE(slice_is(entry.key, "key"));
    ASSERT_TEXT(answer(), "*1\r\n*2\r\n$3\r\n5-1\r\n*4\r\n$4\r\nname\r\n$5\r\nvalue\r\n"
                          "$5\r\nempty\r\n$0\r\n\r\n");
}

static void options_stand_before_the_id(void)
{
    static const char *const lines[] = {
        "xadd k nomkstream 7-8 a b",
        "XADD k MAXLEN 10 7-8 a b",
        "XADD k MAXLEN ~ 10 LIMIT 5 7-8 a b",
        "XADD k NOMKSTREAM MINID = 7 7-8 a b",
        "XADD k NOMKSTREAM KEEPREF MAXLEN = 10 7-8 a b",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CU_ASSERT_TRUE(read_line(lines[i]));
        ASSERT_TEXT(entry.id, "7-8");
        CU_ASSERT_EQUAL(entry.words, 2);
    }
}

static void the_id_is_written_as_redis_writes_it(void)
{
    CU_ASSERT_TRUE(read_line("XADD k 5 a b"));
    ASSERT_TEXT(entry.id, "5-0");
    CU_ASSERT_TRUE(read_line("XADD k 007-01 a b"));
    ASSERT_TEXT(entry.id, "7-1");
    CU_ASSERT_TRUE(read_line("XADD k 18446744073709551615-18446744073709551615 a b"));
    ASSERT_TEXT(entry.id, "18446744073709551615-18446744073709551615");
}

static void what_redis_numbers_itself_is_not_asked_for(void)
{
    static const char *const lines[] = {
        "XADD k * a b",
        "XADD k 5-* a b",
        "XADD k MAXLEN 5 * a b",
        "XADD k",
        "XADD k MAXLEN",
        "XADD k MAXLEN ~",
        "XADD k 5- a b",
        "XADD k -1 a b",
        "XADD k 18446744073709551616 a b",
        "XADD k _ a b",
        "EVAL XADD 1 k 5-1 a b",
        "SET k 5-1",
        "XADD k MAXLEN 1 MAXLEN 1 MAXLEN 1 MAXLEN 1 MAXLEN 1 MAXLEN 1 MAXLEN 1 MAXLEN 1 5-1 a b",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_FALSE(read_line(lines[i]));
}

static void the_refusal_of_an_old_id_is_told_from_others(void)
{
    CU_ASSERT(xadd_is_old_id("ERR The ID specified in XADD is equal or smaller than the target "
                             "stream top item"));
    CU_ASSERT_FALSE(xadd_is_old_id("ERR The ID specified in XADD must be greater than 0-0"));
    CU_ASSERT_FALSE(xadd_is_old_id("ERR Invalid stream ID specified as stream command argument"));
    CU_ASSERT_FALSE(xadd_is_old_id(""));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_answer_is_the_entry_as_redis_would_show_it),
        TEST(options_stand_before_the_id),
        TEST(the_id_is_written_as_redis_writes_it),
        TEST(what_redis_numbers_itself_is_not_asked_for),
        TEST(the_refusal_of_an_old_id_is_told_from_others),
    };
    int status = SUITE("xadd", tests);

    free(bytes);
    return status;
}
