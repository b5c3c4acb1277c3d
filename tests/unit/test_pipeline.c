/*
 * test_pipeline.c: conversations with a pipeline: what it says, what it hears, and what it tells.
 */
#include "suite.h"

#include "metrics/metrics.h"
#include "redis/commands.h"
#include "redis/pipeline.h"

#include <stdio.h>
#include <string.h>

#define OK      "+OK\r\n"
#define LOADING "-LOADING wait\r\n"

static struct pipeline pipeline;
static struct session *session = &pipeline.session;
static struct sink_counters counters;
static char told[400];
static uint32_t unwanted_below;
static bool loses; /* the connection, when a command is done */

static void note(const char *what, uint32_t ticket, const char *text)
{
    size_t length = strlen(told);

    snprintf(told + length, sizeof(told) - length, "%s%s %u%s%s", length ? ", " : "", what, ticket,
             *text ? ": " : "", text);
}

static void on_done(void *context, uint32_t ticket)
{
    (void)context;
    note("done", ticket, "");
    if (loses)
        session_lost(session, false, 0);
}

static void on_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    (void)context;
    note(class == REPLY_REJECT   ? "reject"
         : class == REPLY_CONFIG ? "config"
                                 : "unknown",
         ticket, text);
}

static bool is_wanted(void *context, uint32_t ticket)
{
    (void)context;
    return ticket >= unwanted_below;
}

static void on_dropped(void *context, uint32_t ticket)
{
    (void)context;
    note("dropped", ticket, "");
}

static void on_doubtful(void *context, uint32_t ticket)
{
    (void)context;
    note("doubtful", ticket, "");
}

static void on_suspected(void *context, uint32_t ticket, const char *text)
{
    (void)context;
    note("suspected", ticket, text);
}

static const struct sink_events events = {
    .done = on_done,
    .refused = on_refused,
    .wanted = is_wanted,
    .dropped = on_dropped,
    .doubtful = on_doubtful,
    .suspected = on_suspected,
};

static const char *news(void)
{
    static char text[sizeof(told)];

    memcpy(text, told, sizeof(text));
    told[0] = '\0';
    return text;
}

static void put(const char *name, uint32_t ticket)
{
    struct slice words[] = {slice_of(name), SLICE("n")};

    window_put(&pipeline.window, words, 2, command_find(words[0])->index, ticket);
    window_commit(&pipeline.window);
}

/* At most so many bytes of what it says, without what every command has: "INCR DECR". */
static const char *says_at_most(size_t limit)
{
    static char text[400];
    struct slice output;
    size_t length = 0;

    while (limit && (output = session->ops->output(session)).length > 0) {
        if (output.length > limit)
            output.length = limit;
        limit -= output.length;
        for (size_t i = 0; i + 1 < output.length; i++)
            if (output.data[i] >= 'A' && output.data[i] <= 'Z')
                text[length++] = output.data[i];
            else if (i && output.data[i - 1] >= 'A' && output.data[i - 1] <= 'Z')
                text[length++] = ' ';
        session->ops->sent(session, output.length);
    }
    text[length ? length - 1 : 0] = '\0';
    return text;
}

static const char *says(void)
{
    return says_at_most(SIZE_MAX);
}

/* False: the connection is no good any more. */
static bool hear(const char *text)
{
    struct slice input = slice_of(text);

    return session->ops->receive(session, &input);
}

static void open_pipeline(void)
{
    static uint64_t commands[1000 * RESULT_COUNT];

    counters = (struct sink_counters){.commands = commands};
    pipeline_init(&pipeline, &events, &counters, 16, 4096);
    unwanted_below = 0;
    loses = false;
    told[0] = '\0';
}

/* INCR 1, DECR 2, APPEND 3 are in flight, behind one that was done. */
static void open_flowing(void)
{
    open_pipeline();
    session_begin(session);
    put("TOUCH", 0);
    says();
    hear(":1\r\n");
    put("INCR", 1);
    put("DECR", 2);
    put("APPEND", 3);
    ASSERT_TEXT(says(), "INCR DECR APPEND");
    ASSERT_TEXT(news(), "done 0");
}

/* --- later ------------------------------------------------------------------------------------ */

static void the_first_command_of_a_connection_goes_alone(void)
{
    open_pipeline();
    put("INCR", 1);
    put("DECR", 2);
    ASSERT_TEXT(says(), "");
    session_begin(session);
    ASSERT_TEXT(says(), "INCR");
    CU_ASSERT_FALSE(session->ops->is_well(session));
    hear(":1\r\n");
    CU_ASSERT_TRUE(session->ops->is_well(session));
    ASSERT_TEXT(says(), "DECR");
    pipeline_free(&pipeline);
}

