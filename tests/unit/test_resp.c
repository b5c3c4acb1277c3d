/* test_resp.c: commands as bytes, and where a reply ends. */
#include "suite.h"

#include "base/mem.h"
#include "redis/resp.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

/* --- commands --------------------------------------------------------------------------------- */

static void same_as_hiredis(const struct slice *arguments, size_t count)
{
    const char *texts[8];
    size_t lengths[8];
    char *expected, *out = mem_alloc(resp_bound(arguments, count));

    for (size_t i = 0; i < count; i++) {
        texts[i] = arguments[i].data;
        lengths[i] = arguments[i].length;
    }
    long long length = redisFormatCommandArgv(&expected, (int)count, texts, lengths);
    size_t written = (size_t)(resp_encode(out, arguments, count) - out);
    CU_ASSERT_EQUAL(written, (size_t)length);
    CU_ASSERT_TRUE(written <= resp_bound(arguments, count));
    CU_ASSERT_EQUAL(memcmp(out, expected, written), 0);
    redisFreeCommand(expected);
    free(out);
}

static void a_command_is_encoded_as_hiredis_does(void)
{
    const struct slice set[] = {SLICE("SET"), SLICE("key"), SLICE("two words\r\n\0")};
    const struct slice empty[] = {SLICE("SET"), SLICE(""), SLICE("")};

    same_as_hiredis(set, 3);
    same_as_hiredis(empty, 3);
}

static void an_argument_of_every_length_is_copied_whole(void)
{
    static const size_t more[] = {999, 1000, 1001, 9999, 10000, 123456, 1048576};
    char *bytes = mem_alloc(1048576);

    for (size_t i = 0; i < 1048576; i++)
        bytes[i] = (char)(i * 131);
    for (size_t length = 0; length < 300; length++)
        same_as_hiredis((struct slice[]){SLICE("X"), {bytes + length, length}}, 2);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        same_as_hiredis((struct slice[]){SLICE("X"), {bytes, more[i]}}, 2);
    free(bytes);
}

static void an_argument_without_data_is_an_empty_one(void)
{
    char out[64];
    const struct slice arguments[] = {SLICE("GET"), {NULL, 0}};

    *resp_encode(out, arguments, 2) = '\0';
    ASSERT_TEXT(out, "*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
}

/* --- replies ---------------------------------------------------------------------------------- */

static const char *const good[] = {
    "+OK\r\n",
    "+QUEUED\r\n",
    "+\r\n",
    ":0\r\n",
    ":-9223372036854775808\r\n",
    "$0\r\n\r\n",
    "$-1\r\n",
    "$5\r\na\r\nbc\r\n",
    "$15\r\n1700000000000-0\r\n",
    "*0\r\n",
    "*-1\r\n",
    "*2\r\n$1\r\na\r\n:1\r\n",
    "*2\r\n*2\r\n*1\r\n*1\r\n+x\r\n$-1\r\n*0\r\n",
    "*3\r\n*0\r\n*-1\r\n+end\r\n",
};
static const char *const failing[] = {
    "-ERR\r\n",
    "-LOADING Redis is loading the dataset in memory\r\n",
    "*2\r\n+OK\r\n-WRONGTYPE Operation\r\n",
};

enum { GOOD = sizeof(good) / sizeof(good[0]), FAILING = sizeof(failing) / sizeof(failing[0]) };

/* Scans @p reply given in two parts, the first of @p cut bytes. */
static void scan_cut(struct slice reply, size_t cut, bool failed)
{
    struct resp_scanner scanner = {0};
    struct slice input = {reply.data, cut};

    if (cut < reply.length) {
        CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_MORE);
        input.length = (size_t)(reply.data + reply.length - input.data);
    }
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    CU_ASSERT_EQUAL(input.length, 0);
    CU_ASSERT_EQUAL(scanner.failed, failed);
}

static void a_reply_cut_at_any_byte_is_one_reply(void)
{
    for (size_t i = 0; i < GOOD; i++)
        for (size_t cut = 0; cut <= strlen(good[i]); cut++)
            scan_cut(slice_of(good[i]), cut, false);
    for (size_t i = 0; i < FAILING; i++)
        for (size_t cut = 0; cut <= strlen(failing[i]); cut++)
            scan_cut(slice_of(failing[i]), cut, true);
}

static void a_reply_that_comes_byte_by_byte_is_one_reply(void)
{
    for (size_t i = 0; i < GOOD; i++) {
        struct resp_scanner scanner = {0};
        struct slice input = {good[i], 0};
        for (size_t have = 1; have < strlen(good[i]); have++) {
            input.length = (size_t)(good[i] + have - input.data);
            CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_MORE);
        }
        input.length = strlen(good[i]) - (size_t)(input.data - good[i]);
        CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    }
}

