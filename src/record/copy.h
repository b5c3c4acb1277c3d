/* copy.h: a record that outlives its source's bytes. */
#pragma once
#include "record/headers.h"

#include <stdbool.h>
#include <stddef.h>

/** One block of memory: what the record refers to lies behind it. */
struct copy {
    struct record record; /* without its owner; the topic's name is borrowed as it was */
    struct headers headers;
    size_t value_length; /* also if the value was left out */
    size_t bytes;        /* of the whole block */
};

/** A value longer than @p limit_value is left out: only its length is kept. Takes a record whose
 * headers can be counted. */
struct copy *copy_new(const struct record *record, size_t limit_value);

/** Takes NULL. */
void copy_free(struct copy *copy);

/** Whether the value was too long. */
static inline bool copy_is_cut(const struct copy *copy)
{
    return copy->record.value.length < copy->value_length;
}
