/* body.h: the body of an HTTP request, out of its pieces (RFC 9112 6 and 7.1). */
#pragma once
#include "app/request.h"

#include <stddef.h>

enum { BODY_BYTES = 16384 }; /* a longer one is refused */

/** What comes next: bytes of the body or of a chunk, a line of the chunked coding, or nothing. */
enum body_part { BODY_PLAIN, BODY_CHUNK, BODY_SIZE, BODY_CHUNK_END, BODY_TRAILER, BODY_WHOLE };

struct body {
    enum body_part part;
    size_t left;     /* of BODY_PLAIN and BODY_CHUNK */
    size_t overhead; /* bytes of the coding */
    size_t length;
    char *bytes; /* with a NUL behind them; NULL: none came */
};

/** The body that the head of @p request announces. Returns 200, or 413 if it is too long. */
int body_begin(struct body *body, const struct request *request);

/**
 * Takes what it can from the front of @p in, and says how much that was in @p used: what it leaves
 * is the beginning of a line, or follows the body. Returns 100 while more must come, 200 if the
 * body is whole, 400 if it is malformed or 413 if it is too long.
 */
int body_take(struct body *body, struct slice in, size_t *used);

/** Frees the bytes. */
void body_clear(struct body *body);
