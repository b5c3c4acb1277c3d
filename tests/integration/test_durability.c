/*
 * test_durability.c: offsets wait for replicas: a mock cluster, one worker, real primaries and
 * replicas.
 *
 * Every record is one member of a sorted set a partition, so that a repeat does not show and a loss
 * does.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "real_redis_server.h"

#include <poll.h>
#include <stdlib.h>

enum {
    SETTLE_MS = 400, /* a few commit intervals, and a WAIT that times out */
    LIMIT = 1000     /* records unconfirmed */
};

static struct redis_server *primary, *replica;             /* sink "here" */
static struct redis_server *other_primary, *other_replica; /* sink "there" */

#define ROUTE(name, topic, sink)                                                                   \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" topic "\" ]; to = \"" sink             \
    "\"; do = \"ZADD seen:%{$partition} %{$offset} %{$offset}\"; }"

/* --- servers ---------------------------------------------------------------------------------- */

static bool link_is_up(struct redis_server *server)
{
    return strstr(redis_ask(server, "INFO replication"), "master_link_status:up") != NULL;
}

static struct redis_server *replica_start(struct redis_server *of)
{
    struct redis_server *server = redis_server_start("--repl-diskless-sync-delay", "0", NULL);
    char port[16];

    snprintf(port, sizeof(port), "%d", redis_server_port(of));
    ASSERT_TEXT(redis_ask(server, "REPLICAOF 127.0.0.1 %s", port), "OK");
    for (int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
         !link_is_up(server) && clock_ms() < until_ms;)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    CU_ASSERT_TRUE(link_is_up(server));
    return server;
}

static struct redis_server *primary_start(void)
{
    return redis_server_start("--repl-diskless-sync-delay", "0", NULL);
}

static void open_servers(void)
{
    primary = primary_start();
    replica = replica_start(primary);
    other_primary = primary_start();
    other_replica = replica_start(other_primary);
}

static void close_all(void)
{
    bridge_free();
    redis_server_free(primary);
    redis_server_free(replica);
    redis_server_free(other_primary);
    redis_server_free(other_replica);
}

/* --- the bridge ------------------------------------------------------------------------------- */

static void start(const char *group, const char *routes)
{
    char settings[100];

    snprintf(settings, sizeof(settings), "drain_timeout = \"500ms\"; unconfirmed_records = %d;",
             LIMIT);
    bridge_open(
        redis_server_folder(primary), group, settings,
        "sinks = {\n"
        "    here = { url = \"redis://127.0.0.1:%d\"; durable = \"wait(1, 100ms)\"; };\n"
        "    there = { url = \"redis://127.0.0.1:%d\"; durable = \"wait(1, 100ms)\"; }; };\n"
        "routes = ( %s );\n",
        redis_server_port(primary), redis_server_port(other_primary), routes);
}

/* --- what is waited for ----------------------------------------------------------------------- */

/* Records in the sets of all partitions. */
static long seen(struct redis_server *server)
{
    return atol(redis_ask(server, "EVAL %s 0",
                          "local n = 0 for p = 0, 3 do "
                          "n = n + redis.call('ZCARD', 'seen:' .. p) end return n"));
}

static bool seen_comes(struct redis_server *server, long wanted)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (seen(server) != wanted && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    return seen(server) == wanted;
}

static void expect_committed(const char *name, int64_t offset)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed(name, name, i), offset);
}

static uint64_t barriers(enum barrier_outcome outcome)
{
    return counters_of_sink(0)->barriers[outcome];
}

/* Of each partition one record is committed; twenty more are written, and the replica hangs. */
static void open_ahead_of_the_replica(const char *name, const char *routes)
{
    open_servers();
    cluster_topic(name);
    cluster_produce_all(name, 0, 1);
    start(name, routes);
    CU_ASSERT_TRUE(commits_come(name, name, 1));
    redis_server_pause(replica);
    cluster_produce_all(name, 1, 21);
    CU_ASSERT_TRUE(seen_comes(primary, 4 * 21));
}

/* Of each partition 100 records are committed; 100 more are on the primary alone, for ever. */
static void open_without_the_replica(const char *name, const char *routes)
{
    open_servers();
    cluster_topic(name);
    cluster_produce_all(name, 0, 100);
    start(name, routes);
    CU_ASSERT_TRUE(commits_come(name, name, 100));
    ASSERT_TEXT(redis_ask(replica, "REPLICAOF NO ONE"), "OK");
    cluster_produce_all(name, 100, 200);
    CU_ASSERT_TRUE(seen_comes(primary, 4 * 200));
}

/* --- the mark --------------------------------------------------------------------------------- */

