/*
 * metrics.c: every count that penstock keeps.
 *
 * A worker's counts are published by copying them under a mutex that the worker only tries: a
 * scrape holds it for as long as its own copying takes. A sequence lock would do too, but its
 * reader may starve, and its words must be atomics; here both sides copy plain memory.
 */
#include "metrics/metrics.h"

#include "base/clock.h"
#include "base/mem.h"
#include "metrics/slots.h"
#include "metrics/snapshot.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct source_counters) % sizeof(uint64_t) == 0, "sources are whole words");

/* Older than Kafka keeps records by default, or ahead by more than clocks differ. */
enum { LATENCY_LONGEST_MS = 7 * 24 * 3600 * 1000, LATENCY_AHEAD_MS = 60 * 1000 };

/* What one worker counts in one slot; NULL if it has nothing to count there. */
struct counts {
    uint64_t *own;       /* its thread's */
    uint64_t *published; /* with the mutex */
    size_t words;
    struct exemplars *exemplars, *told; /* of a route, likewise; else NULL */
};

struct worker_metrics {
    struct metrics_worker own; /* what its thread counts in */
    pthread_mutex_t mutex;     /* for what is published, and for the array of the slots */
    struct source_counters source;
    struct counts *slots;
    size_t slot_count;
    _Atomic(struct partition_gauges *) partitions; /* newest first */
};

struct metrics {
    struct metrics_shape shape;
    struct slots *slots;
    struct problems *problems;
    double started;
    _Atomic bool ready, startup_over;
    _Atomic uint64_t reloads[RELOAD_COUNT];
    _Atomic int64_t loaded_ms;
    _Atomic bool refused, restart_needed;
    struct worker_metrics *workers;
};

struct metrics *metrics_new(const struct metrics_shape *shape)
{
    struct metrics *metrics = mem_new(struct metrics);

    metrics->shape = *shape;
    metrics->slots = slots_new();
    metrics->problems = problems_new();
    metrics->started = (double)clock_wall_ms() / 1000;
    atomic_store(&metrics->loaded_ms, clock_wall_ms());
    metrics->workers = mem_array(shape->workers, sizeof(*metrics->workers));
    for (unsigned i = 0; i < shape->workers; i++) {
        metrics->workers[i].own = (struct metrics_worker){.metrics = metrics, .number = i};
        pthread_mutex_init(&metrics->workers[i].mutex, NULL);
    }
    return metrics;
}

static void metrics_free_partitions(struct partition_gauges *gauges)
{
    while (gauges) {
        struct partition_gauges *next = gauges->next;
        free((char *)gauges->topic);
        free(gauges);
        gauges = next;
    }
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (unsigned i = 0; i < metrics->shape.workers; i++) {
        struct worker_metrics *worker = &metrics->workers[i];
        metrics_free_partitions(atomic_load(&worker->partitions));
        pthread_mutex_destroy(&worker->mutex);
        for (size_t j = 0; j < worker->slot_count; j++) {
            free(worker->slots[j].own);
            free(worker->slots[j].published);
            free(worker->slots[j].exemplars);
            free(worker->slots[j].told);
        }
        free(worker->slots);
    }
    problems_free(metrics->problems);
    slots_free(metrics->slots);
    free(metrics->workers);
    free(metrics);
}

struct metrics_worker *metrics_worker(struct metrics *metrics, unsigned number)
{
    assert(number < metrics->shape.workers);
    return &metrics->workers[number].own;
}

void metrics_add_route(struct metrics *metrics, const char *route)
{
    slots_find(metrics->slots, SLOT_ROUTE, route, "");
}

void metrics_add_sink(struct metrics *metrics, const char *sink)
{
    slots_find(metrics->slots, SLOT_SINK, sink, "");
}

void metrics_add_topic(struct metrics *metrics, const char *source, const char *topic)
{
    slots_find(metrics->slots, SLOT_TOPIC, source, topic);
}

