/* test_metrics.c: every count that penstock keeps, and the page they make. */
#include "generated_page.h"
#include "suite.h"

#include "base/clock.h"
#include "metrics/family.h"
#include "metrics/metrics.h"
#include "metrics/snapshot.h"
#include "redis/reply.h"

#include <pthread.h>
#include <stdlib.h>

static const char *const routes[] = {"rides", "trips \"new\"\\\n"};
static const char *const sinks[] = {"live"};
static const char *const commands[] = {"SET", "HSET"};
static const struct metrics_shape shape = {
    .workers = 2,
    .commands = commands,
    .command_count = 2,
    .librdkafka = "2.0.2",
    .hiredis = "0.14.1",
};

static struct metrics *metrics;
static char *page;

static struct metrics_worker *begin(void)
{
    metrics = metrics_new(&shape);
    for (size_t i = 0; i < 2; i++)
        metrics_add_route(metrics, routes[i]);
    metrics_add_sink(metrics, sinks[0]);
    return metrics_worker(metrics, 0);
}

static void end(void)
{
    metrics_free(metrics);
    free(page);
    page = NULL;
}

/* Whether the page of now has this whole line. */
static bool shows(const char *line)
{
    size_t length = 0;
    bool found = false;

    free(page);
    FILE *out = open_memstream(&page, &length);
    metrics_write(metrics, METRICS_TEXT, out);
    fclose(out);
    for (const char *at = strstr(page, line); at && !found; at = strstr(at + 1, line))
        found = (at == page || at[-1] == '\n') && at[strlen(line)] == '\n';
    return found;
}

static void a_series_is_there_before_anything_happened(void)
{
    begin();
    CU_ASSERT(shows("penstock_records_total{route=\"rides\",outcome=\"dropped\"} 0"));
    CU_ASSERT(shows("penstock_record_errors_total{route=\"rides\",stage=\"limit\"} 0"));
    CU_ASSERT(shows("penstock_redis_errors_total{sink=\"live\",class=\"WRONGTYPE\"} 0"));
    CU_ASSERT(shows("penstock_kafka_rebalances_total{event=\"lost\"} 0"));
    CU_ASSERT(shows("penstock_kafka_errors_total 0"));
    end();
}

static void a_command_appears_with_its_first_answer(void)
{
    struct metrics_worker *worker = begin();

    CU_ASSERT_FALSE(shows("penstock_redis_commands_total{sink=\"live\",command=\"HSET\",result="
                          "\"ok\"} 0"));
    metrics_sink(worker, sinks[0])->commands[1 * RESULT_COUNT + RESULT_OK] = 5;
    metrics_sink(worker, sinks[0])->commands[2 * RESULT_COUNT + RESULT_REFUSED] = 1;
    metrics_publish(worker);
    CU_ASSERT(shows("penstock_redis_commands_total{sink=\"live\",command=\"HSET\",result=\"ok\"} "
                    "5"));
    CU_ASSERT(shows("penstock_redis_commands_total{sink=\"live\",command=\"HSET\",result="
                    "\"retried\"} 0"));
    CU_ASSERT(shows("penstock_redis_commands_total{sink=\"live\",command=\"other\",result="
                    "\"refused\"} 1"));
    CU_ASSERT_PTR_NULL(strstr(page, "command=\"SET\""));
    end();
}

static void counts_of_two_workers_add_up(void)
{
    struct metrics_worker *first = begin(), *second = metrics_worker(metrics, 1);

    metrics_route(first, routes[0])->matched = 3;
    metrics_route(second, routes[0])->matched = 4;
    first->source.commits[COMMIT_OK] = 1;
    second->source.commits[COMMIT_OK] = 1;
    metrics_sink(second, sinks[0])->connections_up = 2;
    metrics_publish(first);
    metrics_publish(second);
    CU_ASSERT(shows("penstock_records_matched_total{route=\"rides\"} 7"));
    CU_ASSERT(shows("penstock_kafka_commits_total{result=\"ok\"} 2"));
    CU_ASSERT(shows("penstock_redis_connections{sink=\"live\"} 2"));
    end();
}

static void a_count_is_not_seen_before_it_is_published(void)
{
    struct metrics_worker *worker = begin();

    metrics_route(worker, routes[0])->matched = 3;
    CU_ASSERT(shows("penstock_records_matched_total{route=\"rides\"} 0"));
    metrics_publish(worker);
    CU_ASSERT(shows("penstock_records_matched_total{route=\"rides\"} 3"));
    end();
}

