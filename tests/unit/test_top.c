/* test_top.c: scrapes become rates, latencies and curves. */
#include "cli/top_parts.h"

#include "suite.h"

#include <stdlib.h>

#define SCRAPE(written, le1, le5, inf, consumed, lag, assigned)                                    \
    "# HELP penstock_records_total Records.\n"                                                     \
    "penstock_build_info{version=\"0.1.0\",librdkafka=\"2\"} 1\n"                                  \
    "penstock_ready 1\n"                                                                           \
    "penstock_records_total{route=\"a \\\"b\\\"\",outcome=\"written\"} " written "\n"              \
    "penstock_records_total{route=\"a \\\"b\\\"\",outcome=\"dropped\"} 2\n"                        \
    "penstock_inflight_records{route=\"a \\\"b\\\"\"} 3\n"                                         \
    "penstock_end_to_end_latency_seconds_bucket{route=\"a \\\"b\\\"\",le=\"0.001\"} " le1 "\n"     \
    "penstock_end_to_end_latency_seconds_bucket{route=\"a \\\"b\\\"\",le=\"0.005\"} " le5 "\n"     \
    "penstock_end_to_end_latency_seconds_bucket{route=\"a \\\"b\\\"\",le=\"+Inf\"} " inf "\n"      \
    "penstock_redis_commands_total{sink=\"live\",command=\"SET\",result=\"ok\"} 7\n"               \
    "penstock_redis_commands_total{sink=\"live\",command=\"HSET\",result=\"ok\"} 5\n"              \
    "penstock_redis_connections{sink=\"live\"} 1\n"                                                \
    "penstock_kafka_records_consumed_total{topic=\"rides\",partition=\"3\"} " consumed "\n"        \
    "penstock_kafka_consumer_lag_records{topic=\"rides\",partition=\"3\"} " lag "\n"               \
    "penstock_kafka_partition_assigned{topic=\"rides\",partition=\"3\"} " assigned "\n"            \
    "process_cpu_seconds_total 1.5\n"

static void a_rate_is_what_grew_since_the_scrape_before(void)
{
    struct top top = {.address = "x"};

    top_take(&top, SCRAPE("100", "0", "0", "0", "50", "40", "1"), 1000);
    CU_ASSERT_EQUAL_FATAL(top.routes.count, 1);
    CU_ASSERT_EQUAL(top.routes.items[0].total, 100);
    CU_ASSERT_EQUAL(top.routes.items[0].rate, 0);
    top_take(&top, SCRAPE("300", "0", "0", "0", "90", "0", "1"), 3000);
    CU_ASSERT_EQUAL(top.rate, 100);
    CU_ASSERT_EQUAL(top.inflight, 3);
    CU_ASSERT_EQUAL(top.routes.items[0].dropped, 2);
    CU_ASSERT_EQUAL(top.sinks.items[0].total, 12);
    CU_ASSERT_EQUAL(top.sinks.items[0].rate, 0);
    CU_ASSERT_EQUAL(top.partitions.items[0].rate, 20);
    CU_ASSERT_EQUAL(top.partitions.items[0].partition, 3);
    ASSERT_TEXT(top.partitions.items[0].name, "rides[3]");
    ASSERT_TEXT(top.version, "0.1.0");
    CU_ASSERT(top.ready && top.lag == 0);
    CU_ASSERT_EQUAL(top.lags.values[0], 40);
    top_free(&top);
}

static void a_process_that_began_anew_has_no_negative_rate(void)
{
    struct top top = {.address = "x"};

    top_take(&top, SCRAPE("1000", "0", "0", "9", "50", "0", "1"), 1000);
    top_take(&top, SCRAPE("10", "0", "0", "4", "5", "0", "1"), 2000);
    CU_ASSERT_EQUAL(top.rate, 10);
    CU_ASSERT_EQUAL(top.p50, -1);
    top_free(&top);
}

static void a_partition_that_left_is_forgotten(void)
{
    struct top top = {.address = "x"};

    top_take(&top, SCRAPE("1", "0", "0", "0", "1", "7", "1"), 1000);
    CU_ASSERT_EQUAL(top.partitions.count, 1);
    top_take(&top, SCRAPE("1", "0", "0", "0", "1", "7", "0"), 2000);
    CU_ASSERT_EQUAL(top.partitions.count, 0);
    CU_ASSERT_EQUAL(top.lag, 0);
    top_free(&top);
}

