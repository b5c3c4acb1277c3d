/*
 * window.h: the commands of one connection that were put and not answered.
 *
 *      queue   | answered | ..sent.. | ..to send.. | ..put, not committed.. | free
 *                         head       written       end                      tail
 *
 * Sending again is moving the write position back to the head.
 */
#pragma once
#include "redis/queue.h"

/** Counts and bytes run from the head; a command is sent as soon as its first byte is. */
struct window {
    struct queue queue;
    size_t written, sent_end; /* bytes: those sent, and where the sent commands end */
    size_t sent;
    size_t passed; /* of the sent ones: answered, but to be sent again */
    size_t limit_commands, limit_bytes, ordinary_capacity;
};

void window_init(struct window *window, size_t limit_commands, size_t limit_bytes);

/** Other limits from now on; what is there stays. */
void window_limit(struct window *window, size_t limit_commands, size_t limit_bytes);

/** Gives the memory back. */
void window_free(struct window *window);

/** Below both limits: the next record's commands may be put, and may go over them. */
static inline bool window_has_room(const struct window *window)
{
    return window->queue.count < window->limit_commands &&
           window->queue.tail - window->queue.head < window->limit_bytes;
}

/** Encodes one command behind the others. */
static inline void window_put(struct window *window, const struct slice *arguments, size_t count,
                              uint32_t command, uint32_t ticket)
{
    queue_put(&window->queue, arguments, count,
              (struct queued){.ticket = ticket, .command = command});
}

/** What was put may be sent. */
static inline void window_commit(struct window *window)
{
    queue_commit(&window->queue);
}

/** What was put since the last window_commit() was never there. */
static inline void window_rollback(struct window *window)
{
    queue_rollback(&window->queue);
}

/** What may be sent and is not; data moves with the next window_put(). */
static inline struct slice window_unsent(const struct window *window)
{
    const struct queue *queue = &window->queue;
    size_t from = queue->head + window->written;

    return (struct slice){queue->bytes ? queue->bytes + from : NULL, queue->end - from};
}

/** The next @p length bytes of window_unsent() were sent. */
void window_wrote(struct window *window, size_t length);

/** The oldest command; only while count > 0. */
static inline const struct queued *window_head(const struct window *window)
{
    return queue_at(&window->queue, 0);
}

/** The oldest command, which is sent, is over and leaves the window. */
void window_pop(struct window *window);

/** The same, of a command of which nothing is sent; only while none is. */
void window_drop(struct window *window);

/** The next sent command that was not passed was answered, but will be sent again. */
static inline void window_pass(struct window *window)
{
    window->passed++;
}

/** It was carried out, and will be sent again all the same. */
void window_pass_done(struct window *window);

/** Commands sent whose answer has not come. */
static inline size_t window_unanswered(const struct window *window)
{
    return window->sent - window->passed;
}

/** Everything is to be sent again, from the head on. */
void window_rewind(struct window *window);

/** Tells of the committed commands of which no byte is sent, but was before, and which may have
 * been carried out. */
void window_visit_doubtful(const struct window *window,
                           void (*visit)(void *context, uint32_t ticket), void *context);

/**
 * Takes out the committed commands of which no byte is sent and that @p wanted refuses; each one is
 * told to @p dropped. Neither may touch the window.
 */
void window_filter(struct window *window, bool (*wanted)(void *context, uint32_t ticket),
                   void (*dropped)(void *context, uint32_t ticket), void *context);
