/* worker_parts.h: what a worker is made of; shared by the files of the worker alone:
 * worker.c, failure.c, streams.c, exactly.c, drain.c, setup.c and status.c. */
#pragma once
#include "base/arena.h"
#include "flow/delivery.h"
#include "flow/durability.h"
#include "flow/holds.h"
#include "flow/letters.h"
#include "flow/originals.h"
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
};

struct worker {
    struct worker_options options;
    struct event_base *base;
    struct event *timer, *stop_event;
    int stop_fd;
    _Atomic int64_t stop_at_ms; /* 0: not asked */
    _Atomic bool reload_asked;
    bool stopping, discards;
    int64_t hopeless_since_ms; /* while it stops: since when no answer can come; 0: one can */
    struct source *source;
    struct sink **sinks;      /* by the configuration's order; NULL: no route of ours uses it */
    struct streams **streams; /* streams.c's, of the same sinks; NULL: none was asked yet */
    struct units **units;     /* the same for exactly-once routes */
    struct claimed *claims;   /* exactly.c's, of all partitions */
    struct claimed *claimed;  /* of the record in hand; NULL: it goes the ordinary way */
    struct metrics_worker *metrics;
    struct deliveries deliveries;
    struct holds holds;
    struct durability durability;
    struct letters *letters;     /* NULL: no route of ours has on_error = "dlq" */
    struct originals *originals; /* of the records in flight of such routes, by the routes' sinks,
                                    so that one that is away leaves the others room */
    struct original *original;   /* the record in hand; NULL: it is not kept */
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
    struct batch batch;
};

/* The events of sinks and source, in worker.c. */
void worker_done(void *context, uint32_t number);
void worker_refused(void *context, uint32_t number, enum reply_class class, const char *text);
bool worker_wanted(void *context, uint32_t number);
void worker_dropped(void *context, uint32_t number);
void worker_doubtful(void *context, uint32_t number);
void worker_suspected(void *context, uint32_t number, const char *text);
bool worker_is_settled(void *context, const struct source_partition *partition);
int64_t worker_patience(void *context, uint32_t number);
void *worker_topic(void *context, const char *topic);
void worker_gone(void *context, struct source_partition *partition);

enum { WORKER_CLIENT_NAME_BYTES = 128 };

/** What CLIENT LIST shows of the worker's connections to a sink: "penstock:SINK:WORKER". */
void worker_client_name(const struct worker *worker, const struct conf_sink *sink,
                        char name[WORKER_CLIENT_NAME_BYTES]);

/** What worker_reload() asked for. */
void worker_reload_sinks(struct worker *worker);

/** Opens the delivery of the record in hand to one route, with so many answers to come. */
uint32_t worker_open(struct worker *worker, struct source_ticket ticket,
                     const struct record *record, const struct route *route, size_t pending);

/** One answer less to come. */
void worker_answered(struct worker *worker, uint32_t number);

/** The command was refused when so many answers of its delivery were to come, itself among them; in
 * failure.c. */
void worker_reject(struct worker *worker, uint32_t number, uint32_t to_come, enum reply_class class,
                   const char *text);

/** Nothing is known of a command, so its partition is read again; in failure.c. */
void worker_read_again(struct worker *worker, uint32_t number, const char *why);

/** A command of an at-most-once record may have been carried out, and is not sent again; in
 * failure.c. */
void worker_lose(struct worker *worker, uint32_t number);

/** The record in hand ends so on the route. */
void worker_end(struct worker *worker, const struct route *route, enum outcome outcome,
                const char *error);

/** The record in hand is on its way: its endings count; in failure.c. */
void worker_tell_endings(struct worker *worker, const struct record *record);

/** It was taken back: none of its endings came true; in failure.c. */
void worker_void_endings(struct worker *worker);

/** Why a record never became commands. */
struct failure {
    enum stage stage;
    const char *text;
};

/** One route cannot take the record in hand; in failure.c. False: it stops its partition. */
bool worker_failed(struct worker *worker, const struct record *record, struct source_ticket ticket,
                   const struct route *route, const struct failure *failure);

/** The route has stopped, so the record in hand stops its partition; in failure.c. Always false. */
bool worker_stopped(struct worker *worker, const struct record *record, struct source_ticket ticket,
                    const struct route *route);

/** Whether one more record of the partition may become a dead letter; in failure.c. Where too many
 * of them cannot be delivered the partition is held. */
bool worker_can_fail(struct worker *worker, struct source_partition *partition);

/** Keeps the record in hand for a delivery that may fail; in failure.c. */
void worker_keep(struct worker *worker, const struct route *route, uint32_t number);

/** The delivery will not fail any more. */
void worker_let_go(struct worker *worker, uint32_t number);

/** What letters_new() wants to know; in failure.c. */
struct letters_events worker_letters_events(struct worker *worker);

/* Ends the wait for answers that cannot come, in drain.c. */
void drain_turn(struct worker *worker);

/* Tells the listener how the worker is, in status.c. */
void worker_tell(struct worker *worker);