/* What Prometheus and others want to read of OpenMetrics, line by line. */
static void openmetrics_names_a_family_by_its_type(void)
{
    static const char *const lines[] = {
        "# TYPE penstock_build info\n# HELP penstock_build ",
        "\npenstock_build_info{version=",
        "# TYPE penstock_records counter\n# HELP penstock_records ",
        "\npenstock_records_total{route=",
        "# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n",
        "# TYPE penstock_redis_sent_bytes counter\n# UNIT penstock_redis_sent_bytes bytes\n",
        "\n# UNIT penstock_end_to_end_latency_seconds seconds\n",
        ",le=\"1.0\"} 0\n",
        ",le=\"2.5\"} 0\n",
    };
    size_t length = 0;

    begin();
    FILE *out = open_memstream(&page, &length);
    metrics_write(metrics, METRICS_OPENMETRICS, out);
    fclose(out);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(page, lines[i]));
    CU_ASSERT_PTR_NULL(strstr(page, "_created"));
    CU_ASSERT_STRING_EQUAL(page + length - strlen("\n# EOF\n"), "\n# EOF\n");
    end();
}

static void a_label_is_escaped(void)
{
    begin();
    CU_ASSERT(shows("penstock_records_matched_total{route=\"trips \\\"new\\\"\\\\\\n\"} 0"));
    end();
}

static void a_histogram_is_cumulative_and_in_seconds(void)
{
    struct metrics_worker *worker = begin();

    histogram_add(&metrics_route(worker, routes[0])->latency, 3);
    histogram_add(&metrics_route(worker, routes[0])->latency, 1500);
    histogram_add(&metrics_route(worker, routes[0])->latency, 400000);
    metrics_publish(worker);
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=\"0.002\"} 0"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=\"0.005\"} 1"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=\"300.0\"} 2"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=\"+Inf\"} 3"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_sum{route=\"rides\"} 401.503"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_count{route=\"rides\"} 3"));
    end();
}

/* A producer may set any time; the mean and the sum are of what can be a latency. */
static void a_record_of_1970_or_of_the_future_is_not_measured(void)
{
    enum { DAY_MS = 24 * 3600 * 1000, NOW_DAYS = 20000 };
    const int64_t now_ms = (int64_t)NOW_DAYS * DAY_MS;
    struct metrics_worker *worker = begin();
    struct route_counters *route = metrics_route(worker, routes[0]);

    metrics_latency(route, 0, now_ms, &(struct trace){0});
    metrics_latency(route, -1, now_ms, &(struct trace){0});
    metrics_latency(route, now_ms - 7 * DAY_MS - 1, now_ms, &(struct trace){0});
    metrics_latency(route, now_ms + 60001, now_ms, &(struct trace){0});
    CU_ASSERT_EQUAL(route->latency.sum_ms, 0);
    CU_ASSERT_EQUAL(route->latency.buckets[0], 0);
    metrics_latency(route, now_ms - 7 * DAY_MS, now_ms, &(struct trace){0});
    metrics_latency(route, now_ms + 60000, now_ms,
                    &(struct trace){0}); /* clocks that differ: no time at all */
    CU_ASSERT_EQUAL(route->latency.sum_ms, 7 * DAY_MS);
    metrics_publish(worker);
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_sum{route=\"rides\"} 604800.000"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_count{route=\"rides\"} 2"));
    CU_ASSERT(shows("penstock_latency_unmeasured_total{route=\"rides\"} 4"));
    end();
}

/* The line of this bucket, without what every line of the histogram begins with. */
static bool bucket_is(const char *page_text, const char *line)
{
    char whole[256];

    snprintf(whole, sizeof(whole),
             "\npenstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=%s\n", line);
    return strstr(page_text, whole) != NULL;
}

