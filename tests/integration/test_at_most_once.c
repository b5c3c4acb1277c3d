/* test_at_most_once.c: records that are committed before they are sent: a mock cluster, one worker,
 * a real server. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge.h"
#include "kafka_member.h"
#include "redis_server.h"

#include <poll.h>
#include <stdlib.h>

enum { SOME = 100, ROUNDS = 5, WINDOW = 10 };

static struct redis_server *server;

static void pipe_start(const char *topic)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/penstock.conf", redis_server_folder(server));
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(
        file,
        "version = 1;\n"
        "sources = { main = { brokers = \"%s\"; group = \"%s\"; start = \"earliest\";\n"
        "    commit_interval = \"50ms\"; drain_timeout = \"2s\";\n"
        "    librdkafka = { session_timeout_ms = 6000; heartbeat_interval_ms = 100;\n"
        "        fetch_wait_max_ms = 10; topic_metadata_refresh_interval_ms = 730; }; }; };\n"
        "sinks = { here = { url = \"redis://127.0.0.1:%d\"; window_commands = %d; }; };\n"
        "routes = ( { name = \"pushes\"; from = \"main\"; topics = \"%s\"; to = \"here\";\n"
        "    delivery = \"at_most_once\"; do = \"RPUSH seen:%%{$partition} %%{$offset}\"; } );\n",
        rd_kafka_mock_cluster_bootstraps(cluster), topic, redis_server_port(server), WINDOW, topic);
    fclose(file);
    bridge_start(path);
}

static long pushed(void)
{
    return atol(redis_ask(server, "EVAL %s 0",
                          "local n = 0 for p = 0, 3 do "
                          "n = n + redis.call('LLEN', 'seen:' .. p) end return n"));
}

static bool pushed_comes(long wanted)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (pushed() < wanted && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    return pushed() == wanted;
}

static bool committed_comes(const char *topic, int64_t offset)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    int32_t partition = 0;

    while (partition < MEMBER_PARTITIONS && clock_ms() < until_ms)
        if (cluster_committed(topic, topic, partition) == offset)
            partition++;
        else
            poll(NULL, 0, BRIDGE_LOOK_MS);
    return partition == MEMBER_PARTITIONS;
}

/* The offsets of each list rise. */
static void expect_none_twice(void)
{
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0",
                          "for p = 0, 3 do local last = -1 "
                          "for i, n in ipairs(redis.call('LRANGE', 'seen:' .. p, 0, -1)) do "
                          "if tonumber(n) <= last then return p .. ': ' .. n .. ' behind ' .. last "
                          "end last = tonumber(n) end end return 'good'"),
                "good");
}

static uint64_t outcome_of(enum outcome outcome)
{
    return metrics_worker(bridge.metrics, 0)->routes[0].outcomes[outcome];
}

static void a_record_is_committed_before_it_is_sent(void)
{
    server = redis_server_start(NULL);
    cluster_topic("before");
    cluster_produce_all("before", 0, 1);
    pipe_start("before");
    CU_ASSERT_TRUE(pushed_comes(4));
    redis_server_pause(server);
    cluster_produce_all("before", 1, 2);
    CU_ASSERT_TRUE(committed_comes("before", 2));
    redis_server_resume(server);
    CU_ASSERT_TRUE(pushed_comes(8));
    bridge_stop();
    bridge_free();
    redis_server_free(server);
}

static void a_clean_stop_loses_nothing(void)
{
    long before;

    server = redis_server_start(NULL);
    cluster_topic("stop");
    cluster_produce_all("stop", 0, 1);
    pipe_start("stop");
    CU_ASSERT_TRUE(pushed_comes(4));
    redis_server_pause(server); /* more is committed than the window takes */
    cluster_produce_all("stop", 1, SOME);
    CU_ASSERT_TRUE(inflight_comes(WINDOW));
    worker_stop(bridge.worker, clock_ms() + BRIDGE_STOP_MS);
    poll(NULL, 0, 200);
    redis_server_resume(server);
    bridge_join();
    before = pushed();
    bridge_free();
    CU_ASSERT_TRUE(before > 4 + WINDOW);
    pipe_start("stop");
    CU_ASSERT_TRUE(pushed_comes(4 * SOME));
    expect_none_twice();
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(OUTCOME_WRITTEN), (uint64_t)(4 * SOME - before));
    bridge_free();
    redis_server_free(server);
}

/* Redis does not answer, and then the connection ends: nobody knows what was carried out. */
static void a_lost_connection_loses_rather_than_repeats(void)
{
    server = redis_server_start(NULL);
    cluster_topic("cut");
    cluster_produce_all("cut", 0, 1);
    pipe_start("cut");
    CU_ASSERT_TRUE(pushed_comes(4));
    for (int i = 0; i < ROUNDS; i++) {
        ASSERT_TEXT(redis_ask(server, "CLIENT PAUSE 60000 WRITE"), "OK");
        cluster_produce_all("cut", 1 + i * SOME, 1 + (i + 1) * SOME);
        CU_ASSERT_TRUE(inflight_comes(WINDOW));
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        ASSERT_TEXT(redis_ask(server, "CLIENT UNPAUSE"), "OK");
        CU_ASSERT_TRUE(committed_comes("cut", 1 + (i + 1) * SOME));
        CU_ASSERT_TRUE(inflight_comes(0));
    }
    bridge_stop();
    expect_none_twice();
    CU_ASSERT_EQUAL(outcome_of(OUTCOME_WRITTEN) + outcome_of(OUTCOME_DROPPED),
                    4 * (1 + ROUNDS * SOME));
    CU_ASSERT_EQUAL(outcome_of(OUTCOME_DROPPED), ROUNDS * WINDOW);
    CU_ASSERT_TRUE(pushed() >= (long)outcome_of(OUTCOME_WRITTEN));
    bridge_free();
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_is_committed_before_it_is_sent),
        TEST(a_clean_stop_loses_nothing),
        TEST(a_lost_connection_loses_rather_than_repeats),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE("at_most_once", tests);
    cluster_end();
    return status;
}
