/* codec.h: bytes to tree, one file a format. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "record/record.h"
#include "record/value.h"

#include <stdio.h>

struct conf_route;

/** A row of codecs.def. */
struct codec {
    const char *name;
    const char *help; /* one sentence for the reference page */
    /**
     * What decoding the keys, or the values, of a route needs beside their bytes. The pointer is
     * NULL for a format that needs nothing.
     * Errors:  NULL and ERR_CONFIG.
     */
    void *(*open)(const struct conf_route *route, struct err *err);
    /**
     * The tree of @p bytes in @p arena. The pointer is NULL for a format that has no inside.
     * Errors:  NULL and ERR_RECORD, with the byte where the text went wrong, never the payload; or
     *          ERR_RETRY: not yet. The partition then waits, and the record is read again.
     * Threads: any worker, at any time, without waiting for anything.
     */
    const struct value *(*decode)(void *state, struct slice bytes, struct arena *arena,
                                  struct err *err);
    /** Frees what open() made. */
    void (*close)(void *state);
};

/** A codec, opened for the keys or the values of a route. */
struct decoder {
    const struct codec *codec;
    void *state; /* of open(); NULL: it needs none */
};

/** Errors:  false and ERR_CONFIG; @p decoder stays as it was. */
bool decoder_open(struct decoder *decoder, const struct codec *codec,
                  const struct conf_route *route, struct err *err);

/** Also of one that was not opened, all zero. */
void decoder_close(struct decoder *decoder);

/** The format called @p name; NULL if there is none. */
const struct codec *codec_find(const char *name);

/** All formats in the order of codecs.def. */
const struct codec *const *codec_all(size_t *count);

/** Writes docs/reference/formats.md from the rows. */
void codec_write_reference(FILE *out);

/** The tree of the record's value by @p decoder, decoded at the first call. Errors: NULL, and as
 * codec->decode(). */
const struct value *codec_value_tree(struct record *record, const struct decoder *decoder,
                                     struct arena *arena, struct err *err);

/** The same of the key. A null key is ERR_RECORD. */
const struct value *codec_key_tree(struct record *record, const struct decoder *decoder,
                                   struct arena *arena, struct err *err);
