/*
 * queue.h: encoded commands one behind the other, with a descriptor each.
 *
 *      bytes   | gone | ..committed.. | ..put, not committed.. | free
 *                     head            end                      tail
 *
 * The buffer is linear, so that any run of commands is one slice; the descriptors are a ring.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queued {
    uint32_t length; /* bytes */
    uint32_t ticket;
    uint32_t command;      /* index for metrics */
    uint32_t ordinal : 31; /* among the record's commands */
    uint32_t doubt : 1;    /* it was sent before and may have been carried out */
};

/** All zero: empty. */
struct queue {
    char *bytes;
    size_t capacity;
    size_t head, end, tail; /* offsets in bytes */
    struct queued *ring;
    size_t ring_capacity; /* a power of two */
    size_t first; /* the head's number, which no other command of the queue ever has; and its
                     place in the ring, below the capacity */
    size_t count, committed; /* commands, from the head on */
};

/** Gives the memory back. */
void queue_free(struct queue *queue);

/** The command @p index behind the head. */
static inline struct queued *queue_at(const struct queue *queue, size_t index)
{
    return &queue->ring[(queue->first + index) & (queue->ring_capacity - 1)];
}

/** The head as it was encoded; only while count > 0. */
static inline struct slice queue_head_bytes(const struct queue *queue)
{
    return (struct slice){queue->bytes + queue->head, queue_at(queue, 0)->length};
}

/** Any other one, in as much time as there are commands before it. */
struct slice queue_bytes_at(const struct queue *queue, size_t index);

/** Encodes one command behind the others, described by @p queued but for the length. */
void queue_put(struct queue *queue, const struct slice *arguments, size_t count,
               struct queued queued);

/** The commands put so far belong together and may be sent. */
static inline void queue_commit(struct queue *queue)
{
    queue->end = queue->tail;
    queue->committed = queue->count;
}

/** Takes back the commands put since the last queue_commit(). */
static inline void queue_rollback(struct queue *queue)
{
    queue->tail = queue->end;
    queue->count = queue->committed;
}

/** The head, which is committed, leaves. */
static inline void queue_pop(struct queue *queue)
{
    queue->head += queue_at(queue, 0)->length;
    queue->first++;
    queue->count--;
    queue->committed--;
}

/** It is empty, and begins at the front again; a buffer of more than @p ordinary bytes is given
 * back. */
void queue_restart(struct queue *queue, size_t ordinary);

/** Only the first @p count commands stay, of those that are committed. */
void queue_truncate(struct queue *queue, size_t count);

/** Takes out the committed commands from the one at @p from on that do not stay, as @p stays says
 * of each one in turn; it may not touch the queue. */
void queue_filter(struct queue *queue, size_t from,
                  bool (*stays)(void *context, size_t index, const struct queued *queued),
                  void *context);

/** Moves the commands from the one at @p from on, all of which are committed, to the end of @p
 * rest.
 */
void queue_split(struct queue *queue, size_t from, struct queue *rest);