static void a_sampled_trace_is_the_exemplar_of_its_bucket(void)
{
    const struct trace older = {"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true};
    const struct trace newer = {"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", true};
    const struct trace lost = {"00000000000000000000000000000001", "0000000000000001", false};
    struct metrics_worker *first = begin(), *second = metrics_worker(metrics, 1);
    size_t length = 0;

    metrics_latency(metrics_route(second, routes[0]), 999970, 1000004, &newer);
    metrics_latency(metrics_route(first, routes[0]), 999960, 1000003, &older);
    metrics_latency(metrics_route(first, routes[0]), 999999, 999000, &older);
    metrics_latency(metrics_route(first, routes[0]), 1000, 1003, &lost);
    metrics_publish(first);
    metrics_publish(second);
    metrics_publish(second);
    FILE *out = open_memstream(&page, &length);
    metrics_write(metrics, METRICS_OPENMETRICS, out);
    fclose(out);
    CU_ASSERT(bucket_is(page,
                        "\"0.05\"} 4 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\",span_id="
                        "\"00f067aa0ba902b7\"} 0.034 1000.004"));
    CU_ASSERT(bucket_is(page,
                        "\"0.001\"} 1 # {trace_id=\"0af7651916cd43dd8448eb211c80319c\",span_id="
                        "\"b7ad6b7169203331\"} 0.000 999.000"));
    CU_ASSERT(bucket_is(page, "\"0.005\"} 2"));
    CU_ASSERT(shows("penstock_end_to_end_latency_seconds_bucket{route=\"rides\",le=\"0.05\"} 4"));
    end();
}

static struct partition_gauges *assigned(struct metrics_worker *worker, int32_t partition)
{
    struct partition_gauges *gauges = metrics_partition(worker, "driver.location", partition);

    gauges->assigned = true;
    return gauges;
}

static void lag_counts_to_the_ack_not_to_the_position(void)
{
    struct partition_gauges *gauges = assigned(begin(), 3);

    gauges->end_offset = 1000;
    gauges->position_offset = 990;
    gauges->acked_offset = 950;
    gauges->oldest_ms = clock_wall_ms() - 60500;
    CU_ASSERT(shows("penstock_kafka_consumer_lag_records{topic=\"driver.location\",partition=\"3\"}"
                    " 50"));
    CU_ASSERT(shows("penstock_kafka_position_offset{topic=\"driver.location\",partition=\"3\"} "
                    "990"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "lag_seconds{topic=\"driver.location\",partition=\"3\"} "
                                        "60."));
    gauges->acked_offset = 1000;
    gauges->oldest_ms = -1;
    CU_ASSERT(shows("penstock_kafka_consumer_lag_records{topic=\"driver.location\",partition=\"3\"}"
                    " 0"));
    CU_ASSERT(shows("penstock_kafka_consumer_lag_seconds{topic=\"driver.location\",partition=\"3\"}"
                    " 0"));
    end();
}

static void what_is_not_known_of_a_partition_is_not_shown(void)
{
    assigned(begin(), 3);
    CU_ASSERT(shows("penstock_kafka_partition_assigned{topic=\"driver.location\",partition=\"3\"} "
                    "1"));
    CU_ASSERT_PTR_NULL(strstr(page, "lag_records{"));
    CU_ASSERT_PTR_NULL(strstr(page, "committed_offset{"));
    CU_ASSERT_PTR_NULL(strstr(page, "nan"));
    end();
}

static void a_partition_held_before_its_first_record_is_not_called_caught_up(void)
{
    struct partition_gauges *gauges = assigned(begin(), 3);

    gauges->held = true;
    CU_ASSERT(shows("penstock_kafka_partition_held{topic=\"driver.location\",partition=\"3\"} 1"));
    CU_ASSERT_PTR_NULL(strstr(page, "lag_seconds{"));
    end();
}

static void a_partition_that_was_given_up_keeps_only_its_counts(void)
{
    struct partition_gauges *gauges = assigned(begin(), 3);

    gauges->consumed_records = 12;
    gauges->end_offset = gauges->acked_offset = 12;
    gauges->assigned = false;
    CU_ASSERT(shows("penstock_kafka_records_consumed_total{topic=\"driver.location\",partition="
                    "\"3\"} 12"));
    CU_ASSERT(shows("penstock_kafka_partition_assigned{topic=\"driver.location\",partition=\"3\"} "
                    "0"));
    CU_ASSERT_PTR_NULL(strstr(page, "lag_records{"));
    end();
}

static void a_partition_that_moved_to_another_worker_is_one_series(void)
{
    struct metrics_worker *worker = begin();
    struct partition_gauges *before = assigned(worker, 3);
    struct partition_gauges *now = assigned(metrics_worker(metrics, 1), 3);

    before->assigned = false;
    before->consumed_records = 7;
    before->end_offset = 500;
    now->consumed_records = 2;
    now->end_offset = 9;
    CU_ASSERT(shows("penstock_kafka_records_consumed_total{topic=\"driver.location\",partition="
                    "\"3\"} 9"));
    CU_ASSERT(shows("penstock_kafka_high_watermark_offset{topic=\"driver.location\",partition="
                    "\"3\"} 9"));
    CU_ASSERT_PTR_NULL(strstr(page, " 500\n"));
    end();
}

static void one_partition_has_one_set_of_gauges_for_a_worker(void)
{
    struct metrics_worker *worker = begin();
    struct partition_gauges *gauges = metrics_partition(worker, "rides", 1);

    CU_ASSERT_PTR_NOT_EQUAL(metrics_partition(worker, "rides", 2), gauges);
    CU_ASSERT_PTR_NOT_EQUAL(metrics_partition(worker, "trips", 1), gauges);
    CU_ASSERT_PTR_EQUAL(metrics_partition(worker, "rides", 1), gauges);
    end();
}

static void totals_leave_out_what_is_not_assigned(void)
{
    struct metrics_worker *worker = begin();
    struct partition_gauges *gone = assigned(worker, 1), *held = assigned(worker, 2);
    struct metrics_totals totals;

    gone->assigned = false;
    gone->end_offset = 100;
    gone->acked_offset = 0;
    held->held = true;
    held->end_offset = 30;
    held->acked_offset = 10;
    held->oldest_ms = clock_wall_ms() - 5000;
    metrics_route(worker, routes[1])->outcomes[OUTCOME_WRITTEN] = 6;
    metrics_publish(worker);
    metrics_totals(metrics, &totals);
    CU_ASSERT_EQUAL(totals.lag_records, 20);
    CU_ASSERT(totals.lag_seconds >= 5 && totals.lag_seconds < 15);
    CU_ASSERT_EQUAL(totals.partitions, 1);
    CU_ASSERT_EQUAL(totals.held, 1);
    CU_ASSERT_EQUAL(totals.written, 6);
    end();
}

static void a_word_outside_the_closed_set_is_other(void)
{
    CU_ASSERT_EQUAL(metrics_error_index("ERR"), 0);
    CU_ASSERT_EQUAL(metrics_error_index("other"), 31);
    CU_ASSERT_EQUAL(metrics_error_index("SOMETHINGNEW"), 31);
    CU_ASSERT_NOT_EQUAL(metrics_error_index("WRONGTYPE"), 31);
}

static void every_first_word_that_a_reply_may_have_is_a_class(void)
{
    size_t count;
    const struct reply_row *rows = reply_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].word, "*") != 0)
            CU_ASSERT_NOT_EQUAL(metrics_error_index(rows[i].word), 31);
}

