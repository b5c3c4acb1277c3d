/* test_at_most_once.c: records that are committed before they are sent: a mock cluster, one worker,
 * a real server. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "real_redis_server.h"

#include <poll.h>

enum { SOME = 100, ROUNDS = 5, WINDOW = 10 };

static struct redis_server *server;

static void pipe_start(const char *topic)
{
    bridge_open(
        redis_server_folder(server), topic, "drain_timeout = \"2s\";",
        "sinks = { here = { url = \"redis://127.0.0.1:%d\"; response_timeout = \"60s\";\n"
        "    window_commands = %d; }; };\n"
        "routes = ( { name = \"pushes\"; from = \"main\"; topics = \"%s\"; to = \"here\";\n"
        "    delivery = \"at_most_once\"; do = \"RPUSH seen:%%{$partition} %%{$offset}\"; } );\n",
        redis_server_port(server), WINDOW, topic);
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

static void a_record_is_committed_before_it_is_sent(void)
{
    server = redis_server_start(NULL);
    cluster_topic("before");
    cluster_produce_all("before", 0, 1);
    pipe_start("before");
    CU_ASSERT_TRUE(pushed_comes(server, 4));
    redis_server_pause(server);
    cluster_produce_all("before", 1, 2);
    CU_ASSERT_TRUE(commits_come("before", "before", 2));
    redis_server_resume(server);
    CU_ASSERT_TRUE(pushed_comes(server, 8));
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
    CU_ASSERT_TRUE(pushed_comes(server, 4));
    redis_server_pause(server); /* more is committed than the window takes */
    cluster_produce_all("stop", 1, SOME);
    CU_ASSERT_TRUE(inflight_comes(WINDOW));
    worker_stop(bridge.worker, clock_ms() + BRIDGE_STOP_MS);
    poll(NULL, 0, 200);
    redis_server_resume(server);
    bridge_join();
    before = pushed(server);
    bridge_free();
    CU_ASSERT_TRUE(before > 4 + WINDOW);
    pipe_start("stop");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    expect_none_twice();
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), (uint64_t)(4 * SOME - before));
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
    CU_ASSERT_TRUE(pushed_comes(server, 4));
    for (int i = 0; i < ROUNDS; i++) {
        ASSERT_TEXT(redis_ask(server, "CLIENT PAUSE 60000 WRITE"), "OK");
        cluster_produce_all("cut", 1 + i * SOME, 1 + (i + 1) * SOME);
        CU_ASSERT_TRUE(inflight_comes(WINDOW));
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        ASSERT_TEXT(redis_ask(server, "CLIENT UNPAUSE"), "OK");
        CU_ASSERT_TRUE(commits_come("cut", "cut", 1 + (i + 1) * SOME));
        CU_ASSERT_TRUE(inflight_comes(0));
    }
    bridge_stop();
    expect_none_twice();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN) + outcome_of(0, OUTCOME_DROPPED),
                    4 * (1 + ROUNDS * SOME));
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), ROUNDS * WINDOW);
    CU_ASSERT_TRUE(pushed(server) >= (long)outcome_of(0, OUTCOME_WRITTEN));
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
    status = SUITE_APART("at_most_once", tests);
    cluster_end();
    return status;
}