static void behind_a_later_all_is_answered_and_sent_again_the_first_one_alone(void)
{
    open_flowing();
    put("TOUCH", 4);
    hear(LOADING);
    CU_ASSERT_EQUAL(session->pause, SESSION_FLOWS); /* two answers are on their way */
    ASSERT_TEXT(says(), "");
    hear(":1\r\n:2\r\n");
    ASSERT_TEXT(news(), "");
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES);
    ASSERT_TEXT(session->trouble, "LOADING wait");
    ASSERT_TEXT(says(), "");
    session->ops->resume(session);
    ASSERT_TEXT(news(), "doubtful 2, doubtful 3");
    ASSERT_TEXT(says(), "INCR");
    hear(":1\r\n");
    ASSERT_TEXT(says(), "DECR APPEND TOUCH");
    hear(":0\r\n:1\r\n:1\r\n");
    ASSERT_TEXT(news(), "done 1, done 2, done 3, done 4");
    pipeline_free(&pipeline);
}

static void a_command_is_sent_to_its_end_before_it_drains(void)
{
    open_flowing();
    put("TOUCH", 4);
    says_at_most(5);
    hear(LOADING ":1\r\n:2\r\n");
    CU_ASSERT_EQUAL(session->pause, SESSION_FLOWS);
    says();
    hear(":1\r\n");
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES);
    pipeline_free(&pipeline);
}

static void out_of_memory_takes_longer(void)
{
    open_flowing();
    hear("-OOM no\r\n:1\r\n:2\r\n");
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES_SLOWLY);
    pipeline_free(&pipeline);
}

/* --- too late --------------------------------------------------------------------------------- */

static void what_is_late_keeps_its_number_and_is_given_up(void)
{
    struct session_command first, late;

    open_flowing();
    CU_ASSERT_FALSE(session->ops->retried(session, &late));
    hear(LOADING LOADING LOADING);
    CU_ASSERT_TRUE(session->ops->retried(session, &first));
    CU_ASSERT_EQUAL(first.ticket, 1);
    session->ops->resume(session);
    says();
    hear(LOADING);
    CU_ASSERT_TRUE(session->ops->retried(session, &late));
    CU_ASSERT_EQUAL(late.number, first.number);
    session->ops->give_up(session, 70);
    ASSERT_TEXT(news(), "reject 1: LOADING wait: gave up after 70 ms");
    ASSERT_TEXT(says(), "DECR");
    hear(LOADING);
    CU_ASSERT_TRUE(session->ops->retried(session, &late));
    CU_ASSERT_EQUAL(late.ticket, 2);
    CU_ASSERT(late.number != first.number);
    pipeline_free(&pipeline);
}

/* Flow gives a ticket out again as soon as its record is over. */
static void a_ticket_that_is_used_again_is_another_command(void)
{
    struct session_command first, late;

    open_pipeline();
    session_begin(session);
    put("INCR", 1);
    says();
    hear(LOADING);
    CU_ASSERT_TRUE(session->ops->retried(session, &first));
    unwanted_below = 2;
    pipeline_discard(&pipeline);
    ASSERT_TEXT(news(), "dropped 1");
    unwanted_below = 0;
    put("INCR", 1);
    session->ops->resume(session);
    says();
    hear(LOADING);
    CU_ASSERT_TRUE(session->ops->retried(session, &late));
    CU_ASSERT_EQUAL(late.ticket, first.ticket);
    CU_ASSERT(late.number != first.number);
    pipeline_free(&pipeline);
}

/* --- a command that ends connections ---------------------------------------------------------- */

/* The connection ends at the head, which goes alone; the next one begins. */
static void cut(void)
{
    says();
    session_lost(session, true, 0);
    session_begin(session);
}

/* The next connection asks about its key first. */
static void answer_question(const char *answer)
{
    CU_ASSERT_EQUAL(session->pause, SESSION_DOUBTS);
    ASSERT_TEXT(says(), "");
    session->ops->resume(session);
    ASSERT_TEXT(says(), "EXISTS");
    hear(answer);
}

static void open_cut(void)
{
    open_pipeline();
    put("INCR", 1);
    put("DECR", 2);
    session_begin(session);
}

static void five_ends_while_others_are_answered_refuse_it(void)
{
    open_cut();
    for (int i = 0; i < 4; i++) {
        cut();
        answer_question(":1\r\n");
        CU_ASSERT_TRUE(session->answered);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(news(), "suspected 1: the server ended 3 connections in a row"));
    cut();
    answer_question(":1\r\n");
    const char *text = news();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "reject 1: the server ended 5 connections in a row at this "
                                        "command"));
    ASSERT_TEXT(says(), "DECR");
    pipeline_free(&pipeline);
}

static void a_ticket_that_is_used_again_is_another_suspect(void)
{
    open_cut();
    for (int i = 0; i < 4; i++) {
        cut();
        answer_question(":1\r\n");
    }
    unwanted_below = 3;
    session_lost(session, false, 0);
    pipeline_discard(&pipeline);
    unwanted_below = 0;
    put("INCR", 1);
    news();
    session_begin(session);
    cut();
    answer_question(":1\r\n");
    CU_ASSERT_PTR_NULL(strstr(news(), "reject"));
    ASSERT_TEXT(says(), "INCR");
    pipeline_free(&pipeline);
}

