/*
 * exposition.c: the counts as a page of the Prometheus text format 0.0.4, or of OpenMetrics 1.0.0.
 *
 * Every series of a known set of labels is there from the start, at 0, so that the first error
 * shows in rate(). Only commands are left out until they occur, and gauges that are not known yet.
 * A series has the same name and labels in both formats, so that a scraper may change its mind.
 */
#include "base/slice.h"
#include "metrics/family.h"
#include "metrics/snapshot.h"

#include <inttypes.h>
#include <math.h>

struct page {
    FILE *out;
    enum metrics_format format;
    const struct snapshot *snapshot;
    const struct family *family;
};

static void page_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
}

static void page_label(FILE *out, char before, const char *name, const char *value)
{
    fprintf(out, "%c%s=\"", before, name);
    page_escaped(out, value);
    fputc('"', out);
}

/* A whole number stays one, whatever its size. */
static void page_number(FILE *out, double value)
{
    fprintf(out, " %.*f\n", value == floor(value) ? 0 : 3, value);
}

static void page_count(const struct page *page, uint64_t count)
{
    if (page->family->type == FAMILY_SECONDS)
        fprintf(page->out, " %" PRIu64 ".%06u\n", count / 1000000, (unsigned)(count % 1000000));
    else
        fprintf(page->out, " %" PRIu64 "\n", count);
}

/* One series for each value of the family's dimension; @p scope names the first label, NULL: none.
 */
static void page_counters(const struct page *page, const char *scope, const char *value,
                          const void *fields)
{
    const struct dimension *dimension = page->family->dimension;
    const uint64_t *counters = (const void *)((const char *)fields + page->family->offset);

    for (size_t i = 0; i < dimension->count; i++) {
        fputs(page->family->name, page->out);
        if (scope)
            page_label(page->out, '{', scope, value);
        if (dimension->label)
            page_label(page->out, scope ? ',' : '{', dimension->label, dimension->values[i]);
        fputs(scope || dimension->label ? "}" : "", page->out);
        page_count(page, counters[i]);
    }
}

static void page_topic(const struct page *page, const struct slot *slot,
                       const struct topic_counters *topic)
{
    const struct dimension *dimension = page->family->dimension;

    for (size_t i = 0; i < dimension->count; i++) {
        fputs(page->family->name, page->out);
        page_label(page->out, '{', "source", slot->name);
        page_label(page->out, ',', "topic", slot->topic);
        page_label(page->out, ',', dimension->label, dimension->values[i]);
        fprintf(page->out, "} %" PRIu64 "\n", topic->states[i]);
    }
}

/* As OpenMetrics writes a bound: 1.0, not 1. */
static void page_bound(FILE *out, size_t bucket)
{
    double bound = bucket < HISTOGRAM_BUCKETS ? (double)histogram_bounds_ms[bucket] / 1000 : 0;

    if (bucket < HISTOGRAM_BUCKETS)
        fprintf(out, ",le=\"%g%s\"}", bound, bound == floor(bound) ? ".0" : "");
    else
        fputs(",le=\"+Inf\"}", out);
}

/* Where the trace of one record of a bucket is to be found; only OpenMetrics has that. */
static void page_exemplar(const struct page *page, const struct exemplars *exemplars, size_t bucket)
{
    const struct exemplar *exemplar = &exemplars->items[bucket];

    if (page->format != METRICS_OPENMETRICS || !exemplar->at_ms)
        return;
    fprintf(page->out, " # {trace_id=\"%s\",span_id=\"%s\"} %" PRId64 ".%03d %" PRId64 ".%03d",
            exemplar->trace.id, exemplar->trace.span, exemplar->latency_ms / 1000,
            (int)(exemplar->latency_ms % 1000), exemplar->at_ms / 1000,
            (int)(exemplar->at_ms % 1000));
}

static void page_histogram(const struct page *page, const char *route,
                           const struct histogram *histogram, const struct exemplars *exemplars)
{
    const char *name = page->family->name;
    uint64_t sum = 0;

    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        sum += histogram->buckets[i];
        fprintf(page->out, "%s_bucket", name);
        page_label(page->out, '{', "route", route);
        page_bound(page->out, i);
        fprintf(page->out, " %" PRIu64, sum);
        if (exemplars)
            page_exemplar(page, exemplars, i);
        fputc('\n', page->out);
    }
    fprintf(page->out, "%s_sum", name);
    page_label(page->out, '{', "route", route);
    fprintf(page->out, "} %" PRIu64 ".%03u\n", histogram->sum_ms / 1000,
            (unsigned)(histogram->sum_ms % 1000));
    fprintf(page->out, "%s_count", name);
    page_label(page->out, '{', "route", route);
    fprintf(page->out, "} %" PRIu64 "\n", sum);
}

static void page_route(const struct page *page, const char *name,
                       const struct route_counters *route, const struct exemplars *exemplars)
{
    if (page->family->type == FAMILY_HISTOGRAM)
        page_histogram(page, name, &route->latency, exemplars);
    else
        page_counters(page, "route", name, route);
}

/* The results of one command, once one of them is not 0. */
static void page_command(const struct page *page, const char *sink, const char *command,
                         const uint64_t *results)
{
    uint64_t any = 0;

    for (size_t i = 0; i < RESULT_COUNT; i++)
        any |= results[i];
    for (size_t i = 0; any && i < RESULT_COUNT; i++) {
        fputs(page->family->name, page->out);
        page_label(page->out, '{', "sink", sink);
        page_label(page->out, ',', dimension_COMMAND.label, command);
        page_label(page->out, ',', dimension_result->label, dimension_result->values[i]);
        fprintf(page->out, "} %" PRIu64 "\n", results[i]);
    }
}

