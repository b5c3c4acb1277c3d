/* test_reader.c: answers that are bounded before they are believed. */
#include "suite.h"

#include "redis/reader.h"

#include <hiredis/hiredis.h>

static const struct reader_limits limits = {.elements = 8, .bytes = 100};
static struct reader *reader;
static struct err err;

static bool feed(const char *text)
{
    return reader_feed(reader, slice_of(text), &err);
}

/* The next answer as a number of its type; -1: none. */
static int next_type(void)
{
    redisReply *reply = NULL;
    int type = -1;

    CU_ASSERT_TRUE(reader_next(reader, &reply, &err));
    if (!reply)
        return -1;
    type = reply->type;
    freeReplyObject(reply);
    return type;
}

static void expect_refused(const char *text, const char *why)
{
    reader = reader_new(limits);
    CU_ASSERT_FALSE(feed(text));
    ASSERT_TEXT(err.text, why);
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
    reader_free(reader);
}

static void answers_come_out_whole_wherever_they_are_cut(void)
{
    static const char text[] = "+OK\r\n$5\r\nab\r\nc\r\n*2\r\n:1\r\n*1\r\n$-1\r\n-ERR x\r\n*-1\r\n";
    static const int types[] = {REDIS_REPLY_STATUS, REDIS_REPLY_STRING, REDIS_REPLY_ARRAY,
                                REDIS_REPLY_ERROR, REDIS_REPLY_NIL};
    size_t length = sizeof(text) - 1;

    for (size_t cut = 0; cut <= length; cut++) {
        reader = reader_new(limits);
        CU_ASSERT_TRUE(reader_feed(reader, (struct slice){text, cut}, &err));
        CU_ASSERT_TRUE(reader_feed(reader, (struct slice){text + cut, length - cut}, &err));
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
            CU_ASSERT_EQUAL(next_type(), types[i]);
        CU_ASSERT_EQUAL(next_type(), -1);
        reader_free(reader);
    }
}

static void what_is_announced_beyond_the_limits_ends_it(void)
{
    expect_refused("*9\r\n", "an answer of 9 elements: more than the 8 that can be right here");
    expect_refused("*2147483647\r\n",
                   "an answer of 2147483647 elements: more than the 8 that can be right here");
    expect_refused("$4000000000\r\n",
                   "an answer of 4000000000 bytes: more than the 100 that can be right here");
    expect_refused("*-2\r\n", "the answer is not Redis' protocol: a length is no number");
    expect_refused("*9999999999999999999999\r\n",
                   "the answer is not Redis' protocol: a length is no number");
}

static void arrays_in_arrays_count_together(void)
{
    expect_refused("*4\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n*1\r\n",
                   "an answer of 1 elements: more than the 8 that can be right here");
}

static void the_bytes_of_an_answer_count_together(void)
{
    expect_refused("*2\r\n$60\r\n012345678901234567890123456789012345678901234567890123456789\r\n"
                   "$60\r\n",
                   "an answer of 60 bytes: more than the 100 that can be right here");
    reader = reader_new(limits);
    for (int i = 0; i < 100; i++) /* each answer for itself */
        CU_ASSERT_TRUE(feed("$60\r\n012345678901234567890123456789012345678901234567890123456789"
                            "\r\n"));
    reader_free(reader);
}

static void another_protocol_is_told(void)
{
    expect_refused("HTTP/1.1 400 Bad Request\r\n",
                   "the other side does not speak Redis' protocol: Protocol error, got \"H\" as "
                   "reply type byte");
    expect_refused("%1000000000\r\n",
                   "the other side does not speak Redis' protocol: Protocol error, got \"%\" as "
                   "reply type byte");
    expect_refused("\x15\x03\x01", "the other side does not speak Redis' protocol: Protocol error, "
                                   "got \"\\x15\" as reply type byte");
}

/* As hiredis has it: else the two would not agree on where the next header stands. */
static void a_line_feed_alone_is_no_end_of_a_line(void)
{
    static const char why[] =
        "the answer is not Redis' protocol: a line feed without a carriage return";

    expect_refused(":1\n", why);
    expect_refused("+a\n$30\r\n*2147483647\r\n", why); /* hiredis sees that array */
    expect_refused("\n", "the other side does not speak Redis' protocol: Protocol error, got "
                         "\"\\x0a\" as reply type byte");
    reader = reader_new(limits);
    CU_ASSERT_TRUE(feed("+a\rb\r\n"));
    CU_ASSERT_EQUAL(next_type(), REDIS_REPLY_STATUS);
    CU_ASSERT_EQUAL(next_type(), -1);
    reader_free(reader);
}

static void a_line_has_an_end(void)
{
    static char line[40000];

    memset(line, 'x', sizeof(line) - 1);
    line[0] = '+';
    reader = reader_new((struct reader_limits){8, 1 << 20});
    CU_ASSERT_FALSE(feed(line));
    ASSERT_TEXT(err.text, "an answer with a line of more than 32768 bytes");
    reader_free(reader);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(answers_come_out_whole_wherever_they_are_cut),
        TEST(what_is_announced_beyond_the_limits_ends_it),
        TEST(arrays_in_arrays_count_together),
        TEST(the_bytes_of_an_answer_count_together),
        TEST(another_protocol_is_told),
        TEST(a_line_feed_alone_is_no_end_of_a_line),
        TEST(a_line_has_an_end),
    };

    return SUITE("reader", tests);
}
