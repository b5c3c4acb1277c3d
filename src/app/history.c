/*
 * history.c: how the process fared in the last fifteen minutes, second by second.
 *
 * A ring of samples of a fixed size, whatever the bridge has: everything is summed over routes and
 * partitions. Counters become rates by the time that really passed between two snapshots, so that
 * a process that stood still for a while does not show a peak.
 */
#include "app/history.h"

#include "base/json_writer.h"
#include "base/mem.h"
#include "metrics/snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SERIES(name, value of a sample): the series, as they are named in the JSON. */
#define HISTORY_SERIES(SERIES)                                                                     \
    SERIES(time, wall_ms)                                                                          \
    SERIES(ready, ready)                                                                           \
    SERIES(records_per_second, written)                                                            \
    SERIES(errors_per_second, errors)                                                              \
    SERIES(bytes_per_second, bytes)                                                                \
    SERIES(lag_records, lag_records)                                                               \
    SERIES(lag_seconds, lag_seconds)                                                               \
    SERIES(inflight_records, inflight)                                                             \
    SERIES(held_partitions, held)                                                                  \
    SERIES(redis_seconds, redis)                                                                   \
    SERIES(cpu_cores, cpu)                                                                         \
    SERIES(resident_bytes, resident)

/* Of one snapshot. What only ever grows are totals here, and rates in a sample. NAN: unknown. */
struct totals {
    double wall_ms, ready;
    double written, errors, bytes, cpu;
    double round_trips, round_trip_us;
    double lag_records, lag_seconds;
    double inflight, held, resident;
    struct histogram latency;
};

struct history_sample {
#define FIELD(name, field) double field;
    HISTORY_SERIES(FIELD)
#undef FIELD
    uint32_t latency[HISTOGRAM_BUCKETS + 1]; /* records written in this second, by their latency */
};

struct history {
    struct history_sample samples[HISTORY_SAMPLES];
    size_t count, next; /* the sample that comes next goes there */
    struct totals last;
    int64_t last_ms;
    bool begun;
};

struct history *history_new(void)
{
    return mem_new(struct history);
}

void history_free(struct history *history)
{
    free(history);
}

/* --- sampling -------------------------------------------------------------------------------- */

static void totals_add_route(struct totals *totals, const struct route_counters *route)
{
    totals->written += (double)route->outcomes[OUTCOME_WRITTEN];
    totals->inflight += (double)route->inflight;
    for (size_t i = 0; i < STAGE_COUNT; i++)
        totals->errors += (double)route->errors[i];
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
        totals->latency.buckets[i] += route->latency.buckets[i];
}

static void totals_add_sink(struct totals *totals, const struct sink_counters *sink)
{
    totals->round_trips += (double)sink->round_trips;
    totals->round_trip_us += (double)sink->round_trip_us;
}

static void totals_add_partition(struct totals *totals, const struct partition_sample *partition)
{
    totals->bytes += partition->consumed_bytes;
    if (partition->assigned == 0)
        return;
    totals->held += partition->held;
    totals->lag_records += isnan(partition->lag_records) ? 0 : partition->lag_records;
    totals->lag_seconds = fmax(totals->lag_seconds, partition->lag_seconds);
}

static struct totals totals_of(const struct snapshot *snapshot, int64_t wall_ms)
{
    struct totals totals = {.wall_ms = (double)wall_ms,
                            .ready = snapshot->process.ready,
                            .cpu = snapshot->process.cpu_seconds,
                            .resident = snapshot->process.resident_bytes};

    for (size_t i = 0; i < snapshot->slot_count; i++)
        if (snapshot->slots[i].kind == SLOT_ROUTE)
            totals_add_route(&totals, (const void *)snapshot->words[i]);
        else if (snapshot->slots[i].kind == SLOT_SINK)
            totals_add_sink(&totals, (const void *)snapshot->words[i]);
    for (size_t i = 0; i < snapshot->partition_count; i++)
        totals_add_partition(&totals, &snapshot->partitions[i]);
    return totals;
}

