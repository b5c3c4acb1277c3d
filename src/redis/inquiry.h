/*
 * inquiry.h: questions to a server and its answers, as a session (session.h).
 *
 * They go out and are answered in the order in which they were asked. An answer is told while it
 * comes, so that one of any size needs no room.
 */
#pragma once
#include "base/err.h"
#include "redis/resp.h"
#include "redis/session.h"
#include "redis/window.h"

struct inquiry_events {
    void *context;
    /** The next bytes of the answer to the oldest question, the first ones if @p from is 0.
     * False: it cannot be right, and the connection is given up. */
    bool (*hear)(void *context, size_t from, struct slice part, struct err *err);
    /** The answer is whole. False: the server cannot be asked now, or is the wrong one: the
     * connection is given up. It may ask. */
    bool (*answered)(void *context, uint32_t ticket, const struct resp_scanner *answer,
                     struct err *err);
    /** The connection is gone, or was not made, and no answer comes to what was asked. NULL: it is
     * asked again on the next one. */
    void (*lost)(void *context);
    /** Nothing was asked for a while: it may ask, or close the link. */
    void (*idle)(void *context);
};

struct inquiry {
    struct session session; /* first: what the link calls */
    struct inquiry_events events;
    struct window window; /* the questions */
    struct resp_scanner scanner;
    size_t heard; /* bytes of the answer that is coming */
    bool refused; /* by the last server that answered */
    bool well;    /* this one answers, or nothing waits for it */
};

/** For link_init(). */
void inquiry_init(struct inquiry *inquiry, const struct inquiry_events *events,
                  size_t limit_commands, size_t limit_bytes);

/** No answers come any more. */
void inquiry_free(struct inquiry *inquiry);

/** To be sent by link_send(). */
void inquiry_ask(struct inquiry *inquiry, const struct slice *arguments, size_t count,
                 uint32_t ticket);

/** Questions asked and not answered. */
static inline size_t inquiry_count(const struct inquiry *inquiry)
{
    return inquiry->window.queue.count;
}

/** The answer has shown that the server answers as it should. */
static inline void inquiry_recover(struct inquiry *inquiry)
{
    inquiry->refused = false;
    inquiry->well = true;
}
