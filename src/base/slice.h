/* slice.h: bytes that somebody else owns. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** Any bytes, not ended by NUL. data is NULL for null (a null key, a tombstone's value), which is
 * not empty. */
struct slice {
    const char *data;
    size_t length;
};

/** A slice of a string literal. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

/** For printf's "%.*s"; a NUL in the text ends it early. */
#define SLICE_ARGS(slice) (int)(slice).length, (slice).data

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_is(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_of(text));
}