static void an_offset_is_committed_once_the_replica_has_the_write(void)
{
    open_ahead_of_the_replica("wait", ROUTE("r", "wait", "here"));
    CU_ASSERT_TRUE(readyz_comes("wait(1): 0 replicas acknowledged"));
    poll(NULL, 0, SETTLE_MS);
    expect_committed("wait", 1);
    redis_server_resume(replica);
    CU_ASSERT_TRUE(commits_come("wait", "wait", 21));
    CU_ASSERT_EQUAL(seen(replica), 4 * 21);
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    CU_ASSERT_TRUE(barriers(BARRIER_REACHED) >= 2);
    CU_ASSERT_TRUE(barriers(BARRIER_SHORT) >= 1);
    CU_ASSERT_EQUAL(barriers(BARRIER_FAILED), 0);
    close_all();
}

static void a_record_of_two_sinks_waits_for_the_replicas_of_both(void)
{
    open_servers();
    cluster_topic("both");
    cluster_topic("one");
    cluster_produce_all("both", 0, 1);
    start("both", ROUTE("a", "both", "here") ", " ROUTE("b", "both", "there") ", " ROUTE("c", "one",
                                                                                         "here"));
    CU_ASSERT_TRUE(commits_come("both", "both", 1));
    redis_server_pause(other_replica);
    cluster_produce_all("both", 1, 21);
    CU_ASSERT_TRUE(seen_comes(other_primary, 4 * 21));
    cluster_produce_all("one", 0, 5);
    CU_ASSERT_TRUE(committed_comes("both", "one", 3, 5)); /* it has nothing to do with it */
    expect_committed("both", 1);
    redis_server_resume(other_replica);
    CU_ASSERT_TRUE(commits_come("both", "both", 21));
    bridge_stop();
    close_all();
}

static void a_partition_is_held_where_too_much_is_unconfirmed(void)
{
    open_servers();
    cluster_topic("full");
    cluster_produce_all("full", 0, 1);
    start("full", ROUTE("r", "full", "here"));
    CU_ASSERT_TRUE(commits_come("full", "full", 1));
    redis_server_pause(replica);
    cluster_produce_all("full", 1, 6 * LIMIT);
    CU_ASSERT_TRUE(readyz_comes("records are written and not confirmed"));
    CU_ASSERT_TRUE(inflight_comes(0));
    poll(NULL, 0, SETTLE_MS);
    CU_ASSERT_TRUE(seen(primary) <= 4 * (LIMIT + BATCH_RECORDS + 1));
    expect_committed("full", 1);
    redis_server_resume(replica);
    CU_ASSERT_TRUE(commits_come("full", "full", 6 * LIMIT));
    CU_ASSERT_EQUAL(seen(replica), 4 * 6 * LIMIT);
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    close_all();
}

/* --- the end ---------------------------------------------------------------------------------- */

static void a_stop_waits_for_the_replica(void)
{
    open_ahead_of_the_replica("stop", ROUTE("r", "stop", "here"));
    worker_stop(bridge.worker, clock_ms() + BRIDGE_STOP_MS);
    poll(NULL, 0, SETTLE_MS);
    redis_server_resume(replica);
    bridge_join();
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 0);
    expect_committed("stop", 21);
    close_all();
}

static void a_stop_without_the_replica_keeps_its_deadline_and_commits_nothing(void)
{
    open_ahead_of_the_replica("gone", ROUTE("r", "gone", "here"));
    int64_t from_ms = clock_ms();
    worker_stop(bridge.worker, from_ms + 1000);
    bridge_join();
    CU_ASSERT_TRUE(clock_ms() - from_ms < 1000 + AT_ONCE_MS);
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 4 * 20);
    expect_committed("gone", 1);
    close_all();
}

static void what_a_lost_assignment_had_marked_is_read_by_the_next_owner(void)
{
    struct member *other = member_new("moved");

    open_ahead_of_the_replica("moved", ROUTE("r", "moved", "here"));
    member_join(other, "moved");
    CU_ASSERT_TRUE(member_run(other, 2 * 20));
    redis_server_resume(replica);
    member_idle(other, SETTLE_MS);
    CU_ASSERT_EQUAL(other->taken, 2 * 20); /* its two partitions, from what was committed */
    member_stop(other);
    bridge_stop();
    member_free(other);
    close_all();
}

/* --- failovers -------------------------------------------------------------------------------- */

/* The replica, which is none any more, answers on the primary's port, and has a replica itself. */
static struct redis_server *take_over(void)
{
    struct redis_server *second = replica_start(replica);
    char port[16];

    snprintf(port, sizeof(port), "%d", redis_server_port(primary));
    redis_server_kill(primary);
    ASSERT_TEXT(redis_ask(replica, "CONFIG SET port %s", port), "OK");
    return second;
}

static void what_was_lost_with_the_primary_is_written_to_the_promoted_replica(void)
{
    open_without_the_replica("over", ROUTE("r", "over", "here"));
    CU_ASSERT_TRUE(inflight_comes(0));
    CU_ASSERT_EQUAL(seen(replica), 4 * 100);
    struct redis_server *second = take_over();
    cluster_produce_all("over", 200, 201);
    CU_ASSERT_TRUE(commits_come("over", "over", 201));
    CU_ASSERT_EQUAL(seen(second), 4 * 201);
    bridge_stop();
    redis_server_free(second);
    close_all();
}

