/*
 * resp.h: commands as bytes, and where a reply ends (RESP2,
 * https://redis.io/docs/reference/protocol-spec).
 *
 * The scanner passes over replies and keeps nothing of them but the text of the first error and
 * what kinds of elements there were, so a reply of any size needs no more room than its longest
 * line.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESP_DEPTH = 4,          /* arrays in arrays */
    RESP_LINE_BYTES = 32768, /* longest line, its CRLF included */
    RESP_ERROR_BYTES = 512   /* what is kept of an error's text, its NUL included */
};

/** Bytes that resp_encode() needs at most. */
size_t resp_bound(const struct slice *arguments, size_t count);

/** Writes one command at @p out, where resp_bound() bytes are free; returns its end. */
char *resp_encode(char *out, const struct slice *arguments, size_t count);

enum resp_result {
    RESP_REPLY, /* one reply ended */
    RESP_MORE,  /* the rest has not come yet */
    RESP_BROKEN /* this is not RESP2: nothing behind it can be trusted */
};

/** What a reply held, an array's elements and itself. A text "[...]" of nulls, which is how
 * RedisJSON answers for several values, is an array of nils. */
enum resp_kind {
    RESP_VALUE = 1 << 0, /* a status, a text, an integer above 0, an error */
    RESP_ZERO = 1 << 1,
    RESP_NEGATIVE = 1 << 2, /* an integer below 0 */
    RESP_NIL = 1 << 3,
    RESP_ARRAY = 1 << 4,
    RESP_KINDS = 1 << 5 /* so many sets of them */
};

/** All zero: at the beginning of a reply. */
struct resp_scanner {
    uint64_t bulk;             /* bytes of a bulk string still to pass, with its CRLF */
    uint32_t left[RESP_DEPTH]; /* elements still to come in each open array */
    unsigned depth;            /* open arrays */
    unsigned kinds;            /* of enum resp_kind: what the reply held so far */
    bool nulls;                /* of the bulk string to pass, so far all bytes are of "[null]" */
    bool failed;               /* the reply is an error or holds one */
    bool nested;               /* the error is an element of an array */
    size_t text_length;
    char text[RESP_ERROR_BYTES]; /* the first error's line without '-', CRLF and what reply_hide()
                                    hides, with a NUL */
};

/**
 * Passes over what has come of one reply and moves @p input behind it. With RESP_MORE the bytes
 * left in @p input (an unfinished line) must be there again, longer, at the next call. After
 * RESP_REPLY, kinds tells what it held, failed, nested and text of its error, until the next call.
 */
enum resp_result resp_scan(struct resp_scanner *scanner, struct slice *input);
