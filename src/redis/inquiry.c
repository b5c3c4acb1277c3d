/* inquiry.c: questions to a server and its answers, as a session (session.h). */
#include "redis/inquiry.h"

#include <stdio.h>

static struct inquiry *inquiry_of(struct session *session)
{
    return (struct inquiry *)session; /* its first member */
}

static const struct inquiry *inquiry_at(const struct session *session)
{
    return (const struct inquiry *)session;
}

static bool inquiry_break(struct inquiry *inquiry, const char *text)
{
    struct session *session = &inquiry->session;

    snprintf(session->trouble, sizeof(session->trouble), "%s", text);
    return false;
}

/* --- the connection --------------------------------------------------------------------------- */

static void inquiry_begin(struct session *session, const char *doubt)
{
    struct inquiry *inquiry = inquiry_of(session);

    (void)doubt; /* cut() suspects no question */
    inquiry->scanner = (struct resp_scanner){0};
    inquiry->heard = 0;
    /* Else the answer tells whether all is well. */
    inquiry->well = !inquiry->refused && !inquiry_count(inquiry);
}

/* What only asked need not be ended before it is asked again. */
static bool inquiry_lost(struct session *session)
{
    struct inquiry *inquiry = inquiry_of(session);

    window_rewind(&inquiry->window);
    if (!inquiry->events.lost)
        return false;
    while (inquiry_count(inquiry))
        window_drop(&inquiry->window);
    inquiry->events.lost(inquiry->events.context);
    return false;
}

static void inquiry_idle(struct session *session)
{
    const struct inquiry_events *events = &inquiry_of(session)->events;

    events->idle(events->context);
}

/* --- questions -------------------------------------------------------------------------------- */

void inquiry_ask(struct inquiry *inquiry, const struct slice *arguments, size_t count,
                 uint32_t ticket)
{
    window_put(&inquiry->window, arguments, count, 0, ticket);
    window_commit(&inquiry->window);
}

static struct slice inquiry_output(const struct session *session)
{
    return window_unsent(&inquiry_at(session)->window);
}

static void inquiry_sent(struct session *session, size_t length)
{
    window_wrote(&inquiry_of(session)->window, length);
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool inquiry_hear(struct inquiry *inquiry, struct slice part)
{
    const struct inquiry_events *events = &inquiry->events;
    struct err err;

    if (part.length && !events->hear(events->context, inquiry->heard, part, &err))
        return inquiry_break(inquiry, err.text);
    inquiry->heard += part.length;
    return true;
}

/* One answer came. */
static bool inquiry_take_answer(struct inquiry *inquiry)
{
    const struct inquiry_events *events = &inquiry->events;
    uint32_t ticket = window_head(&inquiry->window)->ticket;
    struct err err;

    if (!events->answered(events->context, ticket, &inquiry->scanner, &err)) {
        inquiry->refused = true;
        return inquiry_break(inquiry, err.text);
    }
    window_pop(&inquiry->window);
    inquiry->heard = 0;
    return true;
}

static bool inquiry_receive(struct session *session, struct slice *input)
{
    struct inquiry *inquiry = inquiry_of(session);

    while (input->length) {
        const char *before = input->data;
        if (!window_unanswered(&inquiry->window))
            return inquiry_break(inquiry, "an answer without a question");
        enum resp_result result = resp_scan(&inquiry->scanner, input);
        if (result == RESP_BROKEN)
            return inquiry_break(inquiry, "the answer is not Redis' protocol");
        if (!inquiry_hear(inquiry, (struct slice){before, (size_t)(input->data - before)}))
            return false;
        if (result == RESP_MORE)
            break;
        if (!inquiry_take_answer(inquiry))
            return false;
    }
    return true;
}

/* --- the session ------------------------------------------------------------------------------ */

static size_t inquiry_inflight(const struct session *session)
{
    return inquiry_count(inquiry_at(session));
}

static bool inquiry_waits(const struct session *session)
{
    return inquiry_inflight(session) > 0;
}

static bool inquiry_is_well(const struct session *session)
{
    return inquiry_at(session)->well;
}

static const struct session_ops inquiry_ops = {
    .begin = inquiry_begin,
    .lost = inquiry_lost,
    .output = inquiry_output,
    .sent = inquiry_sent,
    .receive = inquiry_receive,
    .waits = inquiry_waits,
    .is_well = inquiry_is_well,
    .inflight = inquiry_inflight,
    .idle = inquiry_idle,
};

void inquiry_init(struct inquiry *inquiry, const struct inquiry_events *events,
                  size_t limit_commands, size_t limit_bytes)
{
    *inquiry = (struct inquiry){.session = {.ops = &inquiry_ops}, .events = *events};
    window_init(&inquiry->window, limit_commands, limit_bytes);
}

void inquiry_free(struct inquiry *inquiry)
{
    window_free(&inquiry->window);
}
