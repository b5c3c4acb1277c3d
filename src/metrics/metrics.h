/*
 * metrics.h: every count that penstock keeps.
 *
 * A worker counts in plain integers that only it touches, and publishes a copy of them all once a
 * turn; a scrape reads whole copies. So the counts of one scrape belong together: in every one of
 * them matched = written + filtered + dropped + dead_lettered + returned + in flight.
 * Partitions come and go; their gauges are a list that only grows, of atomics that one worker
 * writes.
 */
#pragma once
#include "base/trace.h"
#include "metrics/histogram.h"
#include "metrics/problems.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The enums of the labels whose values are known beforehand: enum outcome and others. */
#define DIMENSION(dimension, type, label, ...) type{__VA_ARGS__ dimension##_COUNT};
#define VALUE(constant, word)                  constant,
#include "metrics/labels.def"
#undef DIMENSION
#undef VALUE

/** "decode", ... */
const char *metrics_stage_name(enum stage stage);

/** What is known at the start; borrowed, and lives as long as the metrics. */
struct metrics_shape {
    unsigned workers;
    const char *const *commands; /* by command.index; one more series is "other" */
    size_t command_count;
    const char *librdkafka, *hiredis; /* versions */
};

/** A record whose latency fell into a bucket, and where its trace is to be found. */
struct exemplar {
    struct trace trace;
    int64_t latency_ms;
    int64_t at_ms; /* since 1970; 0: there was none */
};

/** The newest one of each bucket. */
struct exemplars {
    struct exemplar items[HISTOGRAM_BUCKETS + 1];
    bool fresh; /* changed since they were published */
};

struct route_counters {
    uint64_t matched;
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t inflight;
    uint64_t letters, letters_waiting;
    uint64_t skipped; /* of the dropped ones, those by the operator */
    uint64_t errors[STAGE_COUNT];
    struct histogram latency; /* Kafka timestamp to Redis ack, seconds */
    uint64_t latency_unmeasured;
    struct exemplars *exemplars; /* of the latency */
};

struct sink_counters {
    uint64_t reconnects, logins_refused, sent_bytes, received_bytes;
    uint64_t units, units_unsettled; /* of exactly-once delivery */
    uint64_t connections_up;         /* gauge */
    uint64_t round_trips, round_trip_us;
    uint64_t barriers[BARRIER_COUNT];
    uint64_t errors[32]; /* by metrics_error_label() */
    uint64_t *commands;  /* [command][enum command_result] */
};

struct source_counters {
    uint64_t rebalances[REBALANCE_COUNT];
    uint64_t commits[COMMIT_COUNT];
    uint64_t errors, logins_refused;
    uint64_t fenced;
    uint64_t replaced;                   /* logs */
    uint64_t workers, connected, joined; /* gauges: 1 of each worker for which it is so */
    uint64_t holds[HOLD_COUNT];          /* gauges: its partitions that are held for this reason */
};

struct topic_counters {
    uint64_t states[TOPIC_STATE_COUNT]; /* gauges: 1 of each worker that sees it so */
};

/** One worker's own counts: plain, written by the worker alone. Those of its routes, sinks and
 * topics are found by name. */
struct metrics_worker {
    struct source_counters source;
    struct metrics *metrics;
    unsigned number;
};

/** One assigned partition's gauges: one writer, any reader, relaxed. */
struct partition_gauges {
    struct partition_gauges *next; /* immutable once in the list */
    const char *topic;             /* owned by the gauges */
    int32_t partition;
    _Atomic bool assigned;
    _Atomic bool held, paused; /* for another reason than the operator's pause; by that */
    _Atomic bool lag_unknown;  /* Kafka has not told the end for a while */
    _Atomic uint64_t consumed_records, consumed_bytes, lost_records;
    _Atomic int64_t position_offset;   /* the next to take; -1 unknown */
    _Atomic int64_t acked_offset;      /* behind what is answered; -1 unknown */
    _Atomic int64_t committed_offset;  /* what Kafka acknowledged; -1 unknown */
    _Atomic int64_t end_offset;        /* high watermark; -1 unknown */
    _Atomic int64_t unstable;          /* offsets that wait for the end of a transaction */
    _Atomic int64_t startup_records;   /* from where it began to the end of then; -1 unknown */
    _Atomic int64_t startup_remaining; /* of these, not yet acknowledged; -1 unknown */
    _Atomic int64_t oldest_ms; /* Kafka timestamp of the oldest record not acknowledged; -1 none */
};

