/* wakeup.h: librdkafka's sleep when its queue was full. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/** All zero: librdkafka needs no wakeups. */
struct wakeup {
    size_t limit_records, limit_bytes; /* where librdkafka stops reading ahead */
    size_t length;                     /* of the queue, when it was last looked at */
    bool full;                         /* it was nearly full, and librdkafka may sleep */
    int64_t due_ms, probe_due_ms;
    unsigned tries;   /* wakeups since it was full */
    unsigned answers; /* to wakeups, so far */
};

/** @p taken records were taken just now. */
void wakeup_look(struct source *source, size_t taken);

void wakeup_turn(struct source *source);

/** Milliseconds until wakeup_turn() may have something to do; INT64_MAX: only events matter. */
int64_t wakeup_next_ms(const struct source *source);
