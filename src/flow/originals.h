/*
 * originals.h: records kept as they came until their answers are in, in case one is refused.
 *
 * What is kept is the consumer's own message: nothing is copied and no header is looked at before
 * somebody asks. Belongs to one worker; everything is released before the source is freed.
 */
#pragma once
#include "kafka/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct original;

/** All zero but the limit is none. */
struct originals {
    struct original *free; /* to be used again */
    size_t bytes;          /* of what is kept */
    size_t limit_bytes;    /* beyond it originals_have_room() is false */
};

/** Takes record @p index out of the batch, which stays readable there until the last
 * original_release(); it has one use. Goes over the limit rather than fail. */
struct original *original_new(struct originals *originals, struct batch *batch, size_t index);

/** One more original_release() must come. */
void original_retain(struct original *original);

/** Takes NULL. */
void original_release(struct original *original);

/** The record again, without its owner; it borrows from what is kept, its topic's name from
 * @p partition. */
struct record original_record(const struct original *original,
                              const struct source_partition *partition);

static inline bool originals_have_room(const struct originals *originals)
{
    return originals->bytes < originals->limit_bytes;
}

/** Frees what is not used; all must be released. */
void originals_free(struct originals *originals);
