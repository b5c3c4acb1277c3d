/* top_scrape.c: a scrape of /metrics becomes the rows of "penstock top". */
#include "base/mem.h"
#include "base/slice.h"
#include "cli/top_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a line of the exposition ----------------------------------------------------------------- */

enum { LABELS_MOST = 8 };

struct sample {
    struct slice name;
    struct {
        struct slice name, value; /* as it stands, with its escapes */
    } labels[LABELS_MOST];
    size_t label_count;
    double value;
};

/* The end of a quoted text that begins at @p text, behind its first quote; NULL: it has none. */
static const char *quote_end(const char *text)
{
    for (; *text && *text != '"' && *text != '\n'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text == '"' ? text : NULL;
}

/* False: it is no sample. */
static bool sample_read(struct sample *sample, const char *line)
{
    size_t length = strcspn(line, "{ \n");
    const char *next = line + length;
    char *end;

    *sample = (struct sample){.name = {line, length}};
    if (line[0] == '#' || !length)
        return false;
    while (*next == '{' || *next == ',') {
        const char *name = next + 1, *equals = strchr(name, '=');
        const char *close = equals && equals[1] == '"' ? quote_end(equals + 2) : NULL;
        if (!close || sample->label_count == LABELS_MOST)
            return false;
        sample->labels[sample->label_count].name = (struct slice){name, (size_t)(equals - name)};
        sample->labels[sample->label_count++].value =
            (struct slice){equals + 2, (size_t)(close - equals - 2)};
        next = close + 1;
    }
    next += *next == '}';
    sample->value = strtod(next, &end);
    return end != next;
}

static struct slice label(const struct sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->label_count; i++)
        if (slice_is(sample->labels[i].name, name))
            return sample->labels[i].value;
    return SLICE("");
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct top_row *row_of(struct top_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->items[i].name, name) == 0) {
            rows->items[i].seen = true;
            return &rows->items[i];
        }
    rows->items = mem_grow(rows->items, rows->count, &rows->capacity, sizeof(*rows->items));
    struct top_row *row = &rows->items[rows->count++];
    *row = (struct top_row){.seen = true, .p50 = -1, .p99 = -1};
    snprintf(row->name, sizeof(row->name), "%s", name);
    return row;
}

static struct top_row *row_named(struct top_rows *rows, struct slice value)
{
    char name[TOP_NAME_BYTES];

    snprintf(name, sizeof(name), "%.*s", SLICE_ARGS(value));
    return row_of(rows, name);
}

static struct top_row *row_partition(struct top *top, const struct sample *sample)
{
    struct slice topic = label(sample, "topic"), number = label(sample, "partition");
    char name[TOP_NAME_BYTES];

    snprintf(name, sizeof(name), "%.*s[%.*s]", SLICE_ARGS(topic), SLICE_ARGS(number));
    struct top_row *row = row_of(&top->partitions, name);
    snprintf(row->topic, sizeof(row->topic), "%.*s", SLICE_ARGS(topic));
    row->partition = atoll(number.data);
    return row;
}

/* --- what each family means ------------------------------------------------------------------- */

static void take_route(struct top *top, const struct sample *sample, const char *what)
{
    struct top_row *row = row_named(&top->routes, label(sample, "route"));
    struct slice outcome = label(sample, "outcome");

    if (strcmp(what, "inflight_records") == 0)
        row->inflight = sample->value;
    else if (slice_is(outcome, "written"))
        row->total = sample->value;
    else if (slice_is(outcome, "filtered"))
        row->filtered = sample->value;
    else if (slice_is(outcome, "dropped"))
        row->dropped = sample->value;
    else if (slice_is(outcome, "dead_lettered"))
        row->dead_lettered = sample->value;
}

static void take_latency(struct top *top, const struct sample *sample)
{
    struct top_latency *latency = &row_named(&top->routes, label(sample, "route"))->latency;
    struct slice bound = label(sample, "le");

    if (latency->count == TOP_LATENCY_BUCKETS || !bound.length)
        return;
    latency->bounds[latency->count] = strtod(bound.data, NULL); /* "+Inf" as well */
    latency->counts[latency->count++] = sample->value;
}

