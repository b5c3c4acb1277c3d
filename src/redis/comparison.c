/*
 * comparison.c: whether a server answers a question with certain bytes.
 *
 * The answer is compared while it comes. An error that says "later" or "not here" ends the
 * connection: the same is asked on the next one, after a backoff.
 */
#include "redis/comparison.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/inquiry.h"
#include "redis/link.h"
#include "redis/reply.h"

#include <stdlib.h>
#include <sys/queue.h>

#define EMPTY "*0\r\n"

/* What the answer to a question is compared with. */
struct expectation {
    struct slice bytes;
    STAILQ_ENTRY(expectation) next;
};

struct comparison {
    const struct connection_setup *setup;
    struct comparison_events events;
    struct link link;
    struct inquiry inquiry;
    STAILQ_HEAD(, expectation) expectations; /* of each question, in order */
    size_t expected_bytes;                   /* of all of them */
    bool differs, empty;                     /* the answer that is coming, so far */
};

/* --- answers ---------------------------------------------------------------------------------- */

static bool begins_at(struct slice text, size_t from, struct slice part)
{
    return from + part.length <= text.length &&
           memcmp(text.data + from, part.data, part.length) == 0;
}

static bool comparison_hear(void *context, size_t from, struct slice part, struct err *err)
{
    struct comparison *comparison = context;
    struct slice expected = STAILQ_FIRST(&comparison->expectations)->bytes;

    (void)err;
    if (from == 0) {
        comparison->differs = false;
        comparison->empty = true;
    }
    comparison->differs |= !begins_at(expected, from, part);
    comparison->empty &= begins_at(SLICE(EMPTY), from, part);
    return true;
}

static enum comparison_answer comparison_result(const struct comparison *comparison, bool failed)
{
    size_t expected = STAILQ_FIRST(&comparison->expectations)->bytes.length;

    if (failed)
        return COMPARISON_REFUSED;
    if (comparison->empty)
        return COMPARISON_EMPTY;
    bool whole = comparison->inquiry.heard == expected;
    return whole && !comparison->differs ? COMPARISON_SAME : COMPARISON_OTHER;
}

static void comparison_forget_first(struct comparison *comparison)
{
    struct expectation *expectation = STAILQ_FIRST(&comparison->expectations);

    STAILQ_REMOVE_HEAD(&comparison->expectations, next);
    comparison->expected_bytes -= expectation->bytes.length;
    free((char *)expectation->bytes.data);
    free(expectation);
}

static bool comparison_answered(void *context, uint32_t ticket, const struct resp_scanner *answer,
                                struct err *err)
{
    struct comparison *comparison = context;
    struct slice line = {answer->text, answer->text_length};

    if (answer->failed && !reply_is_final(reply_classify(line)))
        return err_set(err, ERR_RETRY, "%s", answer->text);
    enum comparison_answer result = comparison_result(comparison, answer->failed);
    inquiry_recover(&comparison->inquiry);
    comparison_forget_first(comparison);
    comparison->events.answered(comparison->events.context, ticket, result,
                                answer->failed ? answer->text : "");
    return true;
}

/* --- questions -------------------------------------------------------------------------------- */

static bool is_closed(const struct comparison *comparison)
{
    return !comparison->link.connection.setup;
}

static void comparison_idle(void *context)
{
    struct comparison *comparison = context;

    connection_close(&comparison->link.connection);
}

void comparison_ask(struct comparison *comparison, const struct slice *arguments, size_t count,
                    struct slice expected, uint32_t ticket)
{
    struct expectation *expectation = mem_new(struct expectation);

    if (is_closed(comparison)) /* numbered behind those of the data and the barrier's */
        link_open(&comparison->link, comparison->setup,
                  (unsigned)comparison->setup->options->connections + 1);
    expectation->bytes = expected;
    STAILQ_INSERT_TAIL(&comparison->expectations, expectation, next);
    comparison->expected_bytes += expected.length;
    inquiry_ask(&comparison->inquiry, arguments, count, ticket);
}

bool comparison_has_room(const struct comparison *comparison)
{
    const struct window *window = &comparison->inquiry.window;

    return is_closed(comparison) ||
           (window_has_room(window) && comparison->expected_bytes < window->limit_bytes);
}

void comparison_turn(struct comparison *comparison)
{
    if (!is_closed(comparison))
        link_send(&comparison->link);
}

void comparison_renew(struct comparison *comparison)
{
    if (!is_closed(comparison))
        connection_renew(&comparison->link.connection);
}

const char *comparison_run_id(const struct comparison *comparison)
{
    return comparison->link.connection.run_id;
}

const char *comparison_trouble(const struct comparison *comparison)
{
    const struct connection *connection = &comparison->link.connection;

    return inquiry_count(&comparison->inquiry) && connection->told ? connection->trouble : NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct comparison *comparison_new(const struct connection_setup *setup,
                                  const struct comparison_events *events)
{
    struct comparison *comparison = mem_new(struct comparison);
    struct inquiry_events inquiry_events = {
        .context = comparison,
        .hear = comparison_hear,
        .answered = comparison_answered,
        .idle = comparison_idle,
    };

    comparison->setup = setup;
    comparison->events = *events;
    STAILQ_INIT(&comparison->expectations);
    inquiry_init(&comparison->inquiry, &inquiry_events, (size_t)setup->options->window_commands,
                 (size_t)setup->options->window_bytes);
    link_init(&comparison->link, &comparison->inquiry.session);
    return comparison;
}

void comparison_free(struct comparison *comparison)
{
    if (!comparison)
        return;
    connection_close(&comparison->link.connection);
    inquiry_free(&comparison->inquiry);
    while (!STAILQ_EMPTY(&comparison->expectations))
        comparison_forget_first(comparison);
    free(comparison);
}
