/* reference.c: docs/reference/metrics.md, from the rows of metrics.def. */
#include "metrics/family.h"
#include "metrics/metrics.h"

static void reference_row(const struct family *family, FILE *out)
{
    const char *scope = family_scope_labels[family->scope];
    const char *label = family->dimension->label;
    bool command = family->dimension == &dimension_COMMAND;

    fprintf(out, "| `%s` | %s | %s%s%s%s | %s |\n", family->name, family_type_names[family->type],
            scope, label && *scope ? ", " : "", label ? label : "", command ? ", result" : "",
            family->help);
}

static void reference_values(const struct dimension *dimension, FILE *out)
{
    for (size_t i = 0; i < dimension->count; i++)
        fprintf(out, "%s`%s`", i ? ", " : "", dimension->values[i]);
    fputs(".\n", out);
}

/* The values of each label with a closed set of values. */
static void reference_labels(FILE *out)
{
    for (size_t i = 0; i < family_count; i++) {
        const struct family *family = &families[i];
        if (!family->dimension->label || family->dimension == &dimension_COMMAND)
            continue;
        fprintf(out, "- `%s` of `%s`: ", family->dimension->label, family->name);
        reference_values(family->dimension, out);
    }
    fputs("- `result` of `penstock_redis_commands_total`: ", out);
    reference_values(dimension_result, out);
}

void metrics_write_reference(FILE *out)
{
    fputs("# Metrics\n\n"
          "`GET /metrics` on the admin port answers in the Prometheus text format 0.0.4, or in "
          "OpenMetrics 1.0.0 if the request's\n`Accept` prefers it, as Prometheus' does. Names and "
          "labels of the series are the same in both. This page is generated from\n"
          "`src/metrics/metrics.def`; a test fails when it is stale.\n\n"
          "In every scrape, for every route: `penstock_records_matched_total` is the sum of\n"
          "`penstock_records_total` over its outcomes and of `penstock_inflight_records`.\n\n"
          "| name | type | labels | meaning |\n|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < family_count; i++)
        reference_row(&families[i], out);
    fputs("\n## Values of labels\n\n", out);
    reference_labels(out);
    fputs("\nSeries whose labels are known exist from the start, at 0; those of a command or a "
          "partition appear when it\noccurs first. A gauge of a partition exists while the "
          "partition is assigned to this process and the value is known.\n\n"
          "The buckets of a histogram end at",
          out);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        fprintf(out, "%s %g", i ? "," : "", (double)histogram_bounds_ms[i] / 1000);
    fputs(" seconds and +Inf.\n", out);
}