static void take_sink(struct top *top, const struct sample *sample, const char *what)
{
    struct top_row *row = row_named(&top->sinks, label(sample, "sink"));

    if (strcmp(what, "redis_commands_total") == 0)
        row->total += sample->value;
    else if (strcmp(what, "redis_errors_total") == 0)
        row->errors += sample->value;
    else if (strcmp(what, "redis_connections") == 0)
        row->connections = sample->value;
    else if (strcmp(what, "redis_reconnects_total") == 0)
        row->reconnects = sample->value;
    else if (strcmp(what, "redis_round_trips_total") == 0)
        row->trips = sample->value;
    else if (strcmp(what, "redis_round_trip_seconds_total") == 0)
        row->trip_seconds = sample->value;
}

static void take_partition(struct top *top, const struct sample *sample, const char *what)
{
    struct top_row *row = row_partition(top, sample);

    if (strcmp(what, "kafka_records_consumed_total") == 0)
        row->total = sample->value;
    else if (strcmp(what, "kafka_consumer_lag_records") == 0)
        row->lag = sample->value;
    else if (strcmp(what, "kafka_consumer_lag_seconds") == 0)
        row->lag_seconds = sample->value;
    else if (strcmp(what, "kafka_partition_assigned") == 0)
        row->assigned = sample->value > 0;
    else if (strcmp(what, "kafka_partition_held") == 0)
        row->held = sample->value > 0;
    else if (strcmp(what, "kafka_partition_paused") == 0)
        row->paused = sample->value > 0;
    else if (strcmp(what, "kafka_lag_unknown") == 0)
        row->unknown = sample->value > 0;
}

static void take_process(struct top *top, const struct sample *sample, const char *name)
{
    if (strcmp(name, "penstock_ready") == 0)
        top->ready = sample->value > 0;
    else if (strcmp(name, "process_cpu_seconds_total") == 0)
        top->cpu = sample->value;
    else if (strcmp(name, "process_resident_memory_bytes") == 0)
        top->memory = sample->value;
    else if (strcmp(name, "penstock_build_info") == 0)
        snprintf(top->version, sizeof(top->version), "%.*s", SLICE_ARGS(label(sample, "version")));
}

static void take(struct top *top, const struct sample *sample)
{
    char name[TOP_NAME_BYTES];
    const char *what = name + sizeof("penstock_") - 1;

    snprintf(name, sizeof(name), "%.*s", SLICE_ARGS(sample->name));
    if (strcmp(name, "penstock_end_to_end_latency_seconds_bucket") == 0)
        take_latency(top, sample);
    else if (strcmp(name, "penstock_records_total") == 0 ||
             strcmp(name, "penstock_inflight_records") == 0)
        take_route(top, sample, what);
    else if (label(sample, "sink").length)
        take_sink(top, sample, what);
    else if (label(sample, "partition").length)
        take_partition(top, sample, what);
    else if (!label(sample, "route").length)
        take_process(top, sample, name);
}

/* --- rates ------------------------------------------------------------------------------------ */

static void keep(struct top_history *history, double value)
{
    if (history->count == TOP_HISTORY)
        memmove(history->values, history->values + 1,
                --history->count * sizeof(history->values[0]));
    history->values[history->count++] = value;
}

/* Of a process that began anew all is new. */
static double grown(double now, double before)
{
    return now >= before ? now - before : now;
}

double top_quantile(const struct top_latency *now, const struct top_latency *before, double part)
{
    bool comparable = before->count == now->count;
    double least = 0, below = 0, all;

    if (!now->count)
        return -1;
    all = now->counts[now->count - 1] - (comparable ? before->counts[now->count - 1] : 0);
    if (all <= 0)
        return -1;
    for (size_t i = 0; i < now->count; i++) {
        double count = now->counts[i] - (comparable ? before->counts[i] : 0);
        if (count >= all * part)
            return isinf(now->bounds[i])
                       ? least
                       : least + (now->bounds[i] - least) *
                                     (count > below ? (all * part - below) / (count - below) : 1);
        least = now->bounds[i];
        below = count;
    }
    return least;
}

