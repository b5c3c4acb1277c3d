/*
 * fuzz_reader.c: any bytes as the answers of the control plane: bounded whatever they announce.
 *
 * The first byte says how long the pieces are in which they come.
 */
#include "redis/reader.h"

#include <assert.h>
#include <hiredis.h>
#include <stdint.h>
#include <stdlib.h>

enum { ELEMENTS = 64, BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_elements(const redisReply *reply)
{
    size_t count = 1;

    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        count += count_elements(reply->element[i]);
    return count;
}

static bool take_replies(struct reader *reader)
{
    redisReply *reply;
    struct err err;

    while (reader_next(reader, &reply, &err)) {
        if (!reply)
            return true;
        assert(count_elements(reply) <= ELEMENTS + 1);
        freeReplyObject(reply);
    }
    assert(err.kind == ERR_RETRY && err.text[0]);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader *reader = reader_new((struct reader_limits){ELEMENTS, BYTES});
    size_t piece = size ? data[0] % 16u + 1 : 1;
    struct err err;

    for (size_t at = 1; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        if (!reader_feed(reader, (struct slice){(const char *)data + at, length}, &err) ||
            !take_replies(reader))
            break;
    }
    reader_free(reader);
    return 0;
}
