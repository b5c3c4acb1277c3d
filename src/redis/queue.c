/*
 * queue.c: encoded commands one behind the other, with a descriptor each.
 *
 * When the buffer's end is reached the live bytes move to its beginning, and if less than a
 * third is free then it grows: so each byte is moved about twice at most. It grows with what is in
 * it, not with what may be.
 *
 * Invariants: head <= end <= tail <= capacity; committed <= count <= ring_capacity.
 */
#include "redis/queue.h"

#include "base/mem.h"
#include "redis/resp.h"

#include <assert.h>
#include <stdlib.h>

enum { LEAST_CAPACITY = 512, LEAST_RING = 16 };

void queue_free(struct queue *queue)
{
    free(queue->bytes);
    free(queue->ring);
    *queue = (struct queue){0};
}

/* --- putting ---------------------------------------------------------------------------------- */

/* Room for @p bound bytes behind the tail. */
static void queue_reserve(struct queue *queue, size_t bound)
{
    size_t wanted = queue->capacity ? queue->capacity : (size_t)LEAST_CAPACITY;
    size_t spare = queue->head ? wanted / 3 : 0, shift = queue->head;

    if (shift)
        memmove(queue->bytes, queue->bytes + shift, queue->tail - shift);
    queue->head = 0;
    queue->end -= shift;
    queue->tail -= shift;
    while (wanted - queue->tail < bound || wanted - queue->tail < spare)
        wanted *= 2;
    if (wanted == queue->capacity)
        return;
    queue->bytes = mem_resize(queue->bytes, wanted);
    queue->capacity = wanted;
}

static void queue_grow_ring(struct queue *queue)
{
    size_t capacity = queue->ring_capacity ? queue->ring_capacity * 2 : LEAST_RING;
    struct queued *ring = mem_array(capacity, sizeof(*ring));

    for (size_t i = 0; i < queue->count; i++)
        ring[(queue->first + i) & (capacity - 1)] = *queue_at(queue, i);
    free(queue->ring);
    queue->ring = ring;
    queue->ring_capacity = capacity;
}

/* Makes room for @p bound bytes and one descriptor more, and returns it. */
static inline char *queue_room(struct queue *queue, size_t bound)
{
    if (queue->capacity - queue->tail < bound)
        queue_reserve(queue, bound);
    if (queue->count == queue->ring_capacity)
        queue_grow_ring(queue);
    return queue->bytes + queue->tail;
}

void queue_put(struct queue *queue, const struct slice *arguments, size_t count,
               struct queued queued)
{
    char *begin = queue_room(queue, resp_bound(arguments, count));
    size_t length = (size_t)(resp_encode(begin, arguments, count) - begin);

    assert(length <= UINT32_MAX);
    queued.length = (uint32_t)length;
    *queue_at(queue, queue->count) = queued;
    queue->tail += length;
    queue->count++;
}

/* --- taking out ------------------------------------------------------------------------------- */

/* Where the command at @p index begins. */
static size_t queue_offset(const struct queue *queue, size_t index)
{
    size_t offset = queue->head;

    for (size_t i = 0; i < index; i++)
        offset += queue_at(queue, i)->length;
    return offset;
}

struct slice queue_bytes_at(const struct queue *queue, size_t index)
{
    return (struct slice){queue->bytes + queue_offset(queue, index),
                          queue_at(queue, index)->length};
}

void queue_restart(struct queue *queue, size_t ordinary)
{
    queue->head = queue->end = queue->tail = 0;
    queue->count = queue->committed = 0;
    if (queue->capacity <= ordinary)
        return;
    free(queue->bytes);
    queue->bytes = NULL;
    queue->capacity = 0;
}

void queue_truncate(struct queue *queue, size_t count)
{
    queue->end = queue->tail = queue_offset(queue, count);
    queue->committed = queue->count = count;
}

/* The committed commands end with the one before @p committed, at @p end; what is put moves down to
 * them. */
static void queue_close_gap(struct queue *queue, size_t committed, size_t end)
{
    size_t staged = queue->tail - queue->end, count = committed;

    memmove(queue->bytes + end, queue->bytes + queue->end, staged);
    for (size_t i = queue->committed; i < queue->count; i++)
        *queue_at(queue, count++) = *queue_at(queue, i);
    queue->committed = committed;
    queue->count = count;
    queue->end = end;
    queue->tail = end + staged;
}

void queue_filter(struct queue *queue, size_t from,
                  bool (*stays)(void *context, size_t index, const struct queued *queued),
                  void *context)
{
    size_t kept = from, begin = queue_offset(queue, from), end = begin;

    for (size_t i = from; i < queue->committed; i++) {
        struct queued queued = *queue_at(queue, i);
        if (stays(context, i, &queued)) {
            if (end != begin)
                memmove(queue->bytes + end, queue->bytes + begin, queued.length);
            end += queued.length;
            *queue_at(queue, kept++) = queued;
        }
        begin += queued.length;
    }
    if (kept < queue->committed)
        queue_close_gap(queue, kept, end);
}

void queue_split(struct queue *queue, size_t from, struct queue *rest)
{
    size_t begin = queue_offset(queue, from);

    for (size_t i = from; i < queue->committed; i++) {
        struct queued queued = *queue_at(queue, i);
        memcpy(queue_room(rest, queued.length), queue->bytes + begin, queued.length);
        *queue_at(rest, rest->count++) = queued;
        rest->tail += queued.length;
        begin += queued.length;
    }
    queue_commit(rest);
    queue_truncate(queue, from);
}
