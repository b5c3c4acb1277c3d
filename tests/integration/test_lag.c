/* test_lag.c: a group's lag as a broker tells it, without a member. */
#include "suite.h"

#include "base/clock.h"
#include "kafka/lag.h"
#include "mock_kafka.h"

enum { RECORDS = 100, OLD_MS = 60000 };

static struct lag *ask(const char *brokers, const char *only, struct err *err)
{
    static struct conf_text topics[2];
    static struct conf_source source;
    static struct conf_route route;
    static struct conf conf;

    topics[0].text = "^ri.*";
    topics[1].text = "missing";
    source = (struct conf_source){
        .name = (char[]){"main"}, .brokers.text = brokers, .group.text = "g", .workers = 1};
    route = (struct conf_route){.from = &source, .topics = {topics, 2}};
    conf = (struct conf){.sources = &source,
                         .source_count = 1,
                         .routes = &route,
                         .route_count = 1,
                         .memory = 48 << 20,
                         .max_record = 8 << 20};
    return lag_new(&conf, &source, only, err);
}

static struct lag *ask_cluster(const char *only)
{
    struct err err = {0};
    struct lag *lag = ask(rd_kafka_mock_cluster_bootstraps(cluster), only, &err);

    CU_ASSERT_PTR_NOT_NULL_FATAL(lag);
    return lag;
}

static void a_partition_is_behind_by_what_is_not_committed(void)
{
    struct lag *lag = ask_cluster(NULL);
    size_t count;
    const struct lag_partition *partitions = lag_partitions(lag, &count);

    CU_ASSERT_EQUAL_FATAL(count, CLUSTER_PARTITIONS + 1);
    ASSERT_TEXT(partitions[0].topic, "missing");
    CU_ASSERT_EQUAL(partitions[0].number, -1);
    CU_ASSERT_EQUAL(lag_of(&partitions[0]), -1);
    ASSERT_TEXT(partitions[1].topic, "rides");
    CU_ASSERT_EQUAL(partitions[1].committed, 40);
    CU_ASSERT_EQUAL(lag_of(&partitions[1]), RECORDS - 40);
    CU_ASSERT_EQUAL(partitions[2].committed, -1);
    CU_ASSERT_EQUAL(lag_of(&partitions[2]), 1); /* start = "earliest" */
    CU_ASSERT_EQUAL(lag_of(&partitions[3]), 0);
    lag_free(lag);
}

static void only_the_topic_that_is_asked_for_is_shown(void)
{
    struct lag *lag = ask_cluster("rides");
    size_t count;

    CU_ASSERT_STRING_EQUAL(lag_partitions(lag, &count)->topic, "rides");
    CU_ASSERT_EQUAL(count, CLUSTER_PARTITIONS);
    lag_free(lag);
    lag = ask_cluster("other");
    lag_partitions(lag, &count);
    CU_ASSERT_EQUAL(count, 0);
    lag_free(lag);
}

static void the_first_record_that_waits_tells_its_age(void)
{
    struct lag *lag = ask_cluster("rides");
    size_t count;
    const struct lag_partition *partitions = lag_partitions(lag, &count);
    int64_t now_ms = clock_wall_ms();

    lag_ask_times(lag);
    CU_ASSERT(now_ms - partitions[1].time_ms >= OLD_MS &&
              now_ms - partitions[1].time_ms < 2 * OLD_MS);
    CU_ASSERT_EQUAL(partitions[2].time_ms, -1); /* nothing waits */
    CU_ASSERT_EQUAL(cluster_committed("g", "rides", 0), 40);
    lag_free(lag);
}

static void a_broker_that_is_away_is_an_error_with_its_reason(void)
{
    struct err err = {0};

    CU_ASSERT_PTR_NULL(ask("127.0.0.1:9", "rides2", &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
    CU_ASSERT(strstr(err.text, "Connection refused") != NULL);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_partition_is_behind_by_what_is_not_committed),
        TEST(only_the_topic_that_is_asked_for_is_shown),
        TEST(the_first_record_that_waits_tells_its_age),
        TEST(a_broker_that_is_away_is_an_error_with_its_reason),
    };
    int status;

    cluster_start();
    rd_kafka_mock_topic_set_error(cluster, "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    cluster_topic("rides");
    cluster_produce("rides", 0, 0, RECORDS);
    cluster_produce_record("rides", 1, SLICE("k"), SLICE("v"), clock_wall_ms() - OLD_MS, NULL);
    cluster_commit("g", "rides", 0, 40);
    cluster_commit("g", "rides", 2, 0);
    status = SUITE("lag", tests);
    cluster_end();
    return status;
}