static void what_a_demoted_primary_threw_away_is_written_again(void)
{
    open_without_the_replica("demoted", ROUTE("r", "demoted", "here"));
    CU_ASSERT_TRUE(readyz_comes("wait(1): 0 replicas acknowledged"));
    struct redis_server *second = replica_start(primary);
    CU_ASSERT_TRUE(commits_come("demoted", "demoted", 200));
    redis_server_free(second);
    cluster_produce_all("demoted", 200, 300);
    CU_ASSERT_TRUE(seen_comes(primary, 4 * 300));
    /* while a WAIT blocks; what it had alone is gone, and it comes back as the same process */
    ASSERT_TEXT(redis_ask(primary, "REPLICAOF 127.0.0.1 %d", redis_server_port(replica)), "OK");
    CU_ASSERT_TRUE(readyz_comes("sink here: "));
    CU_ASSERT_TRUE(seen_comes(primary, 4 * 100));
    ASSERT_TEXT(redis_ask(primary, "REPLICAOF NO ONE"), "OK");
    second = replica_start(primary);
    CU_ASSERT_TRUE(seen_comes(primary, 4 * 200)); /* 200 to 299: what was not committed */
    CU_ASSERT_TRUE(commits_come("demoted", "demoted", 300));
    bridge_stop();
    redis_server_free(second);
    close_all();
}

/* --- exactly once ----------------------------------------------------------------------------- */

#define ROUTE_ONCE(topic)                                                                          \
    "{ name = \"once\"; from = \"main\"; topics = [ \"" topic                                      \
    "\" ]; to = \"here\"; delivery = \"exactly_once\"; "                                           \
    "do = \"RPUSH list:%{$partition} %{$offset}\"; }"

/* "good", or where a list does not count 0, 1, 2 ... up to @p length - 1. */
static const char *lists(struct redis_server *server, int length)
{
    return redis_ask(server, "EVAL %s 0 %d",
                     "for p = 0, 3 do local l = redis.call('LRANGE', 'list:' .. p, 0, -1) "
                     "if #l ~= tonumber(ARGV[1]) then return 'list ' .. p .. ': ' .. #l end "
                     "for i, n in ipairs(l) do if tonumber(n) ~= i - 1 then "
                     "return p .. ': ' .. n .. ' at ' .. i end end end return 'good'",
                     length);
}

static bool lists_come(struct redis_server *server, int length)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (strcmp(lists(server, length), "good") != 0 && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    return strcmp(lists(server, length), "good") == 0;
}

static void exactly_once_waits_for_the_replica_too(void)
{
    open_servers();
    cluster_topic("once");
    cluster_produce_all("once", 0, 1);
    start("once", ROUTE_ONCE("once"));
    CU_ASSERT_TRUE(commits_come("once", "once", 1));
    redis_server_pause(replica);
    cluster_produce_all("once", 1, 21);
    CU_ASSERT_TRUE(lists_come(primary, 21));
    CU_ASSERT_TRUE(readyz_comes("wait(1): 0 replicas acknowledged"));
    poll(NULL, 0, SETTLE_MS);
    expect_committed("once", 1);
    redis_server_resume(replica);
    CU_ASSERT_TRUE(commits_come("once", "once", 21));
    ASSERT_TEXT(lists(replica, 21), "good");
    bridge_stop();
    close_all();
}

static void exactly_once_goes_on_where_the_promoted_replica_is(void)
{
    open_servers();
    cluster_topic("onceover");
    cluster_produce_all("onceover", 0, 100);
    start("onceover", ROUTE_ONCE("onceover"));
    CU_ASSERT_TRUE(commits_come("onceover", "onceover", 100));
    ASSERT_TEXT(redis_ask(replica, "REPLICAOF NO ONE"), "OK");
    cluster_produce_all("onceover", 100, 200);
    CU_ASSERT_TRUE(lists_come(primary, 200));
    ASSERT_TEXT(lists(replica, 100), "good");
    struct redis_server *second = take_over();
    cluster_produce_all("onceover", 200, 201);
    CU_ASSERT_TRUE(commits_come("onceover", "onceover", 201));
    ASSERT_TEXT(lists(second, 201), "good");
    bridge_stop();
    redis_server_free(second);
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(an_offset_is_committed_once_the_replica_has_the_write),
        TEST(a_record_of_two_sinks_waits_for_the_replicas_of_both),
        TEST(a_partition_is_held_where_too_much_is_unconfirmed),
        TEST(a_stop_waits_for_the_replica),
        TEST(a_stop_without_the_replica_keeps_its_deadline_and_commits_nothing),
        TEST(what_a_lost_assignment_had_marked_is_read_by_the_next_owner),
        TEST(what_was_lost_with_the_primary_is_written_to_the_promoted_replica),
        TEST(what_a_demoted_primary_threw_away_is_written_again),
        TEST(exactly_once_waits_for_the_replica_too),
        TEST(exactly_once_goes_on_where_the_promoted_replica_is),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("durability", tests);
    cluster_end();
    return status;
}
