/* kick.h: librdkafka's sleep when its queue was full. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/** All zero: librdkafka needs no kicks. */
struct kick {
    size_t limit_records, limit_bytes; /* where librdkafka stops reading ahead */
    size_t length;                     /* of the queue, when it was last looked at */
    bool full;                         /* it was nearly full, and librdkafka may sleep */
    int64_t due_ms, knock_due_ms;
    unsigned tries;   /* kicks since it was full */
    unsigned answers; /* to kicks, so far */
};

/** @p taken records were taken just now. */
void kick_look(struct source *source, size_t taken);

void kick_turn(struct source *source);

/** Milliseconds until kick_turn() may have something to do; INT64_MAX: only events matter. */
int64_t kick_next_ms(const struct source *source);
