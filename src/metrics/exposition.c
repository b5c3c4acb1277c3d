/*
 * exposition.c: the counts as a page of the Prometheus text format 0.0.4.
 *
 * Every series of a known set of labels is there from the start, at 0, so that the first error
 * shows in rate(). Only commands are left out until they occur, and gauges that are not known yet.
 */
#include "metrics/family.h"
#include "metrics/snapshot.h"

#include <inttypes.h>
#include <math.h>

struct page {
    FILE *out;
    const struct snapshot *snapshot;
    const struct family *family;
};

static void page_label(FILE *out, char before, const char *name, const char *value)
{
    fprintf(out, "%c%s=\"", before, name);
    for (; *value; value++)
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '"' || *value == '\\')
            fprintf(out, "\\%c", *value);
        else
            fputc(*value, out);
    fputc('"', out);
}

/* A whole number stays one, whatever its size. */
static void page_number(FILE *out, double value)
{
    fprintf(out, " %.*f\n", value == floor(value) ? 0 : 3, value);
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
        fprintf(page->out, "%s %" PRIu64 "\n", scope || dimension->label ? "}" : "", counters[i]);
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

static void page_histogram(const struct page *page, const char *route,
                           const struct histogram *histogram)
{
    const char *name = page->family->name;
    uint64_t sum = 0;

    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        sum += histogram->buckets[i];
        fprintf(page->out, "%s_bucket", name);
        page_label(page->out, '{', "route", route);
        if (i < HISTOGRAM_BUCKETS)
            fprintf(page->out, ",le=\"%g\"} %" PRIu64 "\n", (double)histogram_bounds_ms[i] / 1000,
                    sum);
        else
            fprintf(page->out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
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
                       const struct route_counters *route)
{
    if (page->family->type == FAMILY_HISTOGRAM)
        page_histogram(page, name, &route->latency);
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
            page_route(page, slot->name, counts);
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
    const char *fields = (const char *)&page->snapshot->process + page->family->offset;
    double value = *(const double *)(const void *)fields;

    if (isnan(value))
        return;
    fputs(page->family->name, page->out);
    page_number(page->out, value);
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

void metrics_write(const struct metrics *metrics, FILE *out)
{
    struct snapshot snapshot;

    snapshot_take(&snapshot, metrics);
    for (size_t i = 0; i < family_count; i++) {
        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", families[i].name, families[i].help,
                families[i].name, family_type_names[families[i].type]);
        page_family(&(struct page){out, &snapshot, &families[i]});
    }
    snapshot_clear(&snapshot);
}