/* Room for slots up to @p slot; with the mutex. */
static void worker_grow(struct worker_metrics *worker, size_t slot)
{
    struct counts *larger;

    if (slot < worker->slot_count)
        return;
    larger = mem_array(slot + 1, sizeof(*larger));
    if (worker->slot_count)
        memcpy(larger, worker->slots, worker->slot_count * sizeof(*larger));
    free(worker->slots);
    worker->slots = larger;
    worker->slot_count = slot + 1;
}

static struct counts counts_new(enum slot_kind kind, size_t words)
{
    struct counts counts = {.own = mem_array(words, sizeof(uint64_t)),
                            .published = mem_array(words, sizeof(uint64_t)),
                            .words = words};

    if (kind == SLOT_ROUTE) {
        counts.exemplars = mem_new(struct exemplars);
        counts.told = mem_new(struct exemplars);
        ((struct route_counters *)(void *)counts.own)->exemplars = counts.exemplars;
    }
    return counts;
}

/* The worker's own counts in the slot of these names. */
static void *worker_counts(const struct metrics_worker *own, enum slot_kind kind, const char *name,
                           const char *topic)
{
    struct metrics *metrics = own->metrics;
    struct worker_metrics *worker = &metrics->workers[own->number];
    size_t slot = slots_find(metrics->slots, kind, name, topic);
    size_t words = slot_words(kind, metrics->shape.command_count);

    pthread_mutex_lock(&worker->mutex);
    worker_grow(worker, slot);
    if (!worker->slots[slot].own)
        worker->slots[slot] = counts_new(kind, words);
    void *counts = worker->slots[slot].own;
    pthread_mutex_unlock(&worker->mutex);
    return counts;
}

struct route_counters *metrics_route(struct metrics_worker *worker, const char *route)
{
    return worker_counts(worker, SLOT_ROUTE, route, "");
}

struct sink_counters *metrics_sink(struct metrics_worker *worker, const char *sink)
{
    struct sink_counters *counters = worker_counts(worker, SLOT_SINK, sink, "");

    counters->commands = slot_commands(counters);
    return counters;
}

struct topic_counters *metrics_topic(struct metrics_worker *worker, const char *source,
                                     const char *topic)
{
    return worker_counts(worker, SLOT_TOPIC, source, topic);
}

void metrics_problem(struct metrics_worker *worker, enum problem_kind kind, const char *topic,
                     int32_t partition, int64_t offset, const char *route, const char *reason)
{
    problems_add(worker->metrics->problems, kind, topic, partition, offset, route, reason);
}

struct problems *metrics_problems(const struct metrics *metrics)
{
    return metrics->problems;
}

void metrics_set_health(struct metrics *metrics, bool ready, bool startup_over)
{
    atomic_store(&metrics->ready, ready);
    atomic_store(&metrics->startup_over, startup_over);
}

void metrics_reloaded(struct metrics *metrics, enum reload_result result, bool restart_needed)
{
    atomic_fetch_add(&metrics->reloads[result], 1);
    if (result == RELOAD_SECRETS) /* the file was not looked at */
        return;
    atomic_store(&metrics->refused, result == RELOAD_REFUSED);
    if (result != RELOAD_OK)
        return;
    atomic_store(&metrics->loaded_ms, clock_wall_ms());
    atomic_store(&metrics->restart_needed, restart_needed);
}

static void exemplar_take(struct exemplars *exemplars, const struct trace *trace,
                          int64_t latency_ms, int64_t now_ms)
{
    exemplars->items[histogram_bucket(latency_ms)] =
        (struct exemplar){*trace, latency_ms > 0 ? latency_ms : 0, now_ms};
    exemplars->fresh = true;
}

void metrics_latency(struct route_counters *route, int64_t timestamp_ms, int64_t now_ms,
                     const struct trace *trace)
{
    int64_t latency_ms = now_ms - timestamp_ms;

    if (timestamp_ms < 0 || latency_ms > LATENCY_LONGEST_MS || latency_ms < -LATENCY_AHEAD_MS) {
        route->latency_unmeasured++;
        return;
    }
    if (trace && trace->sampled)
        exemplar_take(route->exemplars, trace, latency_ms, now_ms);
    histogram_add(&route->latency, latency_ms);
}

