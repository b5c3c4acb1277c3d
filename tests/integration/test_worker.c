/* test_worker.c: the whole pipe in one process: a mock cluster, one worker, two real servers. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"

#include <poll.h>

enum {
    SETTLE_MS = 300, /* six commit intervals */
    WINDOW = 100     /* commands, of the sink "there" */
};

#define PUSH   "\"RPUSH seen:%{$partition} %{$offset}\""
#define PUSHES "do = " PUSH "; "

static uint64_t inflight_of(size_t route)
{
    return counters_of(route)->inflight;
}

/* The list of each partition counts from 0 without a gap, a repeat or a step back. */
static void expect_order(struct redis_server *server)
{
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0",
                          "for p = 0, 3 do "
                          "for i, n in ipairs(redis.call('LRANGE', 'seen:' .. p, 0, -1)) do "
                          "if tonumber(n) ~= i - 1 then "
                          "return p .. ': ' .. n .. ' at ' .. i end end end return 'good'"),
                "good");
}

/* --- the ack ---------------------------------------------------------------------------------- */

/* A kill cannot show it: what lies in the server's socket is executed all the same. */
static void a_record_is_committed_once_every_sink_has_answered(void)
{
    bridge_open_servers();
    cluster_topic("two");
    cluster_produce_all("two", 0, 1);
    bridge_open_two(
        "two", "",
        BRIDGE_ROUTE("near", "two", PUSHES) ", " BRIDGE_ROUTE_TO("there", "far", "two", PUSHES));
    CU_ASSERT_TRUE(commits_come("two", "two", 1));
    redis_server_pause(there);
    cluster_produce_all("two", 1, 21);
    CU_ASSERT_TRUE(pushed_comes(here, 4 * 21));
    CU_ASSERT_TRUE(inflight_comes(4 * 20));
    poll(NULL, 0, SETTLE_MS);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("two", "two", i), 1);
    redis_server_resume(there);
    CU_ASSERT_TRUE(commits_come("two", "two", 21));
    bridge_stop();
    expect_order(here);
    expect_order(there);
    bridge_close_two();
}

static void a_stop_waits_for_what_redis_has_not_answered(void)
{
    bridge_open_servers();
    cluster_topic("stop");
    cluster_produce_all("stop", 0, 1);
    bridge_open_two("stop", "", BRIDGE_ROUTE_TO("there", "far", "stop", PUSHES));
    CU_ASSERT_TRUE(commits_come("stop", "stop", 1));
    redis_server_pause(there);
    cluster_produce_all("stop", 1, 21);
    CU_ASSERT_TRUE(inflight_comes(4 * 20));
    worker_stop(bridge.worker, clock_ms() + BRIDGE_STOP_MS);
    poll(NULL, 0, SETTLE_MS);
    redis_server_resume(there);
    bridge_join();
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 0);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("stop", "stop", i), 21);
    CU_ASSERT_EQUAL(pushed(there), 4 * 21);
    expect_order(there);
    bridge_close_two();
}

static void a_stop_without_redis_keeps_its_deadline_and_tells_what_is_left(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("gone");
    cluster_produce_all("gone", 0, 20);
    bridge_open_two("gone", "", BRIDGE_ROUTE_TO("there", "far", "gone", PUSHES));
    CU_ASSERT_TRUE(inflight_comes(4 * 20));
    int64_t began_ms = clock_ms();
    worker_stop(bridge.worker, began_ms + 1000);
    bridge_join();
    CU_ASSERT_TRUE(clock_ms() - began_ms < 1000 + AT_ONCE_MS);
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 4 * 20);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    bridge_close_two();
}

/* --- what is not delivered -------------------------------------------------------------------- */

static void a_record_that_one_route_cannot_take_is_written_by_none(void)
{
    bridge_open_servers();
    cluster_topic("split");
    cluster_produce("split", 2, 0, 10);
    bridge_open_two("split", "",
                    BRIDGE_ROUTE("near", "split", PUSHES) ", " BRIDGE_ROUTE_TO(
                        "there", "far", "split",
                        "format = \"json\"; do = ( { when = \"$key == '5'\"; "
                        "cmd = \"RPUSH seen:2 %{nothing}\"; }, " PUSH " ); "));
    CU_ASSERT_TRUE(readyz_comes("[-]partition split[2]: offset 5: route far: "));
    CU_ASSERT_TRUE(bridge_stop() < AT_ONCE_MS); /* nobody waits for the bad one */
    CU_ASSERT_EQUAL(inflight_of(0), 0);
    CU_ASSERT_EQUAL(inflight_of(1), 0);
    CU_ASSERT_EQUAL(pushed(here), 5);
    CU_ASSERT_EQUAL(pushed(there), 5);
    CU_ASSERT_EQUAL(cluster_committed("split", "split", 2), 5);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 5);
    bridge_close_two();
}

