/*
 * window.c: the commands of one connection that were put and not answered.
 *
 * The buffer is linear, so that what is to be sent is one slice. When its end is reached the live
 * bytes move to its beginning, and where less than a third is free then it grows: so each byte is
 * moved about twice at most. It grows with what is in flight, not with what may be, and shrinks
 * once empty after a giant.
 *
 * Invariants: head <= written <= sent_end <= committed_end <= tail <= capacity;
 * passed <= sent <= committed <= count; sent_end is where the sent commands end.
 */
#include "redis/window.h"

#include "base/mem.h"
#include "redis/resp.h"

#include <assert.h>
#include <stdlib.h>

enum { ORDINARY_WINDOWS = 3, LEAST_CAPACITY = 64 << 10, LEAST_RING = 256 };

void window_init(struct window *window, size_t limit_commands, size_t limit_bytes)
{
    *window = (struct window){.limit_commands = limit_commands, .limit_bytes = limit_bytes};
    window->ordinary_capacity = limit_bytes * ORDINARY_WINDOWS;
    if (window->ordinary_capacity < LEAST_CAPACITY)
        window->ordinary_capacity = LEAST_CAPACITY;
}

void window_free(struct window *window)
{
    free(window->bytes);
    free(window->ring);
    *window = (struct window){0};
}

static struct window_command *window_at(const struct window *window, size_t index)
{
    return &window->ring[(window->first + index) & (window->ring_capacity - 1)];
}

/* Moves the live bytes to the beginning of the buffer. */
static void window_compact(struct window *window)
{
    size_t shift = window->head;

    memmove(window->bytes, window->bytes + shift, window->tail - shift);
    window->head = 0;
    window->written -= shift;
    window->sent_end -= shift;
    window->committed_end -= shift;
    window->tail -= shift;
}

/* Room for @p bound bytes behind the tail. */
static void window_reserve(struct window *window, size_t bound)
{
    size_t wanted = window->capacity ? window->capacity : (size_t)LEAST_CAPACITY;

    if (window->head)
        window_compact(window);
    while (wanted < window->tail + bound || wanted - window->tail < wanted / 3)
        wanted *= 2;
    if (wanted == window->capacity)
        return;
    window->bytes = mem_resize(window->bytes, wanted);
    window->capacity = wanted;
}

static void window_grow_ring(struct window *window)
{
    size_t capacity = window->ring_capacity ? window->ring_capacity * 2 : LEAST_RING;
    struct window_command *ring = mem_array(capacity, sizeof(*ring));

    for (size_t i = 0; i < window->count; i++)
        ring[(window->first + i) & (capacity - 1)] = *window_at(window, i);
    free(window->ring);
    window->ring = ring;
    window->ring_capacity = capacity;
}

void window_put(struct window *window, const struct slice *arguments, size_t count,
                uint32_t command, uint32_t ticket)
{
    size_t bound = resp_bound(arguments, count);

    if (window->capacity - window->tail < bound)
        window_reserve(window, bound);
    if (window->count == window->ring_capacity)
        window_grow_ring(window);
    char *begin = window->bytes + window->tail;
    size_t length = (size_t)(resp_encode(begin, arguments, count) - begin);
    assert(length <= UINT32_MAX);
    *window_at(window, window->count) =
        (struct window_command){(uint32_t)length, ticket, command, false};
    window->tail += length;
    window->count++;
}

void window_rollback(struct window *window)
{
    window->tail = window->committed_end;
    window->count = window->committed;
}

void window_wrote(struct window *window, size_t length)
{
    window->written += length;
    assert(window->written <= window->committed_end);
    while (window->sent_end < window->written)
        window->sent_end += window_at(window, window->sent++)->length;
}

/* Nothing is in it: begin at the front again, and give back what a giant needed. */
static void window_restart(struct window *window)
{
    window->head = window->written = window->sent_end = window->committed_end = window->tail = 0;
    if (window->capacity <= window->ordinary_capacity)
        return;
    free(window->bytes);
    window->bytes = NULL;
    window->capacity = 0;
}

void window_pop(struct window *window)
{
    assert(window->sent > 0 && window->passed == 0);
    window->head += window_head(window)->length;
    if (window->written < window->head) /* answered before its last byte was sent */
        window->written = window->head;
    window->first++;
    window->count--;
    window->committed--;
    window->sent--;
    if (window->count == 0)
        window_restart(window);
}

void window_drop(struct window *window)
{
    assert(window->sent == 0 && window->committed > 0);
    window->head += window_head(window)->length;
    window->written = window->sent_end = window->head;
    window->first++;
    window->count--;
    window->committed--;
    if (window->count == 0)
        window_restart(window);
}

void window_pass_done(struct window *window)
{
    window_at(window, window->passed)->doubt = true;
    window_pass(window);
}

void window_visit_doubtful(const struct window *window,
                           void (*visit)(void *context, uint32_t ticket), void *context)
{
    for (size_t i = window->sent; i < window->committed; i++)
        if (window_at(window, i)->doubt)
            visit(context, window_at(window, i)->ticket);
}

void window_rewind(struct window *window)
{
    for (size_t i = window->passed; i < window->sent; i++)
        window_at(window, i)->doubt = true;
    window->written = window->sent_end = window->head;
    window->sent = window->passed = 0;
}

/* Moves the commands from @p index on down to place @p kept, their bytes down to @p kept_end. */
static void window_close_gap(struct window *window, size_t index, size_t kept, size_t kept_end)
{
    size_t staged = window->tail - window->committed_end;

    memmove(window->bytes + kept_end, window->bytes + window->committed_end, staged);
    window->committed = kept;
    window->committed_end = kept_end;
    for (; index < window->count; index++)
        *window_at(window, kept++) = *window_at(window, index);
    window->count = kept;
    window->tail = kept_end + staged;
}

/* The unsent commands at the front, which leave a head of another number. */
static void window_filter_front(struct window *window,
                                bool (*wanted)(void *context, uint32_t ticket),
                                void (*dropped)(void *context, uint32_t ticket), void *context)
{
    while (window->sent == 0 && window->committed > 0) {
        uint32_t ticket = window_head(window)->ticket;
        if (wanted(context, ticket))
            return;
        window_drop(window);
        dropped(context, ticket);
    }
}

void window_filter(struct window *window, bool (*wanted)(void *context, uint32_t ticket),
                   void (*dropped)(void *context, uint32_t ticket), void *context)
{
    window_filter_front(window, wanted, dropped, context);
    size_t index = window->sent, kept = index;
    size_t from = window->sent_end, kept_end = from;

    for (; index < window->committed; index++) {
        struct window_command command = *window_at(window, index);
        if (wanted(context, command.ticket)) {
            if (kept_end != from)
                memmove(window->bytes + kept_end, window->bytes + from, command.length);
            kept_end += command.length;
            *window_at(window, kept++) = command;
        } else {
            dropped(context, command.ticket);
        }
        from += command.length;
    }
    if (kept == index)
        return;
    window_close_gap(window, index, kept, kept_end);
    if (window->count == 0)
        window_restart(window);
}
