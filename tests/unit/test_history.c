/* test_history.c: how the process fared, second by second. */
#include "suite.h"

#include "app/history.h"
#include "metrics/snapshot.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const struct metrics_shape shape = {.workers = 1, .librdkafka = "2", .hiredis = "0"};
static struct metrics *metrics;
static struct metrics_worker *worker;
static struct history *history;
static int64_t now_ms;

static void begin(void)
{
    metrics = metrics_new(&shape);
    worker = metrics_worker(metrics, 0);
    metrics_route(worker, "rides");
    metrics_route(worker, "trips");
    history = history_new();
    now_ms = 5000;
}

static void end(void)
{
    history_free(history);
    metrics_free(metrics);
}

/* A sample of what the worker has counted, so long after the one before. */
static void sample_after(int64_t milliseconds)
{
    struct snapshot snapshot;

    metrics_publish(worker);
    snapshot_take(&snapshot, metrics);
    now_ms += milliseconds;
    history_add(history, &snapshot, now_ms, 1000000 + now_ms);
    snapshot_clear(&snapshot);
}

/* What @p write says: valid JSON. */
static json_t *said(void (*write)(const struct history *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    json_t *json;

    write(history, out);
    fclose(out);
    json = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    free(text);
    return json;
}

static double newest(const char *series)
{
    json_t *json = said(history_write_newest);
    const json_t *value = json_object_get(json, series);
    double number = json_is_number(value) ? json_number_value(value) : NAN;

    json_decref(json);
    return number;
}

static size_t samples(void)
{
    json_t *json = said(history_write);
    size_t count = json_array_size(json_object_get(json, "time"));

    json_decref(json);
    return count;
}

static void the_first_snapshot_only_begins(void)
{
    json_t *json;

    begin();
    metrics_route(worker, "rides")->outcomes[OUTCOME_WRITTEN] = 1000000;
    sample_after(1000);
    CU_ASSERT_EQUAL(samples(), 0);
    json = said(history_write_newest);
    CU_ASSERT_EQUAL(json_object_size(json), 0);
    json_decref(json);
    end();
}

static void a_rate_is_of_the_time_that_passed(void)
{
    begin();
    sample_after(1000);
    metrics_route(worker, "rides")->outcomes[OUTCOME_WRITTEN] = 300;
    metrics_route(worker, "trips")->outcomes[OUTCOME_WRITTEN] = 100;
    metrics_route(worker, "trips")->outcomes[OUTCOME_FILTERED] = 900; /* went nowhere */
    metrics_route(worker, "trips")->errors[STAGE_DECODE] = 4;
    sample_after(2000);
    CU_ASSERT_EQUAL(newest("records_per_second"), 200);
    CU_ASSERT_EQUAL(newest("errors_per_second"), 2);
    sample_after(1000);
    CU_ASSERT_EQUAL(newest("records_per_second"), 0);
    end();
}

static void two_snapshots_of_one_moment_divide_by_nothing(void)
{
    begin();
    sample_after(1000);
    metrics_route(worker, "rides")->outcomes[OUTCOME_WRITTEN] = 300;
    sample_after(0);
    CU_ASSERT_EQUAL(samples(), 0);
    end();
}

static void the_lag_is_of_the_partitions_that_are_ours(void)
{
    struct partition_gauges *ours, *gone;

    begin();
    ours = metrics_partition(worker, "rides", 0);
    gone = metrics_partition(worker, "rides", 1);
    ours->assigned = true;
    ours->held = true;
    ours->acked_offset = gone->acked_offset = 10;
    ours->end_offset = gone->end_offset = 52;
    sample_after(1000);
    sample_after(1000);
    CU_ASSERT_EQUAL(newest("lag_records"), 42);
    CU_ASSERT_EQUAL(newest("held_partitions"), 1);
    end();
}

static void each_second_has_the_latencies_of_its_own_records(void)
{
    struct route_counters *route;
    json_t *json;
    const json_t *latency;

    begin();
    route = metrics_route(worker, "rides");
    histogram_add(&route->latency, 3);
    sample_after(1000);
    histogram_add(&route->latency, 3);
    histogram_add(&metrics_route(worker, "trips")->latency, 4);
    histogram_add(&route->latency, 400000);
    sample_after(1000);
    json = said(history_write_newest);
    latency = json_object_get(json, "latency");
    CU_ASSERT_EQUAL(json_array_size(latency), HISTOGRAM_BUCKETS + 1);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(latency, 1)), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(latency, 2)), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(latency, HISTOGRAM_BUCKETS)), 1);
    json_decref(json);
    end();
}

static void the_time_that_redis_takes_is_a_mean(void)
{
    struct sink_counters *sink;

    begin();
    sink = metrics_sink(worker, "live");
    sample_after(1000);
    sink->round_trips = 4;
    sink->round_trip_us = 10000;
    sample_after(1000);
    CU_ASSERT_DOUBLE_EQUAL(newest("redis_seconds"), 0.0025, 1e-9);
    sample_after(1000);
    CU_ASSERT(isnan(newest("redis_seconds")));
    end();
}

static void the_process_is_part_of_it(void)
{
    begin();
    metrics_set_health(metrics, true, false);
    sample_after(1000);
    sample_after(1000);
    CU_ASSERT_EQUAL(newest("ready"), 1);
    CU_ASSERT(newest("resident_bytes") > 0);
    CU_ASSERT(newest("cpu_cores") >= 0);
    end();
}

static void the_oldest_sample_makes_room(void)
{
    json_t *json;
    const json_t *rates;

    begin();
    for (int64_t i = 0; i < HISTORY_SAMPLES + 50; i++) {
        metrics_route(worker, "rides")->outcomes[OUTCOME_WRITTEN] += (uint64_t)i;
        sample_after(1000);
    }
    json = said(history_write);
    rates = json_object_get(json, "records_per_second");
    CU_ASSERT_EQUAL(json_array_size(rates), HISTORY_SAMPLES);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(rates, 0)), 50);
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(rates, HISTORY_SAMPLES - 1)),
                    HISTORY_SAMPLES + 49);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "latency")), HISTORY_SAMPLES);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "latency_bounds_seconds")),
                    HISTOGRAM_BUCKETS);
    json_decref(json);
    end();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_first_snapshot_only_begins),
        TEST(a_rate_is_of_the_time_that_passed),
        TEST(two_snapshots_of_one_moment_divide_by_nothing),
        TEST(the_lag_is_of_the_partitions_that_are_ours),
        TEST(each_second_has_the_latencies_of_its_own_records),
        TEST(the_time_that_redis_takes_is_a_mean),
        TEST(the_process_is_part_of_it),
        TEST(the_oldest_sample_makes_room),
    };

    return SUITE("history", tests);
}