static void what_the_operator_must_mend_is_not_skipped(void)
{
    bridge_open_servers();
    ASSERT_TEXT(redis_ask(here, "ACL SETUSER default -rpush"), "OK");
    cluster_topic("forbidden");
    cluster_produce("forbidden", 1, 0, 10);
    bridge_open_two("forbidden", "",
                    BRIDGE_ROUTE("near", "forbidden", PUSHES "on_error = \"skip\"; "));
    CU_ASSERT_TRUE(readyz_comes("[-]partition forbidden[1]: offset 0: route near: NOPERM"));
    CU_ASSERT_TRUE(bridge_stop() < AT_ONCE_MS);
    CU_ASSERT_EQUAL(inflight_of(0), 0);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 0);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    CU_ASSERT_EQUAL(cluster_committed("forbidden", "forbidden", 1), 0);
    bridge_close_two();
}

/* Redis answers EVAL's other name by a word that is in no table. */
static void open_odd(const char *group, const char *route)
{
    here = redis_server_start("--rename-command", "EVAL", "SAY", NULL);
    there = redis_server_start(NULL);
    cluster_topic(group);
    cluster_produce(group, 1, 0, 3);
    bridge_open_two(group, "", route);
}

#define SAYS "do = \"SAY 'return redis.error_reply(KEYS[1])' 1 'ODD thing'\"; "

static void what_nobody_knows_is_not_skipped(void)
{
    open_odd("odd", BRIDGE_ROUTE("near", "odd", SAYS "on_error = \"skip\"; "));
    CU_ASSERT_TRUE(readyz_comes("[-]partition odd[1]: offset 0: route near: an answer that "
                                "penstock does not know: ODD thing"));
    CU_ASSERT_TRUE(bridge_stop() < AT_ONCE_MS);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 0);
    CU_ASSERT_EQUAL(cluster_committed("odd", "odd", 1), 0);
    bridge_close_two();
}

static void what_nobody_knows_is_waited_for_no_longer_than_what_comes_later(void)
{
    open_odd("once", BRIDGE_ROUTE("near", "once",
                                  SAYS "on_error = \"skip\"; "
                                       "retry = { timeout = \"100ms\"; }; "));
    CU_ASSERT_TRUE(committed_comes("once", "once", 1, 3)); /* each was tried again by itself */
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 3);
    CU_ASSERT(counters_of(0)->errors[STAGE_REDIS] >= 6);
    bridge_close_two();
}

/* --- who waits for whom ----------------------------------------------------------------------- */

static void a_sink_that_is_away_stops_only_its_own_partitions(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("near");
    cluster_topic("far");
    cluster_produce_all("far", 0, 2 * WINDOW);
    cluster_produce_all("near", 0, 2 * WINDOW);
    bridge_open_two(
        "away", "",
        BRIDGE_ROUTE("near", "near", PUSHES) ", " BRIDGE_ROUTE_TO("there", "far", "far", PUSHES));
    CU_ASSERT_TRUE(commits_come("away", "near", 2 * WINDOW));
    CU_ASSERT_TRUE(readyz_comes("]: sink there: "));
    redis_server_restart(there);
    CU_ASSERT_TRUE(commits_come("away", "far", 2 * WINDOW));
    bridge_stop();
    CU_ASSERT_EQUAL(pushed(here), 4 * 2 * WINDOW);
    CU_ASSERT_EQUAL(pushed(there), 4 * 2 * WINDOW);
    expect_order(here);
    expect_order(there);
    bridge_close_two();
}

/* Sent later they would stand above what the new owner wrote. More is taken than the window holds,
 * so that some of it is in hand when the partition goes. */
static void what_was_not_sent_of_a_partition_that_moved_is_void(void)
{
    struct member *other = member_new("moved");

    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("moved");
    cluster_produce_all("moved", 0, 2 * WINDOW);
    bridge_open_two("moved", "", BRIDGE_ROUTE_TO("there", "far", "moved", PUSHES));
    CU_ASSERT_TRUE(inflight_comes(WINDOW));
    member_join(other, "moved");
    CU_ASSERT_TRUE(member_run(other, 2 * 2 * WINDOW));
    redis_server_restart(there);
    CU_ASSERT_TRUE(pushed_comes(there, 2 * 2 * WINDOW));
    member_idle(other, SETTLE_MS);
    CU_ASSERT_EQUAL(other->taken, 2 * 2 * WINDOW);
    CU_ASSERT_EQUAL(pushed(there), 2 * 2 * WINDOW);
    expect_order(there);
    member_stop(other);
    bridge_stop();
    CU_ASSERT_TRUE(outcome_of(0, OUTCOME_RETURNED) >= WINDOW); /* the mock may rebalance twice */
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 2 * 2 * WINDOW);
    member_free(other);
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_is_committed_once_every_sink_has_answered),
        TEST(a_stop_waits_for_what_redis_has_not_answered),
        TEST(a_stop_without_redis_keeps_its_deadline_and_tells_what_is_left),
        TEST(a_record_that_one_route_cannot_take_is_written_by_none),
        TEST(what_the_operator_must_mend_is_not_skipped),
        TEST(what_nobody_knows_is_not_skipped),
        TEST(what_nobody_knows_is_waited_for_no_longer_than_what_comes_later),
        TEST(a_sink_that_is_away_stops_only_its_own_partitions),
        TEST(what_was_not_sent_of_a_partition_that_moved_is_void),
    };
    int status;

    bridge_of_there = "window_commands = 100;"; /* WINDOW */
    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("worker", tests);
    cluster_end();
    return status;
}
