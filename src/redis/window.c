/*
 * window.c: the commands of one connection that were put and not answered.
 *
 * Invariants: written <= sent_end, which is where the sent commands end; passed <= sent, all of
 * them committed.
 */
#include "redis/window.h"

#include <assert.h>

enum { ORDINARY_WINDOWS = 3, LEAST_ORDINARY = 64 << 10 };

void window_init(struct window *window, size_t limit_commands, size_t limit_bytes)
{
    *window = (struct window){0};
    window_limit(window, limit_commands, limit_bytes);
}

void window_limit(struct window *window, size_t limit_commands, size_t limit_bytes)
{
    window->limit_commands = limit_commands;
    window->limit_bytes = limit_bytes;
    window->ordinary_capacity = limit_bytes * ORDINARY_WINDOWS;
    if (window->ordinary_capacity < LEAST_ORDINARY)
        window->ordinary_capacity = LEAST_ORDINARY;
}

void window_free(struct window *window)
{
    queue_free(&window->queue);
    *window = (struct window){0};
}

void window_wrote(struct window *window, size_t length)
{
    window->written += length;
    assert(window->queue.head + window->written <= window->queue.end);
    while (window->sent_end < window->written)
        window->sent_end += queue_at(&window->queue, window->sent++)->length;
}

/* The head leaves; when nothing is left, what a giant needed is given back. */
static void window_advance(struct window *window)
{
    queue_pop(&window->queue);
    if (window->queue.count == 0)
        queue_restart(&window->queue, window->ordinary_capacity);
}

void window_pop(struct window *window)
{
    size_t length = window_head(window)->length;

    assert(window->sent > 0 && window->passed == 0);
    /* It may be answered before its last byte is sent. */
    window->written = window->written > length ? window->written - length : 0;
    window->sent_end -= length;
    window->sent--;
    window_advance(window);
}

void window_drop(struct window *window)
{
    assert(window->sent == 0 && window->queue.committed > 0);
    window_advance(window);
}

void window_pass_done(struct window *window)
{
    queue_at(&window->queue, window->passed)->doubt = true;
    window_pass(window);
}

void window_visit_doubtful(const struct window *window,
                           void (*visit)(void *context, uint32_t ticket), void *context)
{
    for (size_t i = window->sent; i < window->queue.committed; i++) {
        const struct queued *queued = queue_at(&window->queue, i);
        if (queued->doubt)
            visit(context, queued->ticket);
    }
}

void window_rewind(struct window *window)
{
    for (size_t i = window->passed; i < window->sent; i++)
        queue_at(&window->queue, i)->doubt = true;
    window->written = window->sent_end = 0;
    window->sent = window->passed = 0;
}

struct filter {
    bool (*wanted)(void *context, uint32_t ticket);
    void (*dropped)(void *context, uint32_t ticket);
    void *context;
};

static bool filter_keeps(void *context, size_t index, const struct queued *queued)
{
    const struct filter *filter = context;

    (void)index;
    if (filter->wanted(filter->context, queued->ticket))
        return true;
    filter->dropped(filter->context, queued->ticket);
    return false;
}

/* Those at the front leave one by one, so that the next head has a number of its own. */
void window_filter(struct window *window, bool (*wanted)(void *context, uint32_t ticket),
                   void (*dropped)(void *context, uint32_t ticket), void *context)
{
    struct filter filter = {wanted, dropped, context};
    size_t from = window->sent;

    while (window->sent == 0 && window->queue.committed > 0 && from == 0) {
        if (filter_keeps(&filter, 0, window_head(window)))
            from = 1;
        else
            window_drop(window);
    }
    queue_filter(&window->queue, from, filter_keeps, &filter);
}