struct metrics;

struct metrics *metrics_new(const struct metrics_shape *shape);
void metrics_free(struct metrics *metrics);

/*
 * Each makes the series of a name appear, at 0, before anybody counts. The name is copied. Any
 * thread.
 */
void metrics_add_route(struct metrics *metrics, const char *route);
void metrics_add_sink(struct metrics *metrics, const char *sink);
void metrics_add_topic(struct metrics *metrics, const char *source, const char *topic);

/** The counts of worker @p number; its thread alone may touch them. */
struct metrics_worker *metrics_worker(struct metrics *metrics, unsigned number);

/**
 * A record was written. Its Kafka timestamp tells how long that took, unless it cannot be when the
 * record came into Kafka: none (-1), of the future, or longer ago than seven days. A producer may
 * set any time, such as the birthday of a customer. A trace that was sampled becomes the exemplar
 * of the bucket; NULL: it has none.
 */
void metrics_latency(struct route_counters *route, int64_t timestamp_ms, int64_t now_ms,
                     const struct trace *trace);

/**
 * Makes the worker's counts visible; called by its thread at the end of a turn. Never waits: while
 * a scrape is copying them it leaves them as they are, and the next turn makes up for it.
 */
void metrics_publish(struct metrics_worker *worker);

/** The gauges of one partition; the same object again for the same worker, topic and partition. */
struct partition_gauges *metrics_partition(struct metrics_worker *worker, const char *topic,
                                           int32_t partition);

/*
 * The worker's counts of a route, a sink, a topic: the same object again for the same name, for as
 * long as the metrics live. A name that is new gets a series of its own.
 */
struct route_counters *metrics_route(struct metrics_worker *worker, const char *route);
struct sink_counters *metrics_sink(struct metrics_worker *worker, const char *sink);
struct topic_counters *metrics_topic(struct metrics_worker *worker, const char *source,
                                     const char *topic);

/** One more problem of the worker's records; as problems_add(). */
void metrics_problem(struct metrics_worker *worker, enum problem_kind kind, const char *topic,
                     int32_t partition, int64_t offset, const char *route, const char *reason);

/** Those of all workers. */
struct problems *metrics_problems(const struct metrics *metrics);

/** What penstock says of itself when asked for /readyz and /startupz. Any thread. */
void metrics_set_health(struct metrics *metrics, bool ready, bool startup_over);

/** The configuration was read again. @p restart_needed: it has changes that wait for a restart.
 * Any thread. */
void metrics_reloaded(struct metrics *metrics, enum reload_result result, bool restart_needed);

/** Logins that Kafka and Redis have refused to all workers so far. Any thread. */
uint64_t metrics_logins_refused(const struct metrics *metrics);

/** The index for sink_counters.errors of a label that reply_label() gave. */
size_t metrics_error_index(const char *label);

enum metrics_format { METRICS_TEXT /* of Prometheus, 0.0.4 */, METRICS_OPENMETRICS /* 1.0.0 */ };

/** Writes every family. Any thread. */
void metrics_write(const struct metrics *metrics, enum metrics_format format, FILE *out);

/** Writes the reference page of all families (docs/reference/metrics.md). */
void metrics_write_reference(FILE *out);

/** Sums over the workers, for status lines. Any thread. */
struct metrics_totals {
    uint64_t written, inflight, lag_records;
    double lag_seconds;
    unsigned partitions, held, paused;
};
void metrics_totals(const struct metrics *metrics, struct metrics_totals *totals);