static void the_versions_are_labels(void)
{
    begin();
    CU_ASSERT(shows("penstock_build_info{version=\"" PENSTOCK_VERSION
                    "\",librdkafka=\"2.0.2\",hiredis=\"0.14.1\"} 1"));
    end();
}

static void the_process_is_measured(void)
{
    struct process_sample sample = {0};

    process_sample(&sample);
    CU_ASSERT(sample.resident_bytes > 100000);
    CU_ASSERT(sample.threads >= 1);
    CU_ASSERT(sample.open_files >= 3 && sample.open_files < sample.most_files);
    double age = (double)clock_wall_ms() / 1000 - sample.born;
    CU_ASSERT(age > -1 && age < 600);
}

/* Whether @p name, perhaps with the ending of a histogram's series, is a family. */
static bool is_family(struct slice name)
{
    for (size_t i = 0; i < family_count; i++) {
        size_t length = strlen(families[i].name);
        if (name.length < length || strncmp(name.data, families[i].name, length) != 0)
            continue;
        struct slice ending = {name.data + length, name.length - length};
        if (ending.length == 0 ||
            (families[i].type == FAMILY_HISTOGRAM && slice_is(ending, "_bucket")))
            return true;
    }
    return false;
}

static void the_page_about_watching_names_only_metrics_that_exist(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    char *text = page_read(SOURCE_DIR "/docs/how-to/watch.md");
    int names = 0;

    for (const char *at = text; (at = strstr(at, "penstock_")); names++) {
        struct slice name = {at, strspn(at, letters)};
        if (!is_family(name))
            fprintf(stderr, "\n%.*s is no metric\n", SLICE_ARGS(name));
        CU_ASSERT(is_family(name));
        at += name.length;
    }
    CU_ASSERT(names > 10);
    free(text);
}

static void the_reference_page_is_current(void)
{
    ASSERT_PAGE(metrics_write_reference, SOURCE_DIR "/docs/reference/metrics.md");
}

/* --- counts that belong together ------------------------------------------------------------- */

static _Atomic bool hammering;

