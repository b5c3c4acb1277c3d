/*
 * copies.h: records as they came, kept until their answers are in, in case one is refused.
 *
 *      | copy | copy | copy |     a chunk is filled from its front and used again when all the
 *      | copy | copy |            copies in it are released
 *
 * Answers come about in the order of the records, so chunks empty about in the order in which they
 * were filled. Belongs to one worker.
 */
#pragma once
#include "record/headers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct copy_chunk;

/** All zero but the limits is none. */
struct copies {
    struct copy_chunk *current; /* copies are added to it */
    struct copy_chunk *spare;   /* an empty one, kept for the next turn */
    size_t bytes;               /* of all chunks but the spare one */
    size_t limit_bytes;         /* beyond it copies_have_room() is false */
    size_t limit_value;         /* longer values are not kept: only their length */
};

struct copy {
    struct copy_chunk *chunk;
    uint32_t uses;
    int32_t partition;
    int64_t offset, timestamp_ms;
    const char *topic; /* borrowed from the source */
    struct slice key, value;
    size_t value_length; /* also where the value was not kept */
    struct headers headers;
};

/** Copies the record; it has one use. Goes over the limit rather than fail. */
struct copy *copy_new(struct copies *copies, const struct record *record);

/** The same in memory of its own, for one that will stay long: it keeps no chunk from being used
 * again. */
struct copy *copy_alone(struct copies *copies, const struct record *record);

/** One more copy_release() must come. */
static inline void copy_retain(struct copy *copy)
{
    copy->uses++;
}

/** Takes NULL. */
void copy_release(struct copy *copy);

/** The record again, without its owner. */
struct record copy_record(const struct copy *copy);

/** Whether the value was too long to be kept. */
static inline bool copy_is_cut(const struct copy *copy)
{
    return copy->value.length < copy->value_length;
}

static inline bool copies_have_room(const struct copies *copies)
{
    return copies->bytes < copies->limit_bytes;
}

/** Frees what is empty; copies that are still used are lost. */
void copies_free(struct copies *copies);
