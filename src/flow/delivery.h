/*
 * delivery.h: one record on one route, from its first command to its last answer.
 *
 * A delivery is named by a number that travels with its commands through the sink and comes back
 * with their answers. Belongs to one worker.
 */
#pragma once
#include "flow/originals.h"
#include "kafka/source.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delivery {
    struct source_ticket record;
    int64_t offset, timestamp_ms;
    uint32_t route;
    uint32_t pending;   /* answers to come */
    uint32_t contested; /* of them: refusals of which streams are asked */
    uint32_t later;     /* how often Redis said "later" to one of its commands */
    bool open;
    bool refused; /* a command was refused for good and the route skips such records */
    bool dead;    /* a command was refused for good and the record becomes a dead letter */
    bool doubt;   /* a command may have been carried out before it is sent again */
    bool dropped; /* a command was never sent, since the partition is no longer ours */
    bool held;    /* it stops its partition: it stays open until the partition goes */
    uint32_t next_free;
    uint64_t
        left_out; /* bit N: command N of its rendering was not put, it is carried out already */
    struct original *original; /* the record, while it may become a dead letter; else NULL */
};

/** All zero is none. */
struct deliveries {
    struct delivery *items;
    size_t count, capacity;
    uint32_t free; /* 1 + the first free one; 0: none */
};

void deliveries_free(struct deliveries *deliveries);

/** Opens one that waits for @p pending answers; its number. */
uint32_t delivery_open(struct deliveries *deliveries, struct source_ticket record,
                       const struct record *bytes, uint32_t route, uint32_t pending);

/** Closes it; its number may be given out again. */
void delivery_close(struct deliveries *deliveries, uint32_t number);
