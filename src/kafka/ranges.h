/* ranges.h: chooses the ranges of a replay, for tools: it joins no group, and blocks. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"
#include "kafka/source.h"

#include <stddef.h>
#include <stdint.h>

enum range_point_kind { POINT_START, POINT_END, POINT_OFFSET, POINT_TIME };

/** An edge of a range: the start or end that a log has now, an offset, or the first record of that
 * time or later (milliseconds since 1970). */
struct range_point {
    enum range_point_kind kind;
    int64_t value;
};

/** One partition's range, as an operator writes it. */
struct range_wish {
    const char *topic;
    int32_t number;
    int64_t from, to;
};

struct ranges_question {
    const char *topic; /* NULL: each that the routes read */
    const int32_t *partitions;
    size_t partition_count; /* 0: all */
    struct range_point from, to;
    const struct range_wish *wishes; /* if there are any, they say all of the above */
    size_t wish_count;
};

/** One that was found, and what is known of its log. */
struct range_found {
    const char *topic;
    int32_t number;
    int64_t from, to;   /* within the log; equal: there is nothing */
    int64_t gone;       /* records that were wanted and are below the log's start */
    int64_t start, end; /* of the log */
    int64_t committed;  /* by the group; -1: nothing */
};

struct ranges;

/** By topic and number. Errors: NULL, ERR_RETRY if Kafka does not answer, ERR_CONFIG if the
 * question does not fit what is there. */
struct ranges *ranges_find(const struct conf *conf, const struct conf_source *source,
                           const struct ranges_question *question, struct err *err);

/** Takes NULL. */
void ranges_free(struct ranges *ranges);

const struct range_found *ranges_all(const struct ranges *ranges, size_t *count);

/** Reads the first @p limit records of the first ranges that have some, fewer if Kafka is slow;
 * each is borrowed for the call. */
void ranges_peek(struct ranges *ranges, size_t limit,
                 void (*visit)(void *context, struct record *record), void *context);
