/*
 * reader.h: answers as hiredis reads them, bounded before they are believed.
 *
 * hiredis reserves room for as many elements as an array's header announces, and keeps whatever
 * comes until an answer is whole. Here each header is looked at first: one that announces more than
 * it may ends the conversation. For answers that are few and are read (handshakes, questions); the
 * data path has resp.h.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct redisReply;
struct reader;

/** What one answer may be, all that is nested in it included. */
struct reader_limits {
    size_t elements, bytes;
};

struct reader *reader_new(struct reader_limits limits);

/** Takes NULL. */
void reader_free(struct reader *reader);

/** Takes what came. False, ERR_RETRY: no Redis, or it announces more than the limits. */
bool reader_feed(struct reader *reader, struct slice bytes, struct err *err);

/** The next whole answer, for freeReplyObject(); *reply NULL: it has not come. False as above. */
bool reader_next(struct reader *reader, struct redisReply **reply, struct err *err);
