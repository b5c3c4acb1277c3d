/*
 * test_metrics_rows.c: each row of metrics.def is fed by some code, and what is counted comes out.
 *
 * A row that nobody feeds, or that is lost between a worker and the page, is a number that
 * operators watch and that stays 0 whatever happens.
 */
#include "generated_page.h"
#include "suite.h"

#include "base/clock.h"
#include "metrics/family.h"
#include "metrics/metrics.h"
#include "metrics/process.h"

#include <fts.h>
#include <regex.h>
#include <stdlib.h>

static const char *const commands[] = {"SET"};
static const struct metrics_shape shape = {.workers = 2, .commands = commands, .command_count = 1};

struct row {
    const char *name, *field;
    enum family_scope scope;
};

static const struct row rows[] = {
#define METRIC(name, type, scope, dimension, field, help) {#name, #field, SCOPE_##scope},
#include "metrics/metrics.def"
#undef METRIC
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* --- from a worker's count to the page ------------------------------------------------------- */

static char *page_of(const struct metrics *metrics)
{
    char *page = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&page, &length);

    metrics_write(metrics, METRICS_TEXT, out);
    fclose(out);
    return page;
}

/* How many series of the family have this value. */
static size_t series_of(const struct metrics *metrics, const char *name, const char *value)
{
    char *page = page_of(metrics), *rest = page;
    size_t count = 0, length = strlen(name);

    for (const char *line; (line = strsep(&rest, "\n"));) {
        const char *space = strrchr(line, ' ');
        if (strncmp(line, name, length) == 0 && (line[length] == '{' || line[length] == ' '))
            count += strcmp(space + 1, value) == 0;
    }
    free(page);
    return count;
}

/* The counts of the family's scope, of one worker. */
static void *counters_of(struct metrics_worker *worker, const struct family *family)
{
    if (family->scope == SCOPE_SOURCE)
        return &worker->source;
    if (family->scope == SCOPE_TOPIC)
        return metrics_topic(worker, "main", "rides");
    return family->scope == SCOPE_ROUTE ? (void *)metrics_route(worker, "rides")
                                        : (void *)metrics_sink(worker, "live");
}

/* The count of one value of its dimension. */
static uint64_t *count_of(struct metrics_worker *worker, const struct family *family, size_t value)
{
    char *field = (char *)counters_of(worker, family) + family->offset;

    if (family->dimension == &dimension_COMMAND)
        return *(uint64_t **)(void *)field;
    return (uint64_t *)(void *)field + value;
}

/* Whether what two workers count comes out as their sum. */
static bool comes_out(const struct family *family, size_t value)
{
    struct metrics *metrics = metrics_new(&shape);

    for (unsigned i = 0; i < 2; i++) {
        struct metrics_worker *worker = metrics_worker(metrics, i);
        *count_of(worker, family, value) = 3000 + i * 1000;
        metrics_publish(worker);
    }
    const char *sum = family->type == FAMILY_SECONDS ? "0.007000" : "7000";
    bool good = series_of(metrics, family->name, sum) == 1;
    if (!good)
        fprintf(stderr, "\n%s, value %zu of its label: 3000 and 4000 do not come out as 7000\n",
                family->name, value);
    metrics_free(metrics);
    return good;
}

static void what_two_workers_count_comes_out_as_their_sum(void)
{
    for (size_t i = 0; i < family_count; i++) {
        const struct family *family = &families[i];
        bool counts = family->scope == SCOPE_SOURCE || family->scope == SCOPE_TOPIC ||
                      family->scope == SCOPE_ROUTE || family->scope == SCOPE_SINK;
        if (!counts || family->type == FAMILY_HISTOGRAM)
            continue;
        size_t values = family->dimension == &dimension_COMMAND ? 1 : family->dimension->count;
        for (size_t value = 0; value < values; value++)
            CU_ASSERT(comes_out(family, value));
    }
}

static void what_two_workers_measure_comes_out_as_their_sum(void)
{
    for (size_t i = 0; i < family_count; i++) {
        struct metrics *metrics = metrics_new(&shape);
        for (unsigned j = 0; families[i].type == FAMILY_HISTOGRAM && j < 2; j++) {
            struct metrics_worker *worker = metrics_worker(metrics, j);
            histogram_add((void *)count_of(worker, &families[i], 0), 7);
            metrics_publish(worker);
        }
        char name[128];
        snprintf(name, sizeof(name), "%s_count", families[i].name);
        if (families[i].type == FAMILY_HISTOGRAM)
            CU_ASSERT_EQUAL(series_of(metrics, name, "2"), 1);
        metrics_free(metrics);
    }
}