/* NAN: Redis answered nothing meanwhile. */
static double redis_seconds(const struct totals *last, const struct totals *now)
{
    double trips = now->round_trips - last->round_trips;

    return trips > 0 ? (now->round_trip_us - last->round_trip_us) / trips / 1e6 : NAN;
}

static struct history_sample sample_between(const struct totals *last, const struct totals *now,
                                            double seconds)
{
    struct history_sample sample = {
        .wall_ms = now->wall_ms,
        .ready = now->ready,
        .written = (now->written - last->written) / seconds,
        .errors = (now->errors - last->errors) / seconds,
        .bytes = (now->bytes - last->bytes) / seconds,
        .lag_records = now->lag_records,
        .lag_seconds = now->lag_seconds,
        .inflight = now->inflight,
        .held = now->held,
        .redis = redis_seconds(last, now),
        .cpu = (now->cpu - last->cpu) / seconds,
        .resident = now->resident,
    };

    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
        sample.latency[i] = (uint32_t)(now->latency.buckets[i] - last->latency.buckets[i]);
    return sample;
}

void history_add(struct history *history, const struct snapshot *snapshot, int64_t now_ms,
                 int64_t wall_ms)
{
    struct totals now = totals_of(snapshot, wall_ms);

    if (history->begun && now_ms > history->last_ms) {
        double seconds = (double)(now_ms - history->last_ms) / 1000;
        history->samples[history->next] = sample_between(&history->last, &now, seconds);
        history->next = (history->next + 1) % HISTORY_SAMPLES;
        history->count += history->count < HISTORY_SAMPLES;
    }
    history->last = now;
    history->last_ms = now_ms;
    history->begun = true;
}

/* --- writing --------------------------------------------------------------------------------- */

/* The sample that came @p ago before the newest. */
static const struct history_sample *history_sample(const struct history *history, size_t ago)
{
    return &history->samples[(history->next + HISTORY_SAMPLES - 1 - ago) % HISTORY_SAMPLES];
}

static void write_latency(struct json_writer *json, const char *name,
                          const struct history_sample *sample)
{
    json_write_open(json, name, '[');
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
        json_write_integer(json, NULL, sample->latency[i]);
    json_write_close(json, ']');
}

static void write_series(struct json_writer *json, const struct history *history, const char *name,
                         size_t offset)
{
    json_write_open(json, name, '[');
    for (size_t ago = history->count; ago-- > 0;) {
        const char *sample = (const char *)history_sample(history, ago);
        json_write_number(json, NULL, *(const double *)(const void *)(sample + offset));
    }
    json_write_close(json, ']');
}

void history_write(const struct history *history, FILE *out)
{
    struct json_writer json = {.out = out};

    json_write_open(&json, NULL, '{');
    json_write_open(&json, "latency_bounds_seconds", '[');
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        json_write_number(&json, NULL, (double)histogram_bounds_ms[i] / 1000);
    json_write_close(&json, ']');
#define WRITE(name, field)                                                                         \
    write_series(&json, history, #name, offsetof(struct history_sample, field));
    HISTORY_SERIES(WRITE)
#undef WRITE
    json_write_open(&json, "latency", '[');
    for (size_t ago = history->count; ago-- > 0;)
        write_latency(&json, NULL, history_sample(history, ago));
    json_write_close(&json, ']');
    json_write_close(&json, '}');
}

void history_write_newest(const struct history *history, FILE *out)
{
    const struct history_sample *newest = history_sample(history, 0);
    struct json_writer json = {.out = out};

    json_write_open(&json, NULL, '{');
    if (history->count) {
#define WRITE(name, field) json_write_number(&json, #name, newest->field);
        HISTORY_SERIES(WRITE)
#undef WRITE
        write_latency(&json, "latency", newest);
    }
    json_write_close(&json, '}');
}
