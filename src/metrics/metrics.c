/*
 * metrics.c: every count that penstock keeps.
 *
 * A worker's counts are published by one memcpy under a mutex that the worker only tries: a scrape
 * holds it for as long as its own memcpy takes. A sequence lock would do too, but its reader may
 * starve, and its words must be atomics; here both sides copy plain memory.
 */
#include "metrics/metrics.h"

#include "base/clock.h"
#include "base/mem.h"
#include "metrics/block.h"
#include "metrics/snapshot.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct source_counters) % sizeof(uint64_t) == 0, "sources are whole words");

/* Older than Kafka keeps records by default, or ahead by more than clocks differ. */
enum { LATENCY_LONGEST_MS = 7 * 24 * 3600 * 1000, LATENCY_AHEAD_MS = 60 * 1000 };

struct published {
    pthread_mutex_t mutex;
    uint64_t *words;
    struct source_counters source;
};

struct worker_metrics {
    struct metrics_worker own; /* what its thread counts in */
    uint64_t *words;           /* own.routes and own.sinks */
    struct published published;
    _Atomic(struct partition_gauges *) partitions; /* newest first */
};

struct metrics {
    struct metrics_shape shape;
    size_t word_count;
    double started;
    _Atomic bool ready;
    struct worker_metrics *workers;
};

static void metrics_start_worker(struct metrics *metrics, unsigned number)
{
    struct worker_metrics *worker = &metrics->workers[number];

    worker->words = mem_array(metrics->word_count, sizeof(uint64_t));
    worker->published.words = mem_array(metrics->word_count, sizeof(uint64_t));
    pthread_mutex_init(&worker->published.mutex, NULL);
    struct block_view view = block_view(&metrics->shape, worker->words);
    worker->own = (struct metrics_worker){.topics = view.topics,
                                          .routes = view.routes,
                                          .sinks = view.sinks,
                                          .metrics = metrics,
                                          .number = number};
}

struct metrics *metrics_new(const struct metrics_shape *shape)
{
    struct metrics *metrics = mem_new(struct metrics);

    metrics->shape = *shape;
    metrics->word_count = block_words(shape);
    metrics->started = (double)clock_wall_ms() / 1000;
    metrics->workers = mem_array(shape->workers, sizeof(*metrics->workers));
    for (unsigned i = 0; i < shape->workers; i++)
        metrics_start_worker(metrics, i);
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
        pthread_mutex_destroy(&worker->published.mutex);
        free(worker->published.words);
        free(worker->words);
    }
    free(metrics->workers);
    free(metrics);
}

struct metrics_worker *metrics_worker(struct metrics *metrics, unsigned number)
{
    assert(number < metrics->shape.workers);
    return &metrics->workers[number].own;
}

struct topic_counters *metrics_topic(struct metrics_worker *worker, const char *source,
                                     const char *topic)
{
    const struct metrics_shape *shape = &worker->metrics->shape;
    size_t i = 0;

    while (i < shape->topic_count && (strcmp(shape->topics[i].source, source) != 0 ||
                                      strcmp(shape->topics[i].topic, topic) != 0))
        i++;
    return &worker->topics[i];
}

void metrics_set_ready(struct metrics *metrics, bool ready)
{
    atomic_store(&metrics->ready, ready);
}

void metrics_latency(struct route_counters *route, int64_t timestamp_ms, int64_t now_ms)
{
    int64_t latency_ms = now_ms - timestamp_ms;

    if (timestamp_ms < 0 || latency_ms > LATENCY_LONGEST_MS || latency_ms < -LATENCY_AHEAD_MS)
        route->latency_unmeasured++;
    else
        histogram_add(&route->latency, latency_ms);
}

void metrics_publish(struct metrics_worker *own)
{
    struct worker_metrics *worker = &own->metrics->workers[own->number];
    struct published *published = &worker->published;

    if (pthread_mutex_trylock(&published->mutex) != 0)
        return;
    memcpy(published->words, worker->words, own->metrics->word_count * sizeof(uint64_t));
    published->source = own->source;
    pthread_mutex_unlock(&published->mutex);
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

static void snapshot_add_worker(struct snapshot *snapshot, struct worker_metrics *worker,
                                size_t word_count)
{
    uint64_t *copy = mem_array(word_count, sizeof(uint64_t));
    struct source_counters source;

    pthread_mutex_lock(&worker->published.mutex);
    memcpy(copy, worker->published.words, word_count * sizeof(uint64_t));
    source = worker->published.source;
    pthread_mutex_unlock(&worker->published.mutex);
    words_add(snapshot->words, copy, word_count);
    words_add((uint64_t *)&snapshot->source, (const uint64_t *)&source,
              sizeof(source) / sizeof(uint64_t));
    free(copy);
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
    if (isnan(age) && sample->held != 0)
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
        .lag_unknown = atomic_load_explicit(&gauges->lag_unknown, memory_order_relaxed),
        .position_offset = gauge_known(&gauges->position_offset),
        .committed_offset = gauge_known(&gauges->committed_offset),
        .end_offset = gauge_known(&gauges->end_offset),
        .unstable = gauge_known(&gauges->unstable),
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
            samples[count++] = partition_sample(gauges, now_ms);
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

void snapshot_take(struct snapshot *snapshot, const struct metrics *metrics)
{
    *snapshot = (struct snapshot){.shape = &metrics->shape};
    snapshot->words = mem_array(metrics->word_count, sizeof(uint64_t));
    for (unsigned i = 0; i < metrics->shape.workers; i++)
        snapshot_add_worker(snapshot, &metrics->workers[i], metrics->word_count);
    struct block_view view = block_view(&metrics->shape, snapshot->words);
    snapshot->topics = view.topics;
    snapshot->routes = view.routes;
    snapshot->sinks = view.sinks;
    snapshot_add_partitions(snapshot, metrics);
    process_sample(&snapshot->process);
    snapshot->process.started = metrics->started;
    snapshot->process.ready = atomic_load(&metrics->ready);
}

void snapshot_clear(struct snapshot *snapshot)
{
    free(snapshot->words);
    free(snapshot->partitions);
}

void metrics_totals(const struct metrics *metrics, struct metrics_totals *totals)
{
    struct snapshot snapshot;

    *totals = (struct metrics_totals){0};
    snapshot_take(&snapshot, metrics);
    for (size_t i = 0; i < metrics->shape.route_count; i++) {
        totals->written += snapshot.routes[i].outcomes[OUTCOME_WRITTEN];
        totals->inflight += snapshot.routes[i].inflight;
    }
    for (size_t i = 0; i < snapshot.partition_count; i++) {
        const struct partition_sample *sample = &snapshot.partitions[i];
        if (sample->assigned == 0)
            continue;
        totals->partitions++;
        totals->held += sample->held != 0;
        totals->lag_records += isnan(sample->lag_records) ? 0 : (uint64_t)sample->lag_records;
        totals->lag_seconds = fmax(totals->lag_seconds, sample->lag_seconds);
    }
    snapshot_clear(&snapshot);
}