/* What a worker says of a partition, and what then stands on the page. */
static const struct partition_case {
    const char *name, *value;
    size_t offset; /* of the gauge in struct partition_gauges */
    enum { BOOL, COUNT, OFFSET } kind;
} partition_cases[] = {
#define GAUGE(kind, field) offsetof(struct partition_gauges, field), kind
    {"penstock_kafka_records_consumed_total", "7", GAUGE(COUNT, consumed_records)},
    {"penstock_kafka_consumed_bytes_total", "7", GAUGE(COUNT, consumed_bytes)},
    {"penstock_kafka_records_lost_total", "7", GAUGE(COUNT, lost_records)},
    {"penstock_kafka_partition_assigned", "1", GAUGE(BOOL, assigned)},
    {"penstock_kafka_partition_held", "1", GAUGE(BOOL, held)},
    {"penstock_kafka_partition_paused", "1", GAUGE(BOOL, paused)},
    {"penstock_kafka_lag_unknown", "1", GAUGE(BOOL, lag_unknown)},
    {"penstock_kafka_position_offset", "7", GAUGE(OFFSET, position_offset)},
    {"penstock_kafka_committed_offset", "7", GAUGE(OFFSET, committed_offset)},
    {"penstock_kafka_high_watermark_offset", "7", GAUGE(OFFSET, end_offset)},
    {"penstock_kafka_unstable_offsets", "7", GAUGE(OFFSET, unstable)},
    {"penstock_kafka_startup_records", "7", GAUGE(OFFSET, startup_records)},
    {"penstock_kafka_startup_remaining_records", "7", GAUGE(OFFSET, startup_remaining)},
    {"penstock_kafka_consumer_lag_records", "4", GAUGE(OFFSET, end_offset)}, /* 3 are answered */
    {"penstock_kafka_consumer_lag_seconds", "0", GAUGE(OFFSET, end_offset)},
#undef GAUGE
};

static bool partition_comes_out(const struct partition_case *one)
{
    struct metrics *metrics = metrics_new(&shape);
    struct partition_gauges *gauges = metrics_partition(metrics_worker(metrics, 1), "rides", 3);
    void *field = (char *)gauges + one->offset;

    gauges->assigned = true;
    gauges->acked_offset = 3;
    if (one->kind == BOOL)
        *(_Atomic bool *)field = true;
    else if (one->kind == COUNT)
        *(_Atomic uint64_t *)field = 7;
    else
        *(_Atomic int64_t *)field = 7;
    bool good = series_of(metrics, one->name, one->value) == 1;
    metrics_free(metrics);
    return good;
}

static void what_a_worker_says_of_a_partition_comes_out(void)
{
    size_t seen = 0, wanted = 0;

    for (size_t i = 0; i < sizeof(partition_cases) / sizeof(partition_cases[0]); i++) {
        bool good = partition_comes_out(&partition_cases[i]);
        if (!good)
            fprintf(stderr, "\n%s does not come out\n", partition_cases[i].name);
        CU_ASSERT(good);
        seen++;
    }
    for (size_t i = 0; i < ROWS; i++)
        wanted += rows[i].scope == SCOPE_PARTITION || rows[i].scope == SCOPE_ASSIGNED;
    CU_ASSERT_EQUAL(seen, wanted);
}

static void what_the_kernel_says_comes_out(void)
{
    struct metrics *metrics = metrics_new(&shape);
    char *page = page_of(metrics), line[160];

    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].scope != SCOPE_PROCESS)
            continue;
        snprintf(line, sizeof(line), "\n%s ", rows[i].name);
        bool found = strstr(page, line) != NULL;
        snprintf(line, sizeof(line), "\n%s{", rows[i].name); /* with a label */
        found |= strstr(page, line) != NULL;
        if (!found)
            fprintf(stderr, "\n%s does not come out\n", rows[i].name);
        CU_ASSERT(found);
    }
    free(page);
    metrics_free(metrics);
}

