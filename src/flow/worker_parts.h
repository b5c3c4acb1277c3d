/*
 * worker_parts.h: what a worker is made of; shared by the files of the worker alone. None of them
 * calls one that stands before it:
 *
 *      run.c -> adopt.c -> setup.c -> worker.c -> stream_refusals.c -> failure.c -> exactly.c
 *                                                                               -> delivery.c
 *                                              -> drain.c, status.c, steer.c
 */
#pragma once
#include "base/arena.h"
#include "flow/delivery.h"
#include "flow/dlq.h"
#include "flow/durability.h"
#include "flow/holds.h"
#include "flow/mailbox.h"
#include "flow/originals.h"
#include "flow/pace.h"
#include "flow/tolerance.h"
#include "flow/worker.h"
#include "kafka/source.h"
#include "redis/sink.h"
#include "redis/units.h"

#include <event2/event.h>
#include <stdatomic.h>

/** How the record in hand ends on a route that sends nothing of it: filtered, dropped, or a dead
 * letter. It counts, and is told, once all routes have had the record: one that holds its partition
 * takes it back. */
struct ending {
    const struct route *route;
    enum outcome outcome;
    const char *error; /* in the arena; NULL: filtered */
    bool skipped;      /* dropped by the operator */
};

struct worker {
    struct worker_options options;
    struct worker_plan *plan; /* for the records to come; its older ones are those in flight */
    struct event_base *base;
    struct event *timer, *wake;
    int wake_fd;                    /* eventfd: written when another thread wants something */
    _Atomic int64_t stop_at_ms;     /* 0: not asked */
    _Atomic(struct plan *) offered; /* to be taken; NULL: none */
    _Atomic(struct plan *) adopted;
    struct mailbox mailbox;
    unsigned pauses_version; /* that was carried out */
    bool stopping, discards;
    int64_t hopeless_since_ms; /* while it stops: since when no answer can come; 0: one can */
    struct source *source;
    struct sink **sinks; /* by the configuration's order; NULL: no route of ours uses it */
    struct stream_refusals **stream_refusals; /* of the same sinks; NULL: none yet */
    struct claim *claim; /* of the record in hand; NULL: it goes the ordinary way */
    struct metrics_worker *metrics;
    struct deliveries deliveries;
    struct holds holds;
    struct durability durability;
    struct dlq *dlq;             /* NULL: no route of ours has on_error = "dlq" */
    struct originals *originals; /* of the records in flight of such routes, by the routes' sinks,
                                    so that one that is away leaves the others room */
    struct original *original;   /* the record in hand; NULL: it is not kept */
    struct trace trace;          /* of the record in hand, */
    bool traced;                 /* if it has one, and we looked */
    bool untraced;               /* no record of the last batch had one */
    unsigned trace_looks;        /* how many records more of this batch we look at for a trace */
    struct arena arena;
    struct rendering rendering;
    uint32_t *opened; /* deliveries of the record in hand, as many as there are routes */
    size_t opened_count;
    struct ending *endings; /* of the record in hand, as many as there are routes */
    size_t ending_count;
    struct topic_routes **topics; /* handed out to the source, kept until the end */
    size_t topic_count, topic_capacity;
    int64_t now_ms, wall_ms, status_due_ms; /* the clocks, read once a turn */
    bool status_changed;
    struct pace pace;
    struct batch batch;
};

static inline const struct conf *worker_conf(const struct worker *worker)
{
    return worker->plan->shared->conf;
}

/* One turn: the whole pipe, in worker.c. */
bool worker_turn(struct worker *worker, struct err *err);

/* Takes the plan that is offered, if one is, in adopt.c. */
bool adopt_turn(struct worker *worker, struct err *err);

/* Opens the way for dead letters, if the plan wants one and the worker has none yet, in setup.c. */
bool worker_open_dlq(struct worker *worker, struct err *err);

/* The source's events, in worker.c. */
bool worker_is_settled(void *context, const struct source_partition *partition);
void *worker_topic(void *context, const char *topic);
void worker_gone(void *context, struct source_partition *partition);

/* Ends the wait for answers that cannot come, in drain.c. */
void drain_turn(struct worker *worker);

/* Whether the operator has paused the partition, in steer.c. */
bool worker_is_paused(void *context, const struct source_partition *partition);

/* Carries out what was asked, if something was, in steer.c. */
void steer_turn(struct worker *worker);

/* Tries all partitions again that wait for the operator, in steer.c. */
void steer_retry_all(struct worker *worker);

/* Tells the listener how the worker is, in status.c. */
void worker_tell(struct worker *worker);