static void replies_in_one_piece_are_told_apart(void)
{
    char bytes[1024];
    struct resp_scanner scanner = {0};
    struct slice input = {bytes, 0};
    size_t replies = 0;

    for (size_t i = 0; i < GOOD; i++) {
        memcpy(bytes + input.length, good[i], strlen(good[i]));
        input.length += strlen(good[i]);
    }
    while (input.length && resp_scan(&scanner, &input) == RESP_REPLY)
        replies++;
    CU_ASSERT_EQUAL(replies, GOOD);
    CU_ASSERT_EQUAL(input.length, 0);
}

static void the_text_of_the_first_error_is_kept(void)
{
    struct resp_scanner scanner = {0};
    struct slice input = SLICE("-ERR one\r\n+OK\r\n*3\r\n:1\r\n-ERR two\r\n-ERR three\r\n");

    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    CU_ASSERT_TRUE(scanner.failed && !scanner.nested);
    ASSERT_TEXT(scanner.text, "ERR one");
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    CU_ASSERT_FALSE(scanner.failed);
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    CU_ASSERT_TRUE(scanner.failed && scanner.nested);
    ASSERT_TEXT(scanner.text, "ERR two");
}

static void an_endless_error_is_cut_and_an_endless_line_refused(void)
{
    char *line = mem_alloc(RESP_LINE_BYTES + 16);
    struct resp_scanner scanner = {0};
    struct slice input = {line, 1000};

    memset(line, 'x', RESP_LINE_BYTES + 16);
    line[0] = '-';
    memcpy(line + 998, "\r\n", 2);
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    CU_ASSERT_EQUAL(strlen(scanner.text), RESP_ERROR_BYTES - 1);
    memset(line + 998, 'x', 2);
    input = (struct slice){line, RESP_LINE_BYTES - 1};
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_MORE);
    input.length = RESP_LINE_BYTES;
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_BROKEN);
    free(line);
}

static void a_long_bulk_string_needs_no_room(void)
{
    static char chunk[4096];
    struct resp_scanner scanner = {0};
    struct slice input = SLICE("$5242880\r\n");

    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_MORE);
    for (size_t i = 0; i < 5242880 / sizeof(chunk); i++) {
        input = (struct slice){chunk, sizeof(chunk)};
        CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_MORE);
        CU_ASSERT_EQUAL(input.length, 0);
    }
    input = SLICE("\r\n");
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
}

static void what_is_not_resp2_is_broken(void)
{
    static const char *const bad[] = {
        "OK\r\n",
        "\r\n",
        "+OK\n",
        ":\r\n",
        ":1x\r\n",
        ":-\r\n",
        "$\r\n",
        "$-2\r\n",
        "$+1\r\n",
        "$1\r\nabc",
        "$x\r\n",
        "$99999999999999999999\r\n",
        "*\r\n",
        "*-2\r\n",
        "*4294967296\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n+x\r\n",
        "_\r\n",
        "%1\r\n+a\r\n+b\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct resp_scanner scanner = {0};
        struct slice input = slice_of(bad[i]);
        enum resp_result result = resp_scan(&scanner, &input);
        if (result != RESP_BROKEN)
            fprintf(stderr, "taken as a reply: %s", bad[i]);
        CU_ASSERT_EQUAL(result, RESP_BROKEN);
    }
}

static void the_text_does_not_show_what_it_quotes(void)
{
    struct resp_scanner scanner = {0};
    struct slice input =
        SLICE("-ERR unknown command 'X', with args beginning with: 'hunter2' \r\n");

    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    ASSERT_TEXT(scanner.text, "ERR unknown command 'X', with args beginning with: ***");
    CU_ASSERT_EQUAL(scanner.text_length, strlen(scanner.text));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_is_encoded_as_hiredis_does),
        TEST(an_argument_of_every_length_is_copied_whole),
        TEST(an_argument_without_data_is_an_empty_one),
        TEST(a_reply_cut_at_any_byte_is_one_reply),
        TEST(a_reply_that_comes_byte_by_byte_is_one_reply),
        TEST(replies_in_one_piece_are_told_apart),
        TEST(the_text_of_the_first_error_is_kept),
        TEST(an_endless_error_is_cut_and_an_endless_line_refused),
        TEST(a_long_bulk_string_needs_no_room),
        TEST(what_is_not_resp2_is_broken),
        TEST(the_text_does_not_show_what_it_quotes),
    };

    return SUITE("resp", tests);
}
