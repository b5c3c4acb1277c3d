/* test_metrics_lint.c: promtool finds nothing to say about the page of metrics. */
#include "suite.h"

#include "base/clock.h"
#include "metrics/metrics.h"

#include <sys/wait.h>

static const char *const routes[] = {"rides", "odd \"name\"\\\n"};
static const char *const sinks[] = {"live", "second"};
static const char *const commands[] = {"SET", "HSET"};

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
    histogram_add(&metrics_route(worker, routes[0])->latency, 7);
    metrics_sink(worker, sinks[1])->commands[RESULT_OK] = 5;
    gauges->assigned = gauges->held = true;
    gauges->consumed_records = 5;
    gauges->position_offset = gauges->acked_offset = gauges->committed_offset = 5;
    gauges->end_offset = 9;
    gauges->oldest_ms = clock_wall_ms() - 1234;
    metrics_publish(worker);
    return metrics;
}

/* What promtool says of the page, up to @p size bytes; its exit status. */
static int lint(char *said, size_t size, const char *behind)
{
    const char *path = "metrics_lint.page";
    struct metrics *metrics = sample();
    FILE *page = fopen(path, "w");

    metrics_write(metrics, page);
    fputs(behind, page);
    fclose(page);
    metrics_free(metrics);
    FILE *promtool = popen("promtool check metrics < metrics_lint.page 2>&1", "r");
    size_t length = fread(said, 1, size - 1, promtool);
    said[length] = '\0';
    int status = pclose(promtool);
    remove(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void promtool_accepts_a_scrape(void)
{
    char said[4096];

    CU_ASSERT_EQUAL(lint(said, sizeof(said), ""), 0);
    ASSERT_TEXT(said, "");
}

static void promtool_refuses_a_faulty_scrape(void)
{
    char said[4096];

    CU_ASSERT_EQUAL(lint(said, sizeof(said), "# TYPE x_ms counter\nx_ms 1\n"), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "x_ms"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(promtool_accepts_a_scrape),
        TEST(promtool_refuses_a_faulty_scrape),
    };

    return SUITE("metrics_lint", tests);
}
