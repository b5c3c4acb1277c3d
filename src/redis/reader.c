/* reader.c: answers as hiredis reads them, bounded before they are believed. */
#include "redis/reader.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 32 << 10 };

struct reader {
    struct redisReader *hiredis;
    struct reader_limits limits;
    char line[LINE_BYTES]; /* the beginning of the line in hand */
    size_t line_length;
    size_t bulk;     /* bytes still to come of a bulk string, with its CRLF */
    size_t due;      /* elements still to come of the answer in hand; 0: none is in hand */
    size_t elements; /* that it has announced */
    size_t bytes;    /* that came of it, or are announced */
};

struct reader *reader_new(struct reader_limits limits)
{
    struct reader *reader = mem_new(struct reader);

    reader->limits = limits;
    reader->hiredis = redisReaderCreate();
    return reader;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    redisReaderFree(reader->hiredis);
    free(reader);
}

/* --- what is announced ------------------------------------------------------------------------ */

static bool reader_is_stranger(char type, struct err *err)
{
    char shown[16];

    snprintf(shown, sizeof(shown), isprint((unsigned char)type) ? "\"%c\"" : "\"\\x%02x\"",
             (unsigned char)type);
    return err_set(err, ERR_RETRY,
                   "the other side does not speak Redis' protocol: Protocol error, got %s as reply "
                   "type byte",
                   shown);
}

static bool reader_announce_elements(struct reader *reader, int64_t count, struct err *err)
{
    if ((uint64_t)count > reader->limits.elements - reader->elements)
        return err_set(err, ERR_RETRY,
                       "an answer of %lld elements: more than the %zu that can be right here",
                       (long long)count, reader->limits.elements);
    reader->elements += (size_t)count;
    reader->due += (size_t)count;
    return true;
}

static bool reader_announce_bytes(struct reader *reader, int64_t length, struct err *err)
{
    if ((uint64_t)length > reader->limits.bytes - reader->bytes)
        return err_set(err, ERR_RETRY,
                       "an answer of %lld bytes: more than the %zu that can be right here",
                       (long long)length, reader->limits.bytes);
    reader->bytes += (size_t)length;
    return true;
}

/* The line in hand is whole: what does it announce? It ends by CRLF alone, as hiredis has it: else
 * the two would not agree on where the next one begins. */
static bool reader_take_line(struct reader *reader, struct err *err)
{
    struct slice number = {reader->line + 1, reader->line_length - 2};
    char type = reader->line[0];
    int64_t value;

    if (!number.length || number.data[number.length - 1] != '\r')
        return err_set(err, ERR_RETRY,
                       "the answer is not Redis' protocol: a line feed without a carriage return");
    number.length--;
    reader->line_length = 0;
    reader->due--;
    if (type != '*' && type != '$')
        return true;
    if (!text_integer(number, &value) || value < -1)
        return err_set(err, ERR_RETRY, "the answer is not Redis' protocol: a length is no number");
    if (value < 0)
        return true;
    if (type == '*')
        return reader_announce_elements(reader, value, err);
    reader->bulk = 2;
    if (!reader_announce_bytes(reader, value, err))
        return false;
    reader->bulk += (size_t)value;
    return true;
}

/* Takes a line, or as much of it as there is. */
static bool reader_pass_line(struct reader *reader, struct slice *bytes, struct err *err)
{
    const char *feed = memchr(bytes->data, '\n', bytes->length);
    size_t length = feed ? (size_t)(feed - bytes->data) + 1 : bytes->length;

    if (!reader->line_length && !strchr("+-:$*", bytes->data[0] ? bytes->data[0] : 'x'))
        return reader_is_stranger(bytes->data[0], err);
    if (!reader->due) {
        reader->due = 1;
        reader->elements = reader->bytes = 0;
    }
    if (length > LINE_BYTES - reader->line_length)
        return err_set(err, ERR_RETRY, "an answer with a line of more than %d bytes", LINE_BYTES);
    if (!reader_announce_bytes(reader, (int64_t)length, err))
        return false;
    memcpy(reader->line + reader->line_length, bytes->data, length);
    reader->line_length += length;
    bytes->data += length;
    bytes->length -= length;
    return !feed || reader_take_line(reader, err);
}

static void reader_pass_bulk(struct reader *reader, struct slice *bytes)
{
    size_t length = reader->bulk < bytes->length ? reader->bulk : bytes->length;

    reader->bulk -= length;
    bytes->data += length;
    bytes->length -= length;
}

/* --- the two calls ---------------------------------------------------------------------------- */

bool reader_feed(struct reader *reader, struct slice bytes, struct err *err)
{
    struct slice left = bytes;

    while (left.length) {
        if (reader->bulk)
            reader_pass_bulk(reader, &left);
        else if (!reader_pass_line(reader, &left, err))
            return false;
    }
    return redisReaderFeed(reader->hiredis, bytes.data, bytes.length) == REDIS_OK ||
           err_set(err, ERR_RETRY, "%s", reader->hiredis->errstr);
}

bool reader_next(struct reader *reader, struct redisReply **reply, struct err *err)
{
    void *found = NULL;

    *reply = NULL;
    if (redisReaderGetReply(reader->hiredis, &found) != REDIS_OK)
        return err_set(err, ERR_RETRY, "the other side does not speak Redis' protocol: %s",
                       reader->hiredis->errstr);
    *reply = found;
    return true;
}