static void a_quantile_is_of_what_came_since_the_scrape_before(void)
{
    struct top top = {.address = "x"};

    top_take(&top, SCRAPE("1", "90", "90", "90", "1", "0", "1"), 1000);
    top_take(&top, SCRAPE("1", "90", "190", "190", "1", "0", "1"), 2000);
    CU_ASSERT_DOUBLE_EQUAL(top.p50, 0.003, 0.0001); /* half way from 1 to 5 ms */
    CU_ASSERT_DOUBLE_EQUAL(top.p99, 0.00496, 0.0001);
    top_take(&top, SCRAPE("1", "90", "190", "290", "1", "0", "1"), 3000);
    CU_ASSERT_DOUBLE_EQUAL(top.p50, 0.005, 0.0001); /* above the last bound */
    top_free(&top);
}

static void what_is_no_sample_is_passed_over(void)
{
    struct top top = {.address = "x"};

    top_take(&top, "penstock_ready\n{\nnonsense{a=\"b} 1\npenstock_ready 1\nx{y=\"z\\\"\"} \n", 1);
    CU_ASSERT(top.ready);
    top_take(&top, "", 2);
    top_free(&top);
}

/* 249 characters are the most that Kafka takes. */
static void long_topics_are_told_apart_by_their_ends(void)
{
#define LONG                                                                                       \
    "a-topic-whose-name-is-as-long-as-those-of-large-companies-are-where-each-department-puts-"    \
    "its-own-name-and-that-of-its-domain-and-the-version-of-the-schema-first-"
    struct top top = {.address = "x"};

    top_take(&top,
             "penstock_kafka_partition_assigned{topic=\"" LONG "one\",partition=\"0\"} 1\n"
             "penstock_kafka_partition_assigned{topic=\"" LONG "two\",partition=\"0\"} 1\n",
             1);
    CU_ASSERT_EQUAL_FATAL(top.partitions.count, 2);
    ASSERT_TEXT(top.partitions.items[1].topic, LONG "two");
    top_free(&top);
}

/* What a route or a topic is called comes over the network. */
static void a_name_cannot_steer_the_terminal(void)
{
    const struct top_screen screen = {.width = 80};
    struct top top = {.address = "x"};
    FILE *before = stdout;
    char *text;
    size_t length;

    top_take(&top, "penstock_records_total{route=\"a\033[2Jb\",outcome=\"written\"} 1\n", 1);
    stdout = open_memstream(&text, &length);
    top_draw(&top, &screen);
    fclose(stdout);
    stdout = before;
    CU_ASSERT_PTR_NULL(strchr(text, '\033'));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a\\x1b[2Jb"));
    free(text);
    top_free(&top);
}

static void a_curve_has_the_newest_values_by_the_highest(void)
{
    struct top_history history = {.values = {9, 0, 5, 10}, .count = 4};
    char text[64];

    CU_ASSERT_EQUAL(top_curve(&history, 3, false, text, sizeof(text)), 3);
    ASSERT_TEXT(text, "_=#");
    CU_ASSERT_EQUAL(top_curve(&history, 3, true, text, sizeof(text)), 3);
    ASSERT_TEXT(text, "\u2581\u2585\u2588");
    CU_ASSERT_EQUAL(top_curve(&(struct top_history){.count = 0}, 9, true, text, sizeof(text)), 0);
    ASSERT_TEXT(text, "");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_rate_is_what_grew_since_the_scrape_before),
        TEST(a_process_that_began_anew_has_no_negative_rate),
        TEST(a_partition_that_left_is_forgotten),
        TEST(a_quantile_is_of_what_came_since_the_scrape_before),
        TEST(what_is_no_sample_is_passed_over),
        TEST(long_topics_are_told_apart_by_their_ends),
        TEST(a_name_cannot_steer_the_terminal),
        TEST(a_curve_has_the_newest_values_by_the_highest),
    };

    return SUITE("top", tests);
}
