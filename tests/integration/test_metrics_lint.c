/* test_metrics_lint.c: parsers that others wrote find nothing to say about the page of metrics. */
#include "suite.h"

#include "base/clock.h"
#include "metrics/family.h"
#include "metrics/metrics.h"

#include <sys/wait.h>

static const char *const routes[] = {"rides", "odd \"name\"\\\n"};
static const char *const sinks[] = {"live", "second"};
static const char *const commands[] = {"SET", "HSET"};

static const struct trace trace = {"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true};

/* Something in every family. */
static struct metrics *sample(void)
{
    struct metrics *metrics =
        metrics_new(&(struct metrics_shape){1, commands, 2, "2.0.2", "0.14.1"});
    struct metrics_worker *worker = metrics_worker(metrics, 0);
    struct partition_gauges *gauges = metrics_partition(worker, "driver.location", 3);

    metrics_add_route(metrics, routes[1]);
    metrics_add_sink(metrics, sinks[0]);
    metrics_route(worker, routes[0])->matched =
        metrics_route(worker, routes[0])->outcomes[OUTCOME_WRITTEN] = 5;
    metrics_latency(metrics_route(worker, routes[0]), 1000, 1007, &trace);
    metrics_sink(worker, sinks[1])->commands[RESULT_OK] = 5;
    gauges->assigned = gauges->held = true;
    gauges->consumed_records = 5;
    gauges->position_offset = gauges->acked_offset = gauges->committed_offset = 5;
    gauges->end_offset = 9;
    gauges->oldest_ms = clock_wall_ms() - 1234;
    metrics_publish(worker);
    return metrics;
}

static const char promtool[] = "promtool check metrics < metrics_lint.page 2>&1";
static const char openmetrics_parser[] = TESTS_DIR "/support/openmetrics < metrics_lint.page 2>&1";

/* What @p parser says of the page, up to @p size bytes; its exit status. */
static int lint(const char *parser, enum metrics_format format, char *said, size_t size,
                const char *before)
{
    const char *path = "metrics_lint.page";
    struct metrics *metrics = sample();
    FILE *page = fopen(path, "w");

    fputs(before, page);
    metrics_write(metrics, format, page);
    fclose(page);
    metrics_free(metrics);
    FILE *out = popen(parser, "r");
    size_t length = fread(said, 1, size - 1, out);
    said[length] = '\0';
    int status = pclose(out);
    remove(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void promtool_accepts_a_scrape(void)
{
    char said[4096];

    CU_ASSERT_EQUAL(lint(promtool, METRICS_TEXT, said, sizeof(said), ""), 0);
    ASSERT_TEXT(said, "");
}

static void promtool_refuses_a_faulty_scrape(void)
{
    char said[4096];

    CU_ASSERT_EQUAL(
        lint(promtool, METRICS_TEXT, said, sizeof(said), "# TYPE x_ms counter\nx_ms 1\n"), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "x_ms"));
}

static void a_parser_of_openmetrics_accepts_a_scrape(void)
{
    char said[4096], wanted[64];

    snprintf(wanted, sizeof(wanted), "%zu families, ", family_count);
    CU_ASSERT_EQUAL(lint(openmetrics_parser, METRICS_OPENMETRICS, said, sizeof(said), ""), 0);
    CU_ASSERT_EQUAL(strncmp(said, wanted, strlen(wanted)), 0);
    CU_ASSERT_PTR_NULL(strstr(said, ", 0 in seconds"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, ", 1 exemplars\n0.007 span_id=b7ad6b7169203331 "
                                        "trace_id=0af7651916cd43dd8448eb211c80319c\n"));
}

static void a_parser_of_openmetrics_refuses_the_text_format(void)
{
    char said[4096];

    CU_ASSERT_EQUAL(lint(openmetrics_parser, METRICS_TEXT, said, sizeof(said), ""), 3);
    CU_ASSERT_EQUAL(lint(openmetrics_parser, METRICS_OPENMETRICS, said, sizeof(said),
                         "# TYPE x counter\nx 1\n"),
                    3);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(promtool_accepts_a_scrape),
        TEST(promtool_refuses_a_faulty_scrape),
        TEST(a_parser_of_openmetrics_accepts_a_scrape),
        TEST(a_parser_of_openmetrics_refuses_the_text_format),
    };

    return SUITE("metrics_lint", tests);
}