static void counts_publish(struct counts *counts)
{
    memcpy(counts->published, counts->own, counts->words * sizeof(uint64_t));
    if (!counts->exemplars || !counts->exemplars->fresh)
        return;
    *counts->told = *counts->exemplars;
    counts->exemplars->fresh = false;
}

void metrics_publish(struct metrics_worker *own)
{
    struct worker_metrics *worker = &own->metrics->workers[own->number];

    if (pthread_mutex_trylock(&worker->mutex) != 0)
        return;
    for (size_t i = 0; i < worker->slot_count; i++)
        if (worker->slots[i].own)
            counts_publish(&worker->slots[i]);
    worker->source = own->source;
    pthread_mutex_unlock(&worker->mutex);
}

struct partition_gauges *metrics_partition(struct metrics_worker *own, const char *topic,
                                           int32_t partition)
{
    struct worker_metrics *worker = &own->metrics->workers[own->number];
    struct partition_gauges *newest =
        atomic_load_explicit(&worker->partitions, memory_order_relaxed);

    for (struct partition_gauges *gauges = newest; gauges; gauges = gauges->next)
        if (gauges->partition == partition && strcmp(gauges->topic, topic) == 0)
            return gauges;
    struct partition_gauges *fresh = mem_new(struct partition_gauges);
    fresh->next = newest;
    fresh->topic = mem_text(topic);
    fresh->partition = partition;
    fresh->position_offset = fresh->acked_offset = fresh->committed_offset = -1;
    fresh->end_offset = fresh->oldest_ms = -1;
    fresh->startup_records = fresh->startup_remaining = -1;
    atomic_store_explicit(&worker->partitions, fresh, memory_order_release);
    return fresh;
}

/* --- a snapshot ------------------------------------------------------------------------------ */

/* Counts are words, whatever their names: none can be forgotten. */
static void words_add(uint64_t *sum, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += words[i];
}

/* Of two workers' exemplars the newer one stays. */
static void exemplars_merge(struct exemplars *into, const struct exemplars *other)
{
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
        if (other->items[i].at_ms > into->items[i].at_ms)
            into->items[i] = other->items[i];
}

static void snapshot_add_counts(struct snapshot *snapshot, size_t slot, const struct counts *counts)
{
    if (!counts->own)
        return;
    words_add(snapshot->words[slot], counts->published, counts->words);
    if (!counts->told)
        return;
    if (!snapshot->exemplars[slot])
        snapshot->exemplars[slot] = mem_new(struct exemplars);
    exemplars_merge(snapshot->exemplars[slot], counts->told);
}

/* A slot that came after the snapshot began waits for the next. */
static void snapshot_add_worker(struct snapshot *snapshot, struct worker_metrics *worker)
{
    pthread_mutex_lock(&worker->mutex);
    for (size_t i = 0; i < worker->slot_count && i < snapshot->slot_count; i++)
        snapshot_add_counts(snapshot, i, &worker->slots[i]);
    words_add((uint64_t *)&snapshot->source, (const uint64_t *)&worker->source,
              sizeof(worker->source) / sizeof(uint64_t));
    pthread_mutex_unlock(&worker->mutex);
}

static void snapshot_add_slots(struct snapshot *snapshot, const struct metrics *metrics)
{
    snapshot->slots = slots_copy(metrics->slots, &snapshot->slot_count);
    snapshot->words = mem_array(snapshot->slot_count, sizeof(*snapshot->words));
    snapshot->exemplars = mem_array(snapshot->slot_count, sizeof(*snapshot->exemplars));
    for (size_t i = 0; i < snapshot->slot_count; i++)
        snapshot->words[i] = mem_array(
            slot_words(snapshot->slots[i].kind, metrics->shape.command_count), sizeof(uint64_t));
    for (unsigned i = 0; i < metrics->shape.workers; i++)
        snapshot_add_worker(snapshot, &metrics->workers[i]);
}