static void a_server_that_answers_nobody_condemns_nothing(void)
{
    open_cut();
    for (int i = 0; i < 10; i++) {
        cut();
        answer_question("-ERR no server here\r\n");
        CU_ASSERT_FALSE(session->answered);
    }
    CU_ASSERT_PTR_NULL(strstr(news(), "reject"));
    ASSERT_TEXT(says(), "INCR");
    pipeline_free(&pipeline);
}

static void a_condemned_one_that_is_dropped_leaves_the_next_one_alone(void)
{
    open_cut();
    for (int i = 0; i < 5; i++) {
        cut();
        if (i < 4)
            answer_question(":1\r\n");
    }
    news();
    unwanted_below = 2;
    session->ops->resume(session);
    ASSERT_TEXT(says(), "EXISTS");
    pipeline_discard(&pipeline);
    hear(":1\r\n");
    ASSERT_TEXT(news(), "doubtful 1, dropped 1");
    cut();
    answer_question(":1\r\n");
    ASSERT_TEXT(says(), "DECR");
    hear(":1\r\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(news(), "done 2"));
    pipeline_free(&pipeline);
}

/* --- answers that cannot be ------------------------------------------------------------------- */

static void done_before_its_last_byte_is_sent_is_not_done(void)
{
    open_flowing();
    hear(":1\r\n:1\r\n:1\r\n");
    news();
    put("INCR", 4);
    says_at_most(5);
    CU_ASSERT_FALSE(hear(":1\r\n"));
    ASSERT_TEXT(session->trouble, "answered before the command was sent");
    ASSERT_TEXT(news(), "");
    pipeline_free(&pipeline);
}

/* "ERR Protocol error" comes before the command is through. */
static void refused_before_its_last_byte_is_sent_is_refused(void)
{
    open_flowing();
    hear(":1\r\n:1\r\n:1\r\n");
    news();
    put("INCR", 4);
    says_at_most(5);
    CU_ASSERT_FALSE(hear("-ERR Protocol error: invalid bulk length\r\n"));
    ASSERT_TEXT(news(), "reject 4: ERR Protocol error: invalid bulk length");
    pipeline_free(&pipeline);
}

static void an_answer_too_many_breaks_it(void)
{
    open_flowing();
    CU_ASSERT_FALSE(hear(":1\r\n:1\r\n:1\r\n:1\r\n"));
    ASSERT_TEXT(session->trouble, "an answer without a command: not an error");
    ASSERT_TEXT(news(), "done 1, done 2, done 3");
    pipeline_free(&pipeline);
}

static void a_lost_connection_sends_again_what_was_not_answered(void)
{
    open_flowing();
    hear(":1\r\n");
    CU_ASSERT_TRUE(session_lost(session, false, 0));
    ASSERT_TEXT(says(), "");
    session_begin(session);
    ASSERT_TEXT(news(), "done 1, doubtful 2, doubtful 3");
    ASSERT_TEXT(says(), "DECR");
    pipeline_free(&pipeline);
}

/* A full send() may fail while its events are told. */
static void a_connection_that_an_event_lost_is_heard_no_more(void)
{
    open_flowing();
    loses = true;
    CU_ASSERT_FALSE(hear(":1\r\n:1\r\n:1\r\n"));
    ASSERT_TEXT(news(), "done 1");
    CU_ASSERT_EQUAL(session->ops->inflight(session), 2);
    pipeline_free(&pipeline);
}

static void a_ping_in_between_is_nobody_s_answer(void)
{
    open_flowing();
    hear(":1\r\n:1\r\n:1\r\n");
    news();
    CU_ASSERT_FALSE(session->ops->waits(session));
    session->ops->idle(session);
    CU_ASSERT_TRUE(session->ops->waits(session));
    put("INCR", 4);
    ASSERT_TEXT(says(), "PING INCR");
    hear("+PONG\r\n:1\r\n");
    ASSERT_TEXT(news(), "done 4");
    pipeline_free(&pipeline);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_first_command_of_a_connection_goes_alone),
        TEST(behind_a_later_all_is_answered_and_sent_again_the_first_one_alone),
        TEST(a_command_is_sent_to_its_end_before_it_drains),
        TEST(out_of_memory_takes_longer),
        TEST(what_is_late_keeps_its_number_and_is_given_up),
        TEST(a_ticket_that_is_used_again_is_another_command),
        TEST(five_ends_while_others_are_answered_refuse_it),
        TEST(a_ticket_that_is_used_again_is_another_suspect),
        TEST(a_server_that_answers_nobody_condemns_nothing),
        TEST(a_condemned_one_that_is_dropped_leaves_the_next_one_alone),
        TEST(done_before_its_last_byte_is_sent_is_not_done),
        TEST(refused_before_its_last_byte_is_sent_is_refused),
        TEST(an_answer_too_many_breaks_it),
        TEST(a_lost_connection_sends_again_what_was_not_answered),
        TEST(a_connection_that_an_event_lost_is_heard_no_more),
        TEST(a_ping_in_between_is_nobody_s_answer),
    };

    return SUITE("pipeline", tests);
}