static void add_latency(struct top_latency *sum, const struct top_latency *one)
{
    for (size_t i = 0; i < one->count; i++) {
        sum->bounds[i] = one->bounds[i];
        sum->counts[i] += one->counts[i];
    }
    sum->count = one->count > sum->count ? one->count : sum->count;
}

/* Sums of a scrape begin at zero; rows that it does not have go. */
static void rows_begin(struct top_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct top_row *row = &rows->items[i];
        row->seen = false;
        row->before = row->total;
        row->trips_before = row->trips;
        row->trip_seconds_before = row->trip_seconds;
        row->latency_before = row->latency;
        row->total = row->errors = 0;
        row->latency.count = 0;
        row->assigned = row->held = row->paused = row->unknown = false;
        row->lag = row->lag_seconds = 0;
    }
}

static void rows_end(struct top_rows *rows, double interval_s)
{
    size_t kept = 0;

    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].seen)
            rows->items[kept++] = rows->items[i];
    rows->count = kept;
    for (size_t i = 0; i < kept && interval_s > 0; i++) {
        struct top_row *row = &rows->items[i];
        double trips = grown(row->trips, row->trips_before);
        row->rate = grown(row->total, row->before) / interval_s;
        row->round_trip_s =
            trips > 0 ? grown(row->trip_seconds, row->trip_seconds_before) / trips : -1;
        row->p50 = top_quantile(&row->latency, &row->latency_before, 0.5);
        row->p99 = top_quantile(&row->latency, &row->latency_before, 0.99);
        keep(&row->history, row->rate);
    }
}

static void sum_partitions(struct top *top)
{
    top->lag = top->lag_seconds = 0;
    top->held = top->paused = top->unknown = 0;
    for (size_t i = 0; i < top->partitions.count; i++) {
        const struct top_row *row = &top->partitions.items[i];
        top->lag += row->lag;
        top->held += row->held;
        top->paused += row->paused;
        top->unknown += row->unknown;
        if (row->lag_seconds > top->lag_seconds)
            top->lag_seconds = row->lag_seconds;
    }
}

static void sum_up(struct top *top)
{
    struct top_latency now = {.count = 0}, before = {.count = 0};

    top->rate = top->inflight = 0;
    for (size_t i = 0; i < top->routes.count; i++) {
        const struct top_row *row = &top->routes.items[i];
        top->rate += row->rate;
        top->inflight += row->inflight;
        add_latency(&now, &row->latency);
        add_latency(&before, &row->latency_before);
    }
    sum_partitions(top);
    top->p50 = top_quantile(&now, &before, 0.5);
    top->p99 = top_quantile(&now, &before, 0.99);
    if (top->interval_s > 0) {
        top->cpu_part = grown(top->cpu, top->cpu_before) / top->interval_s;
        keep(&top->rates, top->rate);
    }
    keep(&top->lags, top->lag);
}

/* Those of other members are of no interest. */
static void forget_others(struct top_rows *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        partitions->items[i].seen &= partitions->items[i].assigned;
}

void top_take(struct top *top, const char *scrape, int64_t now_ms)
{
    struct sample sample;

    top->interval_s = top->taken_ms ? (double)(now_ms - top->taken_ms) / 1000 : 0;
    top->taken_ms = now_ms;
    top->trouble[0] = '\0';
    top->cpu_before = top->cpu;
    rows_begin(&top->routes);
    rows_begin(&top->sinks);
    rows_begin(&top->partitions);
    for (const char *line = scrape; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (sample_read(&sample, line))
            take(top, &sample);
    }
    forget_others(&top->partitions);
    rows_end(&top->routes, top->interval_s);
    rows_end(&top->sinks, top->interval_s);
    rows_end(&top->partitions, top->interval_s);
    sum_up(top);
}

void top_free(struct top *top)
{
    free(top->routes.items);
    free(top->sinks.items);
    free(top->partitions.items);
}
