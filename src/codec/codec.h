/* codec.h: bytes to tree, one file a format. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "record/record.h"
#include "record/value.h"

#include <stdio.h>

/** A row of codecs.def. */
struct codec {
    const char *name;
    const char *help; /* one sentence for the reference page */
    /**
     * The tree of @p bytes in @p arena. The pointer is NULL for a format that has no inside.
     * Errors:  NULL and ERR_RECORD, with the byte where the text went wrong, never the payload.
     */
    const struct value *(*decode)(struct slice bytes, struct arena *arena, struct err *err);
};

/** The format called @p name; NULL where there is none. */
const struct codec *codec_find(const char *name);

/** All formats in the order of codecs.def. */
const struct codec *const *codec_all(size_t *count);

/** Writes docs/reference/formats.md from the rows. */
void codec_write_reference(FILE *out);

/** The tree of the record's value by @p codec, decoded at the first call. NULL and ERR_RECORD where
 * it does not decode. */
const struct value *codec_value_tree(struct record *record, const struct codec *codec,
                                     struct arena *arena, struct err *err);

/** The same of the key. A null key is ERR_RECORD. */
const struct value *codec_key_tree(struct record *record, const struct codec *codec,
                                   struct arena *arena, struct err *err);
