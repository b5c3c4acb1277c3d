/* test_replay.c: ranges of a log are carried out again, and the group does not notice. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"

#include <poll.h>
#include <stdlib.h>

enum { RECORDS = 3000, PER_SECOND = 2000 };

static struct redis_server *server;
static struct source_range ranges[CLUSTER_PARTITIONS];

static void range(size_t index, const char *topic, int32_t number, int64_t from, int64_t to)
{
    ranges[index] = (struct source_range){
        .topic = topic, .number = number, .from = from, .to = to, .next = from};
    bridge_ranges = ranges;
    bridge_range_count = index + 1;
}

static void open_topic(const char *topic)
{
    server = redis_server_start(NULL);
    cluster_topic(topic);
    cluster_produce_all(topic, 0, RECORDS);
    bridge_per_second = 0;
}

static void replay_start(const char *topic, const char *command)
{
    bridge_open(redis_server_folder(server), topic, "drain_timeout = \"2s\";",
                "sinks = { here = { url = \"redis://127.0.0.1:%d\"; }; };\n"
                "routes = ( { name = \"pushes\"; from = \"main\"; topics = \"%s\"; to = \"here\";\n"
                "    do = \"%s\"; } );\n",
                redis_server_port(server), topic, command);
}

#define PUSH "RPUSH seen:%{$partition} %{$offset}"

static void replay_end(void)
{
    bridge_join();
    bridge_free();
}

static long length(int partition)
{
    char key[16];

    snprintf(key, sizeof(key), "seen:%d", partition);
    return atol(redis_ask(server, "LLEN %s", key));
}

static long at(int partition, int place)
{
    char key[16], number[16];

    snprintf(key, sizeof(key), "seen:%d", partition);
    snprintf(number, sizeof(number), "%d", place);
    return atol(redis_ask(server, "LINDEX %s %s", key, number));
}

static void expect_pushed(int partition, int64_t from, int64_t to)
{
    CU_ASSERT_EQUAL(length(partition), to - from);
    CU_ASSERT_EQUAL(at(partition, 0), from);
    CU_ASSERT_EQUAL(at(partition, -1), to - 1);
}

static void the_ranges_are_carried_out_and_nothing_else(void)
{
    open_topic("ranges");
    range(0, "ranges", 0, 0, RECORDS);
    range(1, "ranges", 1, 100, 200); /* with much behind it */
    range(2, "ranges", 3, RECORDS - 1, RECORDS);
    replay_start("ranges", PUSH);
    replay_end();
    expect_pushed(0, 0, RECORDS);
    expect_pushed(1, 100, 200);
    CU_ASSERT_EQUAL(length(2), 0);
    expect_pushed(3, RECORDS - 1, RECORDS);
    for (size_t i = 0; i < bridge_range_count; i++)
        CU_ASSERT_EQUAL(ranges[i].next, ranges[i].to);
    for (int i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("ranges", "ranges", i), RD_KAFKA_OFFSET_INVALID);
    redis_server_free(server);
}

static void what_a_stop_leaves_is_told_to_the_record(void)
{
    open_topic("stop");
    range(0, "stop", 0, 10, RECORDS);
    bridge_per_second = PER_SECOND;
    replay_start("stop", PUSH);
    while (pushed(server) < 100)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    bridge_stop();
    CU_ASSERT(ranges[0].next > 10 && ranges[0].next < RECORDS);
    expect_pushed(0, 10, ranges[0].next);
    bridge_free();
    range(0, "stop", 0, ranges[0].next, RECORDS);
    bridge_per_second = 0;
    replay_start("stop", PUSH);
    replay_end();
    expect_pushed(0, 10, RECORDS);
    redis_server_free(server);
}

static void a_record_that_holds_its_partition_ends_its_range_alone(void)
{
    open_topic("held");
    redis_ask(server, "SET seen:0 text");
    range(0, "held", 0, 0, RECORDS);
    range(1, "held", 1, 0, RECORDS);
    replay_start("held", PUSH);
    replay_end();
    CU_ASSERT_EQUAL(ranges[0].next, 0);
    CU_ASSERT_EQUAL(ranges[1].next, RECORDS);
    expect_pushed(1, 0, RECORDS);
    redis_server_free(server);
}

static void a_redis_that_goes_away_is_waited_for(void)
{
    open_topic("away");
    redis_server_free(server); /* this one keeps what it has answered */
    server = redis_server_start("--appendonly", "yes", "--appendfsync", "always", NULL);
    range(0, "away", 0, 0, RECORDS);
    bridge_per_second = PER_SECOND;
    replay_start("away", "HSET seen %{$offset} x");
    while (atol(redis_ask(server, "HLEN seen")) < 100)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    redis_server_kill(server);
    poll(NULL, 0, 500);
    redis_server_restart(server);
    replay_end();
    CU_ASSERT_EQUAL(ranges[0].next, RECORDS);
    CU_ASSERT_EQUAL(atol(redis_ask(server, "HLEN seen")), RECORDS);
    redis_server_free(server);
}

static void a_range_beyond_the_log_is_refused(void)
{
    open_topic("beyond");
    range(0, "beyond", 0, 0, RECORDS + 1);
    replay_start("beyond", PUSH);
    replay_end();
    CU_ASSERT_EQUAL(ranges[0].next, 0);
    CU_ASSERT_EQUAL(pushed(server), 0);
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_ranges_are_carried_out_and_nothing_else),
        TEST(what_a_stop_leaves_is_told_to_the_record),
        TEST(a_record_that_holds_its_partition_ends_its_range_alone),
        TEST(a_redis_that_goes_away_is_waited_for),
        TEST(a_range_beyond_the_log_is_refused),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("replay", tests);
    cluster_end();
    return status;
}
