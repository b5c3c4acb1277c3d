/*
 * inquiry.c: whether a server answers a question with certain bytes.
 *
 * The answer is compared while it comes, so that one of any size needs no room. An error that says
 * "later" or "not here" ends the connection: the same is asked on the next one, after a backoff.
 */
#include "redis/inquiry.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "redis/connection.h"
#include "redis/reply.h"
#include "redis/resp.h"
#include "redis/silence.h"
#include "redis/traffic.h"
#include "redis/window.h"

#include <stdlib.h>
#include <sys/queue.h>

#define EMPTY "*0\r\n"

/* What its answer is compared with. */
struct question {
    struct slice expected;
    STAILQ_ENTRY(question) next;
};

struct inquiry {
    struct connection_setup setup;
    struct inquiry_events events;
    struct connection connection; /* all zero: closed */
    struct window window;         /* the questions */
    struct resp_scanner scanner;
    size_t input_length; /* read and not scanned yet */
    STAILQ_HEAD(, question) questions;
    size_t expected_bytes; /* of all questions */
    size_t compared;       /* bytes of the answer that is coming, */
    bool differs, empty;   /* and what they are so far */
};

static bool is_closed(const struct inquiry *inquiry)
{
    return !inquiry->connection.setup;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void inquiry_restart_answer(struct inquiry *inquiry)
{
    inquiry->compared = 0;
    inquiry->differs = false;
    inquiry->empty = true;
}

static bool begins_at(struct slice text, size_t from, struct slice part)
{
    return from + part.length <= text.length &&
           memcmp(text.data + from, part.data, part.length) == 0;
}

static void inquiry_compare(struct inquiry *inquiry, struct slice part)
{
    struct slice expected = STAILQ_FIRST(&inquiry->questions)->expected;

    inquiry->differs |= !begins_at(expected, inquiry->compared, part);
    inquiry->empty &= begins_at(SLICE(EMPTY), inquiry->compared, part);
    inquiry->compared += part.length;
}

static enum inquiry_answer inquiry_result(const struct inquiry *inquiry)
{
    if (inquiry->scanner.failed)
        return INQUIRY_REFUSED;
    if (inquiry->empty)
        return INQUIRY_EMPTY;
    bool whole = inquiry->compared == STAILQ_FIRST(&inquiry->questions)->expected.length;
    return whole && !inquiry->differs ? INQUIRY_SAME : INQUIRY_OTHER;
}

static void inquiry_forget_first(struct inquiry *inquiry)
{
    struct question *question = STAILQ_FIRST(&inquiry->questions);

    STAILQ_REMOVE_HEAD(&inquiry->questions, next);
    inquiry->expected_bytes -= question->expected.length;
    free((char *)question->expected.data);
    free(question);
}

/* Whether the error says that the answer is to be had later, or elsewhere. */
static bool is_passing(const struct resp_scanner *scanner)
{
    if (!scanner->failed)
        return false;
    return !reply_is_final(reply_classify((struct slice){scanner->text, scanner->text_length}));
}

/* One answer came; false: the connection is gone. */
static bool inquiry_take_answer(struct inquiry *inquiry)
{
    struct connection *connection = &inquiry->connection;
    const struct resp_scanner *scanner = &inquiry->scanner;

    if (is_passing(scanner)) {
        connection_lost(connection, "%s", scanner->text);
        return false;
    }
    enum inquiry_answer answer = inquiry_result(inquiry);
    uint32_t ticket = window_head(&inquiry->window)->ticket;
    connection_recover(connection);
    window_pop(&inquiry->window);
    inquiry_forget_first(inquiry);
    inquiry_restart_answer(inquiry);
    inquiry->events.answered(inquiry->events.context, ticket, answer,
                             scanner->failed ? scanner->text : "");
    return true;
}

/* Scans what was read; false: the connection is gone. */
static bool inquiry_scan(struct inquiry *inquiry)
{
    struct connection *connection = &inquiry->connection;
    struct slice input = {connection->input, inquiry->input_length};

    while (input.length) {
        struct slice before = input;
        if (!window_unanswered(&inquiry->window)) {
            connection_lost(connection, "an answer without a question");
            return false;
        }
        enum resp_result result = resp_scan(&inquiry->scanner, &input);
        if (result == RESP_BROKEN) {
            connection_lost(connection, "the answer is not Redis' protocol");
            return false;
        }
        inquiry_compare(inquiry, (struct slice){before.data, before.length - input.length});
        if (result == RESP_MORE)
            break;
        if (!inquiry_take_answer(inquiry))
            return false;
    }
    memmove(connection->input, input.data, input.length);
    inquiry->input_length = input.length;
    return true;
}

/* --- the driver ------------------------------------------------------------------------------- */

static void inquiry_read(struct connection *connection)
{
    struct inquiry *inquiry = connection->context;
    size_t room = CONNECTION_INPUT_BYTES - inquiry->input_length;
    size_t got = traffic_read(connection, connection->input + inquiry->input_length, room);

    inquiry->input_length += got;
    if (got && inquiry_scan(inquiry) && !inquiry->window.queue.count)
        connection_wake_in(connection, CONNECTION_IDLE_MS);
}

static void inquiry_flush(struct connection *connection)
{
    struct inquiry *inquiry = connection->context;
    struct slice unsent;

    while (connection_is_open(connection) && !connection->blocked &&
           (unsent = window_unsent(&inquiry->window)).length > 0) {
        size_t sent = traffic_write(connection, unsent);
        if (sent)
            window_wrote(&inquiry->window, sent);
    }
}

static void inquiry_watch(struct connection *connection)
{
    connection_wake_in(connection, connection->setup->options->response_timeout);
}

static void inquiry_begin(struct connection *connection)
{
    struct inquiry *inquiry = connection->context;

    inquiry->scanner = (struct resp_scanner){0};
    inquiry->input_length = 0;
    inquiry_restart_answer(inquiry);
    if (!inquiry->window.queue.count) /* else the answer tells whether all is well */
        connection_clear_trouble(connection);
    inquiry_watch(connection);
    inquiry_flush(connection);
}

/* Nobody has asked for a while, or an answer is late. */
static void inquiry_wake(struct connection *connection)
{
    struct inquiry *inquiry = connection->context;

    if (inquiry->window.queue.count)
        silence_check(connection);
    else
        connection_close(connection);
}

static bool inquiry_lost(struct connection *connection, char text[CONNECTION_TROUBLE_BYTES])
{
    struct inquiry *inquiry = connection->context;

    (void)text;
    window_rewind(&inquiry->window);
    return false; /* what it only read need not be ended */
}

static size_t inquiry_waiting(const struct connection *connection)
{
    const struct inquiry *inquiry = connection->context;

    return inquiry->window.queue.count;
}

static const struct connection_driver inquiry_driver = {
    .begin = inquiry_begin,
    .read = inquiry_read,
    .flush = inquiry_flush,
    .wake = inquiry_wake,
    .lost = inquiry_lost,
    .waiting = inquiry_waiting,
};

/* --- questions -------------------------------------------------------------------------------- */

void inquiry_ask(struct inquiry *inquiry, const struct slice *arguments, size_t count,
                 struct slice expected, uint32_t ticket)
{
    struct connection *connection = &inquiry->connection;
    struct question *question = mem_new(struct question);

    if (is_closed(inquiry)) /* numbered behind those of the data and the barrier's */
        connection_open(connection, &inquiry->setup, &inquiry_driver,
                        (unsigned)inquiry->setup.options->connections + 1, inquiry);
    if (connection_is_open(connection) && !inquiry->window.queue.count) {
        connection->progress_ms = clock_ms(); /* the server owes nothing for what was before */
        inquiry_watch(connection);
    }
    question->expected = expected;
    STAILQ_INSERT_TAIL(&inquiry->questions, question, next);
    inquiry->expected_bytes += expected.length;
    window_put(&inquiry->window, arguments, count, 0, ticket);
    window_commit(&inquiry->window);
}

bool inquiry_has_room(const struct inquiry *inquiry)
{
    const struct window *window = &inquiry->window;

    return is_closed(inquiry) ||
           (window_has_room(window) && inquiry->expected_bytes < window->limit_bytes);
}

void inquiry_turn(struct inquiry *inquiry)
{
    if (!is_closed(inquiry))
        inquiry_flush(&inquiry->connection);
}

const char *inquiry_run(const struct inquiry *inquiry)
{
    return inquiry->connection.run;
}

const char *inquiry_trouble(const struct inquiry *inquiry)
{
    const struct connection *connection = &inquiry->connection;

    return inquiry->window.queue.count && connection->told ? connection->trouble : NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct inquiry *inquiry_new(const struct connection_setup *setup,
                            const struct inquiry_events *events)
{
    struct inquiry *inquiry = mem_new(struct inquiry);

    inquiry->setup = *setup;
    inquiry->setup.moved = NULL;
    inquiry->events = *events;
    inquiry->connection.stream.fd = -1;
    STAILQ_INIT(&inquiry->questions);
    window_init(&inquiry->window, (size_t)setup->options->window_commands,
                (size_t)setup->options->window_bytes);
    return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    connection_close(&inquiry->connection);
    window_free(&inquiry->window);
    while (!STAILQ_EMPTY(&inquiry->questions))
        inquiry_forget_first(inquiry);
    free(inquiry);
}
