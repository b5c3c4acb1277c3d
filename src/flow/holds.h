/*
 * holds.h: the partitions of a worker that wait for a server while the others flow.
 *
 * Four things hold a partition for a while: its sink is away and another sink of the worker is
 * well; its dead letters cannot be delivered; a record cannot be decoded yet; or Redis refused a
 * command for a reason that the operator can mend (NOPERM), or that nobody knows. The first two end
 * when the server is back and the partition's records are answered, the third when they are
 * answered and some time has passed, the last one after a time, to try again. Belongs to one
 * worker.
 */
#pragma once
#include "conf/conf.h"
#include "kafka/source.h"
#include "redis/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOLD_AWAY_MS = 2000,  /* a sink in trouble for so long is away */
    HOLD_DECODE_MS = 500, /* what cannot be decoded yet is tried again so often */
    HOLD_RETRY_MS = 30000 /* an operator's mistake is tried again so often */
};

struct hold {
    struct source_partition *partition;
    int64_t until_ms; /* 0: until the sink is back, or the letters are delivered */
    bool settles;     /* and until the partition's records are answered */
    bool dlq;
    unsigned sink;
};

/** Since when a record of the partition is answered in a way that nobody knows; kept while the
 * partition comes and goes. */
struct hold_wait {
    const struct source_partition *partition; /* only compared */
    int64_t offset, since_ms;
};

/** What is not set is zero. */
struct holds {
    const struct conf *conf;
    /* By the configuration's order; NULL: not used. Borrowed. */
    struct sink **sinks;
    struct hold *items;
    size_t count, capacity;
    struct hold_wait *waits;
    size_t wait_count, wait_capacity;
};

void holds_free(struct holds *holds);

/** Holds the partition until @p until_ms. */
void holds_until(struct holds *holds, struct source_partition *partition, int64_t until_ms,
                 const struct source_reason *reason);

/** How long the record at @p offset has waited so; 0: it begins now, and what waited in its
 * partition before is over. */
int64_t holds_waited_ms(struct holds *holds, struct source_partition *partition, int64_t offset,
                        int64_t now_ms);

/** Holds the partition, and says so, if sink @p index is away and another is well. */
bool holds_for_sink(struct holds *holds, unsigned index, struct source_partition *partition,
                    int64_t now_ms);

/** Holds the partition until its letters are delivered. */
void holds_for_dlq(struct holds *holds, struct source_partition *partition, const char *reason);

/** Holds the partition, a record of which cannot be decoded yet, to try again. */
void holds_for_decoding(struct holds *holds, struct source_partition *partition, int64_t now_ms,
                        const struct source_reason *reason);

/** What waits for a time waits no longer than until the partition's records are answered. False: it
 * waits for something else, and goes on by itself. */
bool holds_retry(struct holds *holds, struct source_partition *partition, int64_t now_ms);

/** The partition is no longer ours, or was released. */
void holds_forget(struct holds *holds, const struct source_partition *partition);

/** Releases what need not wait any longer. */
void holds_turn(struct holds *holds, int64_t now_ms);
