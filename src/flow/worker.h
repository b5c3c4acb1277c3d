/* worker.h: one thread that takes records from Kafka, writes them to Redis and commits what Redis
 * has answered. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"
#include "flow/route.h"
#include "kafka/source.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct claimed_routes;
struct pauses;
struct plan;
struct worker;

enum { WORKER_HELD_SHOWN = 16, WORKER_WAITING_SHOWN = 4 };

/** A topic or pattern of the worker's source. */
struct worker_topic_status {
    const char *topic; /* as the file names it; lives as long as the configuration */
    enum topic_state state;
    bool bad; /* and that for long enough to complain */
    int64_t for_ms;
};

/** Partitions that are not read. */
struct worker_held {
    struct {
        char text[ERR_TEXT_BYTES]; /* "rides[3]: why" */
    } items[WORKER_HELD_SHOWN];
    size_t count; /* of all; the first WORKER_HELD_SHOWN are listed */
};

/** How a worker is, told by its own thread when it changes and at least once a second. */
struct worker_status {
    const char *source;        /* of the configuration */
    bool joined;               /* the group gave it an assignment */
    const char *kafka_trouble; /* NULL: Kafka answers */
    bool dead_letters;         /* some route of the worker may have them */
    const char *dlq_trouble;   /* NULL: they are delivered */
    struct {
        const char *sink;
        const char *trouble; /* NULL: commands flow */
    } * sinks;
    size_t sink_count;
    struct worker_topic_status *topics; /* that it ought to read */
    size_t topic_count;
    struct worker_held held, paused; /* because of a record or a server; by the operator alone */
    struct {
        char text[ERR_TEXT_BYTES]; /* "rides[3]: for what" */
    } waiting[WORKER_WAITING_SHOWN];
    size_t waiting_count; /* partitions of which nothing comes; not all are listed */
    struct source_warming warming;
};

struct worker_listener {
    void *context;
    /** Called on the worker's thread; @p status is borrowed for the call. */
    void (*status)(void *context, unsigned worker, const struct worker_status *status);
};

struct worker_options {
    struct plan *plan;
    const struct conf_source *source; /* of the plan's configuration */
    struct metrics *metrics;
    struct pauses *pauses;          /* of the process; NULL: nothing is ever paused */
    struct claimed_routes *claimed; /* by the process; NULL: nobody knows */
    struct worker_listener listener;
    unsigned number;             /* among all workers of the process */
    unsigned member;             /* among those of its source */
    struct source_range *ranges; /* what it replays, without the group; NULL: it is a member */
    size_t range_count;
    int64_t per_second; /* records that it may take; 0: any number */
};

/**
 * Sets up consumer and connections; nothing moves before worker_run(). @p options is copied, what
 * it points to is borrowed. Errors:  NULL.
 */
struct worker *worker_new(const struct worker_options *options, struct err *err);

/** Takes NULL. Call when worker_run() has returned. */
void worker_free(struct worker *worker);

/** Turns until worker_stop(), or all its ranges are replayed; false if it could not continue. */
bool worker_run(struct worker *worker, struct err *err);

/** Asks the worker to drain, commit and leave until @p deadline_ms (clock_ms). Any thread. */
void worker_stop(struct worker *worker, int64_t deadline_ms);

/**
 * Asks the worker to take another plan between two turns: records to come have it, those on their
 * way keep theirs. Partitions that are held are tried again, and certificate files are read again.
 * The plan has the same source with the same topics, the same sinks in the same order, and the
 * source's routes write to the same of them. Not before the former one was taken. Any thread.
 */
void worker_adopt(struct worker *worker, struct plan *plan);

/** Whether it was. Any thread. */
bool worker_has_adopted(const struct worker *worker, const struct plan *plan);

enum steer_wish {
    STEER_PAUSES, /* that the pauses have changed is carried out, as it soon is in any case */
    STEER_RETRY,  /* a held partition is tried again */
    STEER_SKIP    /* so is one, without the record that holds it */
};

enum steer_result {
    STEER_ELSEWHERE, /* the partition is not the worker's */
    STEER_DONE,
    STEER_REFUSED
};

/** What another thread asks of a worker. */
struct steer {
    enum steer_wish wish;
    const char *topic; /* of the partition; NULL: STEER_PAUSES may be about none */
    int32_t partition;
    int64_t offset; /* of the record to be skipped, as the operator knows it */
    /* the answer */
    enum steer_result result;
    unsigned paused;           /* partitions of the worker that are */
    char text[ERR_TEXT_BYTES]; /* what was done, or why not; empty: nothing is to be said */
};

/**
 * Asks the worker, which carries it out between two turns, and waits for its answer until @p
 * deadline_ms (clock_ms). False: none came, and nothing was or will be done. Any thread but the
 * worker's; a second one waits for the first.
 */
bool worker_steer(struct worker *worker, struct steer *steer, int64_t deadline_ms);

/** Once worker_run() returned: records it had begun that will be read again. */
size_t worker_left(const struct worker *worker);