/* --- somebody counts ------------------------------------------------------------------------- */

/* All sources outside metrics/, one behind the other. */
static char *feeders(void)
{
    char *roots[] = {SOURCE_DIR "/src", NULL}, *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    FTS *tree = fts_open(roots, FTS_NOCHDIR, NULL);

    for (FTSENT *entry; (entry = fts_read(tree));) {
        const char *name = entry->fts_name;
        if (entry->fts_info == FTS_D && strcmp(name, "metrics") == 0)
            fts_set(tree, entry, FTS_SKIP);
        if (entry->fts_info != FTS_F || strcmp(name + strlen(name) - 2, ".c") != 0)
            continue;
        char *file = page_read(entry->fts_path);
        fputs(file, out);
        free(file);
    }
    fts_close(tree);
    fclose(out);
    return text;
}

/* Whether @p text has the word with these patterns before and behind it. */
static bool has(const char *text, const char *before, const char *word, const char *behind)
{
    char pattern[512];
    regex_t compiled;

    snprintf(pattern, sizeof(pattern), "%s%s%s", before, word, behind);
    regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

/* Whether some line counts in the field: x++, x--, x += ..., x = ..., or hands it on to be counted
 * in. */
static bool is_fed(const char *sources, const char *field)
{
    return has(sources, "(->|\\.)", field,
               "(\\[[^]\n]*\\])?(\\[[^]\n]*\\])?(\\+\\+|--| \\+= | -= | =[ \n])") ||
           has(sources, "&[a-z>.-]*(->|\\.)", field, "[,)[]") ||
           has(sources, "GAUGE\\([a-z]+, ", field, ",");
}

/* Of partitions the page has some that are made of others: acked_offset and oldest_ms are fed for
 * the lag. */
static const char *fed_field(const struct row *row)
{
    if (strcmp(row->field, "lag_records") == 0)
        return "acked_offset";
    return strcmp(row->field, "lag_seconds") == 0 ? "oldest_ms" : row->field;
}

static bool is_latency(const struct row *row)
{
    return strncmp(row->field, "latency", strlen("latency")) == 0;
}

static void each_row_is_fed_by_some_code(void)
{
    char *sources = feeders();

    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].scope == SCOPE_BUILD || rows[i].scope == SCOPE_PROCESS)
            continue;
        bool fed = is_latency(&rows[i]) ? has(sources, "metrics_latency\\(", "", "")
                                        : is_fed(sources, fed_field(&rows[i]));
        if (!fed)
            fprintf(stderr, "\n%s: nothing outside src/metrics counts in %s\n", rows[i].name,
                    rows[i].field);
        CU_ASSERT(fed);
    }
    CU_ASSERT_FALSE(is_fed(sources, "no_such_count"));
    free(sources);
}

static void each_value_of_a_label_occurs_in_some_code(void)
{
    static const char *const values[] = {
#define DIMENSION(row, type, label, ...) __VA_ARGS__
#define VALUE(constant, word)            #constant,
#include "metrics/labels.def"
#undef DIMENSION
#undef VALUE
    };
    char *sources = feeders();

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bool found = has(sources, "[^A-Z_]", values[i], "[^A-Z_]");
        if (!found)
            fprintf(stderr, "\n%s: nothing outside src/metrics uses it\n", values[i]);
        CU_ASSERT(found);
    }
    free(sources);
}

static void every_type_and_scope_has_a_name(void)
{
    for (size_t i = 0; i < family_count; i++) {
        CU_ASSERT_PTR_NOT_NULL(family_type_names[families[i].type]);
        CU_ASSERT_PTR_NOT_NULL(family_scope_labels[families[i].scope]);
        for (size_t j = 0; j < families[i].dimension->count; j++)
            CU_ASSERT_PTR_NOT_NULL(families[i].dimension->values[j]);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_two_workers_count_comes_out_as_their_sum),
        TEST(what_two_workers_measure_comes_out_as_their_sum),
        TEST(what_a_worker_says_of_a_partition_comes_out),
        TEST(what_the_kernel_says_comes_out),
        TEST(each_row_is_fed_by_some_code),
        TEST(each_value_of_a_label_occurs_in_some_code),
        TEST(every_type_and_scope_has_a_name),
    };

    return SUITE("metrics_rows", tests);
}