static void page_sink(const struct page *page, const char *name, struct sink_counters *sink)
{
    const struct metrics_shape *shape = page->snapshot->shape;
    const uint64_t *commands = slot_commands(sink);

    if (page->family->dimension != &dimension_COMMAND) {
        page_counters(page, "sink", name, sink);
        return;
    }
    for (size_t i = 0; i <= shape->command_count; i++)
        page_command(page, name, i < shape->command_count ? shape->commands[i] : "other",
                     &commands[i * RESULT_COUNT]);
}

/* The series of every slot of @p kind. */
static void page_slots(const struct page *page, enum slot_kind kind)
{
    for (size_t i = 0; i < page->snapshot->slot_count; i++) {
        const struct slot *slot = &page->snapshot->slots[i];
        void *counts = page->snapshot->words[i];
        if (slot->kind != kind)
            continue;
        switch (kind) {
        case SLOT_TOPIC:
            page_topic(page, slot, counts);
            break;
        case SLOT_ROUTE:
            page_route(page, slot->name, counts, page->snapshot->exemplars[i]);
            break;
        case SLOT_SINK:
            page_sink(page, slot->name, counts);
            break;
        }
    }
}

static void page_partitions(const struct page *page)
{
    for (size_t i = 0; i < page->snapshot->partition_count; i++) {
        const struct partition_sample *sample = &page->snapshot->partitions[i];
        double value = *(const double *)(const void *)((const char *)sample + page->family->offset);
        if (isnan(value) || (page->family->scope == SCOPE_ASSIGNED && sample->assigned == 0))
            continue;
        fputs(page->family->name, page->out);
        page_label(page->out, '{', "topic", sample->topic);
        fprintf(page->out, ",partition=\"%" PRId32 "\"}", sample->partition);
        page_number(page->out, value);
    }
}

static void page_build(const struct page *page)
{
    const struct metrics_shape *shape = page->snapshot->shape;

    fputs(page->family->name, page->out);
    page_label(page->out, '{', "version", PENSTOCK_VERSION);
    page_label(page->out, ',', "librdkafka", shape->librdkafka ? shape->librdkafka : "");
    page_label(page->out, ',', "hiredis", shape->hiredis ? shape->hiredis : "");
    fputs("} 1\n", page->out);
}

static void page_process(const struct page *page)
{
    const struct dimension *dimension = page->family->dimension;
    const double *values =
        (const void *)((const char *)&page->snapshot->process + page->family->offset);

    for (size_t i = 0; i < dimension->count; i++) {
        if (isnan(values[i]))
            continue;
        fputs(page->family->name, page->out);
        if (dimension->label) {
            page_label(page->out, '{', dimension->label, dimension->values[i]);
            fputc('}', page->out);
        }
        page_number(page->out, values[i]);
    }
}

static void page_family(const struct page *page)
{
    switch (page->family->scope) {
    case SCOPE_BUILD:
        page_build(page);
        break;
    case SCOPE_PROCESS:
        page_process(page);
        break;
    case SCOPE_SOURCE:
        page_counters(page, NULL, NULL, &page->snapshot->source);
        break;
    case SCOPE_TOPIC:
        page_slots(page, SLOT_TOPIC);
        break;
    case SCOPE_ROUTE:
        page_slots(page, SLOT_ROUTE);
        break;
    case SCOPE_SINK:
        page_slots(page, SLOT_SINK);
        break;
    case SCOPE_PARTITION:
    case SCOPE_ASSIGNED:
        page_partitions(page);
        break;
    }
}

static bool name_ends(struct slice name, const char *end)
{
    size_t length = strlen(end);

    return name.length > length && memcmp(name.data + name.length - length, end, length) == 0;
}

/* OpenMetrics names a family without the ending that its type gives to its series. */
static struct slice family_name(const struct family *family)
{
    struct slice name = {family->name, strlen(family->name)}; /* is never null, as gcc 14 can see */
    const char *end = family_suffixes[family->type];

    return name_ends(name, end) ? (struct slice){name.data, name.length - strlen(end)} : name;
}

static void page_head_openmetrics(FILE *out, const struct family *family)
{
    static const char *const units[] = {"seconds", "bytes"};
    struct slice name = family_name(family);

    fprintf(out, "# TYPE %.*s %s\n", SLICE_ARGS(name), family_type_names[family->type]);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (name_ends(name, units[i]))
            fprintf(out, "# UNIT %.*s %s\n", SLICE_ARGS(name), units[i]);
    fprintf(out, "# HELP %.*s ", SLICE_ARGS(name));
    page_escaped(out, family->help);
    fputc('\n', out);
}

static void page_head_text(FILE *out, const struct family *family)
{
    bool info = family->type == FAMILY_INFO; /* which this format does not know */

    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
            family_type_names[info ? FAMILY_GAUGE : family->type]);
}

void metrics_write(const struct metrics *metrics, enum metrics_format format, FILE *out)
{
    struct snapshot snapshot;

    snapshot_take(&snapshot, metrics);
    for (size_t i = 0; i < family_count; i++) {
        if (format == METRICS_OPENMETRICS)
            page_head_openmetrics(out, &families[i]);
        else
            page_head_text(out, &families[i]);
        page_family(&(struct page){out, format, &snapshot, &families[i]});
    }
    if (format == METRICS_OPENMETRICS)
        fputs("# EOF\n", out);
    snapshot_clear(&snapshot);
}