static double gauge_known(const _Atomic int64_t *gauge)
{
    int64_t value = atomic_load_explicit(gauge, memory_order_relaxed);

    return value < 0 ? NAN : (double)value;
}

static double gauge_sum(const _Atomic uint64_t *gauge)
{
    return (double)atomic_load_explicit(gauge, memory_order_relaxed);
}

/* How far behind: the offsets between the ack and the end, and the age of the oldest record. A
 * partition that was held before a record was taken has an age that nobody knows. */
static void partition_sample_lag(struct partition_sample *sample,
                                 const struct partition_gauges *gauges, int64_t now_ms)
{
    double lag = sample->end_offset - gauge_known(&gauges->acked_offset); /* NAN stays NAN */
    double age = (double)now_ms - gauge_known(&gauges->oldest_ms);

    sample->lag_records = lag < 0 ? 0 : lag;
    sample->lag_seconds = age > 0 ? age / 1000 : 0;
    if (isnan(age) && (sample->held != 0 || sample->paused != 0))
        sample->lag_seconds = NAN;
}

static struct partition_sample partition_sample(const struct partition_gauges *gauges,
                                                int64_t now_ms)
{
    struct partition_sample sample = {
        .topic = gauges->topic,
        .partition = gauges->partition,
        .consumed_records = gauge_sum(&gauges->consumed_records),
        .consumed_bytes = gauge_sum(&gauges->consumed_bytes),
        .lost_records = gauge_sum(&gauges->lost_records),
        .assigned = atomic_load_explicit(&gauges->assigned, memory_order_relaxed),
        .held = atomic_load_explicit(&gauges->held, memory_order_relaxed),
        .paused = atomic_load_explicit(&gauges->paused, memory_order_relaxed),
        .lag_unknown = atomic_load_explicit(&gauges->lag_unknown, memory_order_relaxed),
        .position_offset = gauge_known(&gauges->position_offset),
        .committed_offset = gauge_known(&gauges->committed_offset),
        .end_offset = gauge_known(&gauges->end_offset),
        .unstable = gauge_known(&gauges->unstable),
        .startup_records = gauge_known(&gauges->startup_records),
        .startup_remaining = gauge_known(&gauges->startup_remaining),
    };

    partition_sample_lag(&sample, gauges, now_ms);
    return sample;
}

static int partition_sample_compare(const void *left, const void *right)
{
    const struct partition_sample *a = left, *b = right;
    int topics = strcmp(a->topic, b->topic);

    return topics ? topics : (a->partition > b->partition) - (a->partition < b->partition);
}

/* A partition wanders between workers: counts add up, gauges are those of the worker that has it.
 * Where two sources read one topic, those of the one that is further behind. */
static void partition_sample_merge(struct partition_sample *into,
                                   const struct partition_sample *other)
{
    struct partition_sample one = *into, two = *other;
    bool take = two.assigned > one.assigned ||
                (two.assigned == one.assigned && two.lag_records > one.lag_records);

    *into = take ? two : one;
    into->consumed_records = one.consumed_records + two.consumed_records;
    into->consumed_bytes = one.consumed_bytes + two.consumed_bytes;
    into->lost_records = one.lost_records + two.lost_records;
    into->held = one.held > two.held ? one.held : two.held;
    into->paused = one.paused > two.paused ? one.paused : two.paused;
}

