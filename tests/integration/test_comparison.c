/* test_comparison.c: whether a server answers as expected, against a server that says what a test
 * wants. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fake_redis_server.h"
#include "loop_fixture.h"
#include "redis/comparison.h"
#include "redis/sink.h"

#include <stdlib.h>

enum { QUESTIONS = 8, LARGE = 300000 };

#define EXPECTED "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"

static struct loop_fixture loop;
static struct conf_sink options;
static struct fake_server *server;
static struct sink *sink;
static struct comparison *comparison;
static struct {
    size_t count;
    uint32_t tickets[QUESTIONS];
    enum comparison_answer answers[QUESTIONS];
    char text[QUESTIONS][100];
} heard;

static void on_answered(void *context, uint32_t ticket, enum comparison_answer answer,
                        const char *text)
{
    (void)context;
    heard.tickets[heard.count] = ticket;
    heard.answers[heard.count] = answer;
    snprintf(heard.text[heard.count++], sizeof(heard.text[0]), "%s", text);
}

/* The sink lends its setup; nothing is put into it, so it opens no connection of its own. */
static void open_all(fake_answer answer)
{
    struct err err;

    heard.count = 0;
    loop_fixture_open(&loop);
    server = fake_server_open(loop.base, answer, NULL);
    options = loop_fixture_options(fake_server_port(server));
    sink = sink_new(&(struct sink_options){.conf = &options,
                                           .client_name = "a test",
                                           .base = loop.base,
                                           .counters = metrics_sink(loop.worker, options.name)},
                    &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sink);
    comparison = comparison_new(sink_setup(sink), &(struct comparison_events){NULL, on_answered});
}

static void close_all(void)
{
    comparison_free(comparison);
    sink_free(sink);
    fake_server_close(server);
    loop_fixture_close(&loop, &options);
}

static void ask(uint32_t ticket)
{
    const struct slice words[] = {SLICE("XRANGE"), SLICE("s"), SLICE("5-1"), SLICE("5-1")};

    comparison_ask(comparison, words, 4, (struct slice){mem_text(EXPECTED), strlen(EXPECTED)},
                   ticket);
}

/* Asks so much at once, and waits for the answers. */
static void ask_and_hear(size_t count)
{
    int64_t until_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    for (size_t i = 0; i < count; i++)
        ask((uint32_t)i);
    while (heard.count < count && clock_ms() < until_ms) {
        comparison_turn(comparison);
        loop_fixture_turn(&loop);
    }
    CU_ASSERT_EQUAL_FATAL(heard.count, count);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(heard.tickets[i], i);
}

static const char *each_kind(void *context, unsigned connection, unsigned number, const char *name)
{
    static const char *const answers[] = {
        EXPECTED,
        "*0\r\n",
        "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\nc\r\n", /* other bytes, */
        "*1\r\n*2\r\n$3\r\n5-1\r\n*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\na\r\n$0\r\n\r\n", /* more, */
        "*1\r\n*2\r\n$3\r\n5-1\r\n*0\r\n", /* and fewer */
        "-NOPERM no\r\n",
        "*-1\r\n",
        EXPECTED,
    };

    (void)context, (void)connection, (void)name;
    return answers[number];
}

static void expect_each_kind(void)
{
    static const enum comparison_answer wanted[] = {
        COMPARISON_SAME,  COMPARISON_EMPTY,   COMPARISON_OTHER, COMPARISON_OTHER,
        COMPARISON_OTHER, COMPARISON_REFUSED, COMPARISON_OTHER, COMPARISON_SAME};

    ask_and_hear(QUESTIONS);
    for (size_t i = 0; i < QUESTIONS; i++)
        CU_ASSERT_EQUAL(heard.answers[i], wanted[i]);
    ASSERT_TEXT(heard.text[5], "NOPERM no");
    ASSERT_TEXT(heard.text[7], "");
}

static void answers_are_told_apart_whole_and_in_pieces(void)
{
    for (size_t bytes = 0; bytes < 8; bytes += bytes ? 3 : 1) {
        open_all(each_kind);
        fake_server_slice(server, bytes);
        expect_each_kind();
        close_all();
    }
}

/* LOADING, an end, silence: asked again, in order, and what was answered is not. */
static const char *in_bad_moods(void *context, unsigned connection, unsigned number,
                                const char *name)
{
    static const char *const answers[][2] = {
        {EXPECTED, "-LOADING wait\r\n"}, {""}, {NULL}, {"*0\r\n", EXPECTED}};

    (void)context, (void)name;
    return answers[connection < 4 ? connection : 3][number % 2];
}

static void what_was_not_answered_is_asked_again(void)
{
    open_all(in_bad_moods);
    ask_and_hear(3);
    CU_ASSERT_EQUAL(heard.answers[0], COMPARISON_SAME);
    CU_ASSERT_EQUAL(heard.answers[1], COMPARISON_EMPTY);
    CU_ASSERT_EQUAL(heard.answers[2], COMPARISON_SAME);
    close_all();
}

static char large[LARGE + 64];

static const char *a_large_one(void *context, unsigned connection, unsigned number,
                               const char *name)
{
    (void)context, (void)connection, (void)name;
    return number ? EXPECTED : large;
}

static void a_large_answer_is_another_one(void)
{
    int head =
        snprintf(large, sizeof(large), "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$%d\r\n", LARGE);

    memset(large + head, 'b', LARGE);
    memcpy(large + head + LARGE, "\r\n", 3);
    open_all(a_large_one);
    ask_and_hear(2);
    CU_ASSERT_EQUAL(heard.answers[0], COMPARISON_OTHER);
    CU_ASSERT_EQUAL(heard.answers[1], COMPARISON_SAME);
    close_all();
}

static const char *silent(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)context, (void)connection, (void)number, (void)name;
    return NULL;
}

static void questions_are_bounded(void)
{
    uint32_t asked = 0;

    open_all(silent);
    CU_ASSERT_TRUE(comparison_has_room(comparison));
    while (comparison_has_room(comparison) && asked < 10000)
        ask(asked++);
    CU_ASSERT_EQUAL(asked, options.window_commands);
    close_all();
}

/* Ten seconds after the last question; the next one makes a new connection. */
static void nobody_asks_and_the_connection_is_closed(void)
{
    int64_t until_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
    const struct sink_counters *counters;

    open_all(each_kind);
    counters = metrics_sink(loop.worker, options.name);
    uint64_t data = counters->connections_up;
    ask_and_hear(2);
    while (counters->connections_up > data && clock_ms() < until_ms)
        loop_fixture_turn(&loop);
    CU_ASSERT_EQUAL(counters->connections_up, data);
    heard.count = 0;
    ask_and_hear(2);
    CU_ASSERT_EQUAL(counters->connections_up, data + 1);
    CU_ASSERT_EQUAL(heard.answers[0], COMPARISON_SAME);
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(answers_are_told_apart_whole_and_in_pieces),
        TEST(what_was_not_answered_is_asked_again),
        TEST(a_large_answer_is_another_one),
        TEST(questions_are_bounded),
        TEST(nobody_asks_and_the_connection_is_closed),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE_APART("comparison", tests);
}