/* Every thread that comes to know a name counts under it; none is lost or counted twice. */
static void a_name_finds_its_counts_again_whoever_says_it(void)
{
    struct metrics_worker *first = begin(), *second = metrics_worker(metrics, 1);
    char name[] = "later";
    struct route_counters *later = metrics_route(first, name);

    CU_ASSERT_PTR_EQUAL(metrics_route(first, "later"), later);
    CU_ASSERT_PTR_NOT_EQUAL(metrics_route(second, "later"), later);
    metrics_route(second, "later")->matched = 2;
    later->matched = 3;
    metrics_route(first, routes[0])->matched = 1; /* the others keep their places */
    memset(name, 'x', strlen(name));              /* the name was copied */
    metrics_publish(first);
    metrics_publish(second);
    CU_ASSERT(shows("penstock_records_matched_total{route=\"later\"} 5"));
    CU_ASSERT(shows("penstock_records_matched_total{route=\"rides\"} 1"));
    metrics_sink(first, "later")->reconnects = 1;
    metrics_topic(first, "main", "later")->states[TOPIC_UNREAD] = 1;
    metrics_publish(first);
    CU_ASSERT(shows("penstock_redis_reconnects_total{sink=\"later\"} 1"));
    CU_ASSERT(shows("penstock_topic_workers{source=\"main\",topic=\"later\",state=\"unread\"} 1"));
    end();
}

/* A record is begun, and sooner or later finished; what is published in between adds up. */
static void *hammer(void *argument)
{
    struct metrics_worker *worker = argument;
    struct route_counters *route = metrics_route(worker, routes[1]);

    for (uint64_t i = 0; hammering; i++) {
        route->matched++;
        route->inflight++;
        if (route->inflight > i % 7) {
            route->outcomes[i % OUTCOME_COUNT] += route->inflight;
            route->inflight = 0;
        }
        metrics_publish(worker);
    }
    return NULL;
}

static uint64_t matched_if_it_adds_up(void)
{
    struct snapshot snapshot;

    snapshot_take(&snapshot, metrics);
    const struct route_counters *route = (const void *)snapshot.words[1];
    uint64_t matched = route->matched, sum = route->inflight;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += route->outcomes[i];
    snapshot_clear(&snapshot);
    return sum == matched ? matched : UINT64_MAX;
}

static void every_scrape_adds_up_while_workers_count(void)
{
    pthread_t threads[2];
    uint64_t wrong = 0, last = 0;

    begin();
    hammering = true;
    for (unsigned i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, hammer, metrics_worker(metrics, i));
    for (int64_t from_ms = clock_ms(), ms = 0; ms < 200 || (last == 0 && ms < 60000);
         ms = clock_ms() - from_ms) {
        uint64_t matched = matched_if_it_adds_up();
        wrong += matched < last || matched == UINT64_MAX;
        last = matched;
    }
    hammering = false;
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(last > 0);
    end();
}

static void partitions_may_come_while_a_scrape_runs(void)
{
    struct metrics_worker *worker = begin();
    pthread_t thread;

    hammering = true;
    pthread_create(&thread, NULL, hammer, metrics_worker(metrics, 1));
    for (int i = 0; i < 50; i++) {
        assigned(worker, i)->consumed_records = 1;
        CU_ASSERT_FALSE(shows("no such line"));
    }
    hammering = false;
    pthread_join(thread, NULL);
    CU_ASSERT(shows("penstock_kafka_records_consumed_total{topic=\"driver.location\",partition="
                    "\"49\"} 1"));
    end();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_series_is_there_before_anything_happened),
        TEST(a_command_appears_with_its_first_answer),
        TEST(counts_of_two_workers_add_up),
        TEST(a_count_is_not_seen_before_it_is_published),
        TEST(a_name_finds_its_counts_again_whoever_says_it),
        TEST(a_label_is_escaped),
        TEST(openmetrics_names_a_family_by_its_type),
        TEST(a_histogram_is_cumulative_and_in_seconds),
        TEST(a_record_of_1970_or_of_the_future_is_not_measured),
        TEST(a_sampled_trace_is_the_exemplar_of_its_bucket),
        TEST(lag_counts_to_the_ack_not_to_the_position),
        TEST(what_is_not_known_of_a_partition_is_not_shown),
        TEST(a_partition_held_before_its_first_record_is_not_called_caught_up),
        TEST(a_partition_that_was_given_up_keeps_only_its_counts),
        TEST(a_partition_that_moved_to_another_worker_is_one_series),
        TEST(one_partition_has_one_set_of_gauges_for_a_worker),
        TEST(totals_leave_out_what_is_not_assigned),
        TEST(a_word_outside_the_closed_set_is_other),
        TEST(every_first_word_that_a_reply_may_have_is_a_class),
        TEST(the_versions_are_labels),
        TEST(the_process_is_measured),
        TEST(the_page_about_watching_names_only_metrics_that_exist),
        TEST(the_reference_page_is_current),
        TEST(every_scrape_adds_up_while_workers_count),
        TEST(partitions_may_come_while_a_scrape_runs),
    };

    return SUITE("metrics", tests);
}
