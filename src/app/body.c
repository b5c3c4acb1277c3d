/*
 * body.c: the body of an HTTP request, out of its pieces (RFC 9112 6 and 7.1).
 *
 * Its length is limited, and so is what the chunked coding adds to it: a client that sends a byte a
 * chunk, or trailers without end, is refused. Extensions of chunks and trailers mean nothing here
 * and are discarded. A line ends in CRLF and nothing else: what one server takes for the end of a
 * body must be it for another one, too.
 */
#include "app/body.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

enum { LINE_BYTES = 256, OVERHEAD_BYTES = 8192 };

int body_begin(struct body *body, const struct request *request)
{
    *body = (struct body){.part = BODY_WHOLE};
    if (!request->has_body)
        return 200;
    if (request->length > BODY_BYTES)
        return 413;
    body->part = request->chunked ? BODY_SIZE : BODY_PLAIN;
    body->left = (size_t)request->length;
    return 200;
}

void body_clear(struct body *body)
{
    free(body->bytes);
    *body = (struct body){.part = BODY_WHOLE};
}

static size_t body_copy(struct body *body, struct slice in)
{
    size_t size = in.length < body->left ? in.length : body->left;

    if (!body->bytes)
        body->bytes = mem_alloc(BODY_BYTES + 1);
    memcpy(body->bytes + body->length, in.data, size);
    body->length += size;
    body->left -= size;
    if (!body->left)
        body->part = body->part == BODY_PLAIN ? BODY_WHOLE : BODY_CHUNK_END;
    return size;
}

/* "1a" or "1a;extension". */
static int body_size(struct body *body, struct slice line)
{
    size_t size = 0, digits = 0;

    for (; digits < line.length && text_hex_digit(line.data[digits]) >= 0; digits++) {
        size = size * 16 + (size_t)text_hex_digit(line.data[digits]);
        if (size > BODY_BYTES - body->length)
            return 413;
    }
    if (!digits || (digits < line.length && line.data[digits] != ';'))
        return 400;
    body->left = size;
    body->part = size ? BODY_CHUNK : BODY_TRAILER;
    return 100;
}

static int body_line(struct body *body, struct slice line)
{
    if (memchr(line.data, '\r', line.length) || memchr(line.data, '\n', line.length) ||
        memchr(line.data, '\0', line.length))
        return 400;
    if (body->part == BODY_SIZE)
        return body_size(body, line);
    if (body->part == BODY_TRAILER) {
        body->part = line.length ? BODY_TRAILER : BODY_WHOLE;
        return 100;
    }
    body->part = BODY_SIZE; /* behind a chunk nothing but the end of its line */
    return line.length ? 400 : 100;
}

/* A whole line, or 0 bytes if its end has not come yet. */
static int body_take_line(struct body *body, struct slice in, size_t *used)
{
    const char *end = memmem(in.data, in.length < LINE_BYTES ? in.length : LINE_BYTES, "\r\n", 2);
    size_t length = end ? (size_t)(end - in.data) : 0;

    *used = end ? length + 2 : 0;
    body->overhead += *used;
    if (body->overhead > OVERHEAD_BYTES)
        return 413;
    if (!end)
        return in.length < LINE_BYTES ? 100 : 400;
    return body_line(body, (struct slice){in.data, length});
}

int body_take(struct body *body, struct slice in, size_t *used)
{
    size_t step = 1;
    int status = 100;

    for (*used = 0; status == 100 && step && body->part != BODY_WHOLE && *used < in.length;
         *used += step) {
        struct slice rest = {in.data + *used, in.length - *used};
        if (body->part == BODY_PLAIN || body->part == BODY_CHUNK)
            step = body_copy(body, rest);
        else
            status = body_take_line(body, rest, &step);
    }
    return status == 100 && body->part == BODY_WHOLE ? 200 : status;
}