static void snapshot_add_partitions(struct snapshot *snapshot, const struct metrics *metrics)
{
    struct partition_sample *samples = NULL;
    size_t count = 0, room = 0, kept = 0;
    int64_t now_ms = clock_wall_ms();

    for (unsigned i = 0; i < metrics->shape.workers; i++) {
        const struct partition_gauges *gauges =
            atomic_load_explicit(&metrics->workers[i].partitions, memory_order_acquire);
        for (; gauges; gauges = gauges->next) {
            samples = mem_grow(samples, count, &room, sizeof(*samples));
            samples[count] = partition_sample(gauges, now_ms);
            samples[count++].worker = i;
        }
    }
    if (count)
        qsort(samples, count, sizeof(*samples), partition_sample_compare);
    for (size_t i = 0; i < count; i++)
        if (kept && partition_sample_compare(&samples[kept - 1], &samples[i]) == 0)
            partition_sample_merge(&samples[kept - 1], &samples[i]);
        else
            samples[kept++] = samples[i];
    snapshot->partitions = samples;
    snapshot->partition_count = kept;
}

static void snapshot_add_process(struct snapshot *snapshot, const struct metrics *metrics)
{
    struct process_sample *sample = &snapshot->process;

    process_sample(sample);
    sample->started = metrics->started;
    sample->ready = atomic_load(&metrics->ready);
    sample->startup_over = atomic_load(&metrics->startup_over);
    for (size_t i = 0; i < RELOAD_COUNT; i++)
        sample->reloads[i] = (double)atomic_load(&metrics->reloads[i]);
    sample->loaded = (double)atomic_load(&metrics->loaded_ms) / 1000;
    sample->refused = atomic_load(&metrics->refused);
    sample->restart_needed = atomic_load(&metrics->restart_needed);
}

void snapshot_take(struct snapshot *snapshot, const struct metrics *metrics)
{
    *snapshot = (struct snapshot){.shape = &metrics->shape};
    snapshot_add_slots(snapshot, metrics);
    snapshot_add_partitions(snapshot, metrics);
    snapshot_add_process(snapshot, metrics);
}

void snapshot_clear(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->slot_count; i++) {
        free(snapshot->words[i]);
        free(snapshot->exemplars[i]);
    }
    free(snapshot->words);
    free(snapshot->exemplars);
    free(snapshot->slots);
    free(snapshot->partitions);
}

/* Looks at what was published, without a copy: it is asked several times a second. */
uint64_t metrics_logins_refused(const struct metrics *metrics)
{
    size_t count;
    struct slot *slots = slots_copy(metrics->slots, &count);
    uint64_t refused = 0;

    for (unsigned i = 0; i < metrics->shape.workers; i++) {
        struct worker_metrics *worker = &metrics->workers[i];
        pthread_mutex_lock(&worker->mutex);
        refused += worker->source.logins_refused;
        for (size_t j = 0; j < worker->slot_count && j < count; j++)
            if (slots[j].kind == SLOT_SINK && worker->slots[j].own)
                refused += ((const struct sink_counters *)(const void *)worker->slots[j].published)
                               ->logins_refused;
        pthread_mutex_unlock(&worker->mutex);
    }
    free(slots);
    return refused;
}

void metrics_totals(const struct metrics *metrics, struct metrics_totals *totals)
{
    struct snapshot snapshot;

    *totals = (struct metrics_totals){0};
    snapshot_take(&snapshot, metrics);
    for (size_t i = 0; i < snapshot.slot_count; i++) {
        const struct route_counters *route = (const void *)snapshot.words[i];
        if (snapshot.slots[i].kind != SLOT_ROUTE)
            continue;
        totals->written += route->outcomes[OUTCOME_WRITTEN];
        totals->inflight += route->inflight;
    }
    for (size_t i = 0; i < snapshot.partition_count; i++) {
        const struct partition_sample *sample = &snapshot.partitions[i];
        if (sample->assigned == 0)
            continue;
        totals->partitions++;
        totals->held += sample->held != 0;
        totals->paused += sample->paused != 0;
        totals->lag_records += isnan(sample->lag_records) ? 0 : (uint64_t)sample->lag_records;
        totals->lag_seconds = fmax(totals->lag_seconds, sample->lag_seconds);
    }
    snapshot_clear(&snapshot);
}
