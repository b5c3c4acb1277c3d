/*
 * exchange.c: commands out and answers in, while a connection is open.
 *
 * An answer of the retry class (LOADING, OOM, ...) stops the flow: the commands behind the refused
 * one are on their way already and may well succeed, but a later write must not stay below an
 * earlier one, so all of them are sent again, in order:
 *      1. DRAINING: nothing new is sent; the answers of all that was sent come and are passed over
 *      2. PAUSED: backoff
 *      3. PROBING: the refused command alone, so that the others are not repeated with every try
 *      4. FLOWING, once it is done or refused for good; else back to 2
 *
 * A command that is answered by nothing but the end of the connection (suspect.h) is doubted on the
 * next one before it probes: DOUBTING, a pause, then a question about its key; once that is
 * answered it is sent again, or refused.
 */
#include "redis/exchange.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/connection.h"
#include "redis/doubt.h"
#include "redis/silence.h"
#include "redis/traffic.h"
#include "redis/verdict.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>

enum {
    SEND_BYTES = 64 << 10, /* a larger write() costs more a byte, not less (caches) */
    READS_A_TURN = 4
};

static void exchange_count(struct connection *connection, enum command_result result)
{
    uint32_t command = window_head(&connection->window)->command;

    connection->setup->counters->commands[command * RESULT_COUNT + result]++;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* What of the window may be sent in this state. */
static struct slice exchange_sendable(const struct connection *connection)
{
    const struct window *window = &connection->window;
    struct slice unsent = window_unsent(window);

    if (connection->state == CONNECTION_DRAINING) /* no half commands */
        unsent.length = window->sent_end - window->written;
    else if (connection->state == CONNECTION_PROBING && window->queue.committed > 0)
        unsent.length = window_head(window)->length - window->written;
    else if (connection->state == CONNECTION_PAUSED || connection->state == CONNECTION_DOUBTING)
        unsent.length = 0;
    return unsent;
}

void exchange_flush(struct connection *connection)
{
    struct slice unsent;

    while (connection_is_open(connection) && !connection->blocked &&
           (unsent = exchange_sendable(connection)).length > 0) {
        size_t length = unsent.length < SEND_BYTES ? unsent.length : (size_t)SEND_BYTES;
        size_t sent = traffic_write(connection, (struct slice){unsent.data, length});
        if (sent) {
            FAILPOINT(after_send);
            window_wrote(&connection->window, sent);
        }
    }
}

static void exchange_watch(struct connection *connection)
{
    connection->progress_ms = clock_ms();
    connection_wake_in(connection, connection->setup->options->response_timeout);
}

/* A command that is none of the window's, while nothing is in flight, so that the socket has room
 * for it; its answer is the next one. */
static void exchange_send_aside(struct connection *connection, struct slice command)
{
    ssize_t sent = connection_send(connection, command.data, command.length);

    if (sent != (ssize_t)command.length) {
        connection_lost(connection, "send: %s", strerror(errno));
        return;
    }
    connection->pinged = true;
    exchange_watch(connection);
}

/* --- pausing and probing ---------------------------------------------------------------------- */

/* No longer than the head may wait: then it is asked once more. */
static int64_t exchange_pause_ms(struct connection *connection)
{
    int64_t pause_ms = backoff_next(connection->pause);
    int64_t left_ms = connection->later_ms + connection->patience_ms - clock_ms();

    if (!connection->patience_ms || pause_ms < left_ms)
        return pause_ms;
    return left_ms > 0 ? left_ms : 0;
}

static void exchange_pause_if_drained(struct connection *connection)
{
    struct window *window = &connection->window;

    if (window_unanswered(window) > 0 || window->written < window->sent_end)
        return;
    window_rewind(window);
    connection->state = CONNECTION_PAUSED;
    connection_wake_in(connection, exchange_pause_ms(connection));
}

/* A command went through. */
static void exchange_resume(struct connection *connection)
{
    connection->state = CONNECTION_FLOWING;
    connection_recover(connection);
}

/* Sends again from the head on, as far as somebody still wants it. */
static void exchange_probe(struct connection *connection)
{
    connection_discard(connection);
    connection->state = CONNECTION_PROBING;
    if (connection->window.queue.committed ==
        0) /* nothing that could tell: what comes next goes alone */
        connection_recover(connection);
    exchange_watch(connection);
    exchange_flush(connection);
}

static void exchange_begin(struct connection *connection)
{
    connection->scanner = (struct resp_scanner){0};
    connection->input_length = 0;
    connection->pinged = false;
    if (!doubt_begin(connection))
        exchange_probe(connection);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The head is over. */
static void exchange_pop(struct connection *connection)
{
    window_pop(&connection->window);
    connection->later_ms = 0;
    if (connection->suspect.ends)
        suspect_clear(&connection->suspect);
}

static void exchange_done(struct connection *connection)
{
    uint32_t ticket = window_head(&connection->window)->ticket;

    exchange_count(connection, RESULT_OK);
    exchange_pop(connection);
    connection->setup->events->done(connection->setup->events->context, ticket);
}

/* Somebody who knows the command will find out more. */
static bool exchange_is_contested(const struct connection *connection, const char *text)
{
    const struct sink_events *events = connection->setup->events;
    const struct window *window = &connection->window;

    return events->contests && events->contests(events->context, window_head(window)->ticket, text,
                                                queue_head_bytes(&window->queue));
}

static void exchange_refused(struct connection *connection, enum reply_class class)
{
    const struct sink_events *events = connection->setup->events;
    uint32_t ticket = window_head(&connection->window)->ticket;
    char text[RESP_ERROR_BYTES + 64];

    class = reply_tell(class, connection->scanner.text, text, sizeof(text));
    bool contested = exchange_is_contested(connection, text);
    exchange_count(connection, RESULT_REFUSED);
    exchange_pop(connection);
    if (!contested)
        events->refused(events->context, ticket, class, text);
}

static void exchange_retry(struct connection *connection, struct backoff *pause)
{
    exchange_count(connection, RESULT_RETRIED);
    window_pass(&connection->window);
    connection_set_trouble(connection, connection->scanner.text);
    connection->pause = pause;
    connection->state = CONNECTION_DRAINING;
    exchange_pause_if_drained(connection);
}

/* Redis said "later" to the head: for too long? */
static bool exchange_is_too_late(struct connection *connection)
{
    const struct sink_events *events = connection->setup->events;
    uint32_t ticket = window_head(&connection->window)->ticket;
    int64_t now_ms = clock_ms();

    if (!connection->later_ms || connection->later_number != connection->window.queue.first)
        connection->later_ms = now_ms;
    connection->later_number = connection->window.queue.first;
    connection->patience_ms = events->patience ? events->patience(events->context, ticket) : 0;
    return connection->patience_ms && connection->state == CONNECTION_PROBING &&
           now_ms - connection->later_ms >= connection->patience_ms;
}

/* The next command has patience of its own; it probes now. */
static void exchange_give_up(struct connection *connection)
{
    const struct sink_events *events = connection->setup->events;
    uint32_t ticket = window_head(&connection->window)->ticket;
    char text[RESP_ERROR_BYTES + 64];

    snprintf(text, sizeof(text), "%s: gave up after %lld ms", connection->scanner.text,
             (long long)(clock_ms() - connection->later_ms));
    exchange_count(connection, RESULT_REFUSED);
    exchange_pop(connection);
    events->refused(events->context, ticket, REPLY_REJECT, text);
    exchange_probe(connection);
}

/* The class of the answer that the scanner just passed. */
static enum reply_class exchange_classify(struct connection *connection)
{
    const struct resp_scanner *scanner = &connection->scanner;
    struct slice line = {scanner->text, scanner->text_length};

    if (!scanner->failed)
        return REPLY_DONE;
    connection->setup->counters->errors[metrics_error_index(reply_label(line))]++;
    /* What stands inside a list is a script's word, or one of many. */
    return scanner->nested ? REPLY_UNKNOWN : reply_classify(line);
}

/* What it means for the oldest command. */
static enum reply_class exchange_judge(struct connection *connection)
{
    const struct window *window = &connection->window;
    const struct queued *head = window_head(window);

    if (!verdict_is_open(&connection->scanner, head->command))
        return REPLY_DONE;
    return verdict_of(&connection->scanner, head->command, queue_head_bytes(&window->queue));
}

static void exchange_later(struct connection *connection, struct backoff *pause)
{
    if (exchange_is_too_late(connection))
        exchange_give_up(connection);
    else
        exchange_retry(connection, pause);
}

/* The oldest command's answer, while commands flow or one probes. */
static void exchange_answer_head(struct connection *connection)
{
    enum reply_class class = exchange_judge(connection);
    enum reply_reaction reaction = reply_meanings[class].command;

    if (connection->state == CONNECTION_PROBING &&
        (reaction == REACT_DONE || reaction == REACT_REFUSE))
        exchange_resume(connection);
    switch (reaction) {
    case REACT_DONE:
        exchange_done(connection);
        break;
    case REACT_RETRY:
        exchange_later(connection, &connection->retry);
        break;
    case REACT_RETRY_SLOWLY:
        exchange_later(connection, &connection->sick);
        break;
    case REACT_RECONNECT:
        exchange_count(connection, RESULT_RETRIED);
        connection_lost(connection, "%s", connection->scanner.text);
        break;
    case REACT_REFUSE:
        exchange_refused(connection, class);
        break;
    }
}

/* Of all that was sent behind a refused command nothing counts: it is sent again. */
static void exchange_answer_passed(struct connection *connection, enum reply_class class)
{
    enum reply_reaction reaction = reply_meanings[class].command;

    if (reaction == REACT_RECONNECT) {
        connection_lost(connection, "%s", connection->scanner.text);
        return;
    }
    if (reaction == REACT_DONE)
        window_pass_done(&connection->window);
    else
        window_pass(&connection->window);
    exchange_pause_if_drained(connection);
}

static void exchange_answer_question(struct connection *connection, enum reply_class class)
{
    doubt_answered(connection, class);
    exchange_probe(connection);
}

static void exchange_answer_ping(struct connection *connection, enum reply_class class)
{
    connection->pinged = false;
    if (reply_meanings[class].command == REACT_RECONNECT)
        connection_lost(connection, "%s", connection->scanner.text);
    else if (connection->state == CONNECTION_DOUBTING)
        exchange_answer_question(connection, class);
}

/* One answer came; false: the connection is not what it was. */
static bool exchange_answer(struct connection *connection)
{
    struct window *window = &connection->window;
    enum reply_class class = exchange_classify(connection);

    if (connection->pinged) {
        exchange_answer_ping(connection, class);
        return connection_is_open(connection);
    }
    if (window_unanswered(window) == 0) {
        connection_lost(connection, "an answer without a command: %s",
                        connection->scanner.failed ? connection->scanner.text : "not an error");
        return false;
    }
    /* "ERR Protocol error" comes before the command is through, and the end of the stream next. */
    bool early = window_unanswered(window) == 1 && window->written < window->sent_end;
    if (early && !connection->scanner.failed) { /* nor can it be done by then */
        connection_lost(connection, "answered before the command was sent");
        return false;
    }
    if (connection->state == CONNECTION_DRAINING)
        exchange_answer_passed(connection, class);
    else
        exchange_answer_head(connection);
    if (early && connection_is_open(connection))
        connection_lost(connection, "answered before the command was sent");
    return connection_is_open(connection);
}

/* Scans what was read; false: the connection is gone. */
static bool exchange_scan(struct connection *connection)
{
    struct slice input = {connection->input, connection->input_length};

    while (input.length) {
        enum resp_result result = resp_scan(&connection->scanner, &input);
        if (result == RESP_MORE)
            break;
        if (result == RESP_BROKEN) {
            connection_lost(connection, "the answer is not Redis' protocol");
            return false;
        }
        if (!exchange_answer(connection))
            return false;
    }
    memmove(connection->input, input.data, input.length);
    connection->input_length = input.length;
    return true;
}

/* One read; true: there may be more. */
static bool exchange_read_once(struct connection *connection)
{
    size_t room = CONNECTION_INPUT_BYTES - connection->input_length;
    size_t got = traffic_read(connection, connection->input + connection->input_length, room);

    if (!got)
        return false;
    connection->input_length += got;
    return exchange_scan(connection) && got == room;
}

void exchange_read(struct connection *connection)
{
    for (unsigned i = 0; i < READS_A_TURN && connection_is_open(connection); i++)
        if (!exchange_read_once(connection))
            return;
}

/* --- silence ---------------------------------------------------------------------------------- */

static void exchange_ask(struct connection *connection)
{
    char question[QUESTION_BYTES];
    size_t length = doubt_question(connection, question);

    exchange_send_aside(connection, (struct slice){question, length});
}

static void exchange_check_idle(struct connection *connection)
{
    int64_t left_ms = CONNECTION_IDLE_MS - (clock_ms() - connection->progress_ms);
    int64_t timeout_ms = connection->setup->options->response_timeout;

    if (left_ms <= 0)
        exchange_send_aside(connection, SLICE(QUESTION_PING));
    else /* never longer than the timeout, which may begin to run any moment */
        connection_wake_in(connection, left_ms < timeout_ms ? left_ms : timeout_ms);
}

static void exchange_wake(struct connection *connection)
{
    if (connection->state == CONNECTION_PAUSED)
        exchange_probe(connection);
    else if (connection->state == CONNECTION_DOUBTING && !connection->pinged)
        exchange_ask(connection);
    else if (connection->pinged || window_unanswered(&connection->window) > 0 ||
             exchange_sendable(connection).length > 0)
        silence_check(connection);
    else
        exchange_check_idle(connection);
}

/* --- the driver ------------------------------------------------------------------------------- */

static bool exchange_lost(struct connection *connection)
{
    bool unanswered = connection->window.sent > 0;

    doubt_note(connection);
    window_rewind(&connection->window);
    return unanswered;
}

static size_t exchange_waiting(const struct connection *connection)
{
    return connection->window.queue.count;
}

const struct connection_driver exchange_driver = {
    .begin = exchange_begin,
    .read = exchange_read,
    .flush = exchange_flush,
    .wake = exchange_wake,
    .lost = exchange_lost,
    .waiting = exchange_waiting,
};
