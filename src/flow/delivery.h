/*
 * delivery.h: one record on one route, from its first command to its last answer.
 *
 * A delivery is named by a ticket that travels with its commands to Redis and comes back with their
 * answers. Belongs to one worker.
 */
#pragma once
#include "base/log.h"
#include "flow/originals.h"
#include "flow/plan.h"
#include "flow/route.h"
#include "kafka/source.h"
#include "metrics/metrics.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/** What a line of the log says of a record that went wrong on a route. */
#define LOG_FAILURE(partition, offset, trace, route, text)                                         \
    LOG_STR("topic", source_partition_topic(partition)),                                           \
        LOG_INT("partition", source_partition_number(partition)), LOG_INT("offset", (offset)),     \
        LOG_TRACE(trace), LOG_STR("route", (route)->conf->name), LOG_STR("error", (text))

struct delivery {
    struct source_ticket record;
    int64_t offset, timestamp_ms;
    struct worker_plan *plan; /* that it began with */
    uint32_t route;           /* in that */
    uint32_t pending;         /* answers to come */
    uint32_t contested;       /* of them: refusals of which streams are asked */
    uint32_t later;           /* how often Redis said "later" to one of its commands */
    bool open;
    bool refused;        /* a command was refused for good and the route skips such records */
    bool dead;           /* a command was refused for good and the record becomes a dead letter */
    bool doubt;          /* a command may have been carried out before it is sent again */
    bool dropped;        /* a command was not sent: its partition is no longer ours, or the record
                            was taken back */
    bool held;           /* it stops its partition: it stays open until the partition goes */
    struct trace *trace; /* that the record is part of; NULL: none, or we did not look */
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

/** An open one: a closed one's ticket may be another's by now. */
static inline struct delivery *delivery_at(const struct deliveries *deliveries, uint32_t ticket)
{
    struct delivery *delivery = &deliveries->items[ticket];

    assert(delivery->open);
    return delivery;
}

static inline const struct route *delivery_route(const struct delivery *delivery)
{
    return &delivery->plan->shared->routes->items[delivery->route];
}

static inline struct route_counters *delivery_counters(const struct delivery *delivery)
{
    return delivery->plan->counters[delivery->route];
}

/** Opens the delivery of the record in hand to one route; no answers are to come yet. */
uint32_t delivery_open(struct worker *worker, struct source_ticket source_ticket,
                       const struct record *record, const struct route *route);

/** One answer less to come; behind the last one it is closed, unless it stops its partition. */
void delivery_answered(struct worker *worker, uint32_t ticket);

/** The record of the delivery, or one that never became one, is dropped. */
void delivery_log_drop(struct worker *worker, const struct source_partition *partition,
                       int64_t offset, const struct trace *trace, const struct route *route,
                       const char *text);

#define SKIPPED "skipped by the operator"

/** The operator skips a record that was sent and refused, and holds its partition: it is done with.
 * False: none of it was sent. */
bool delivery_skip(struct worker *worker, const struct source_partition *partition, int64_t offset);

/** The delivery will not fail any more. */
void delivery_let_go(struct worker *worker, uint32_t ticket);

/** The partition went: what is open of it and waits for nothing is closed. */
void delivery_close_all(struct worker *worker, const struct source_partition *partition);

/* --- events of sinks, units and letters --- */
void delivery_done(void *context, uint32_t ticket);
bool delivery_wanted(void *context, uint32_t ticket);
void delivery_dropped(void *context, uint32_t ticket);
void delivery_doubtful(void *context, uint32_t ticket);
