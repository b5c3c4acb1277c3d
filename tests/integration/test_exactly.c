/*
 * test_exactly.c: exactly once in one process: a mock cluster, one worker, a real server.
 *
 * A record's key is its number and equals its offset. Each record adds 1 to a counter and pushes
 * its offset to a list of its partition: what was repeated, lost or reordered shows in the list,
 * and the counter says the same again.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "real_redis_server.h"

#include <poll.h>
#include <stdlib.h>

enum { MANY = 2000, SOME = 100, FETCH_ERROR = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION };

static struct redis_server *server;

#define COUNTED                                                                                    \
    "do = [ \"INCRBY sum:%{$partition} 1\", \"RPUSH seen:%{$partition} %{$offset}\" ]; all = "     \
    "true; "

/* --- the bridge ------------------------------------------------------------------------------- */

/* What a test may say of the source and the sink. */
static const char *of_source = "", *of_sink = "", *of_top = "";

static void pipe_start(const char *group, const char *routes)
{
    char settings[300];

    snprintf(settings, sizeof(settings), "drain_timeout = \"2s\"; %s", of_source);
    bridge_open(redis_server_folder(server), group, settings,
                "sinks = { here = { url = \"redis://127.0.0.1:%d\"; %s }; };\n"
                "defaults = { from = \"main\"; to = \"here\"; delivery = \"exactly_once\"; };\n"
                "%s\nroutes = ( %s );\n",
                redis_server_port(server), of_sink, of_top, routes);
}

/* One route of @p topic, which is the group too. */
static void counting_start(const char *topic)
{
    char route[400];

    snprintf(route, sizeof(route), "{ name = \"counts\"; topics = \"%s\"; %s}", topic, COUNTED);
    pipe_start(topic, route);
}

static void pipe_stop(void)
{
    bridge_stop();
    bridge_free();
}

static void open_all(void)
{
    server = redis_server_start(NULL);
    of_source = of_sink = "";
}

static void close_all(void)
{
    redis_server_free(server);
}

/* --- what is expected ------------------------------------------------------------------------- */

/* Each list counts from @p first without a gap, a repeat or a step back, and the sums agree. */
static void expect_each_once_from(int first)
{
    char from[16];

    snprintf(from, sizeof(from), "%d", first);
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0 %s",
                          "for p = 0, 3 do local l = redis.call('LRANGE', 'seen:' .. p, 0, -1) "
                          "for i, n in ipairs(l) do "
                          "if tonumber(n) ~= i - 1 + ARGV[1] then "
                          "return p .. ': ' .. n .. ' at ' .. i end end "
                          "local s = tonumber(redis.call('GET', 'sum:' .. p) or 0) "
                          "if s ~= #l then return p .. ': sum ' .. s .. ' of ' .. #l end end "
                          "return 'good'",
                          from),
                "good");
}

static void expect_each_once(void)
{
    expect_each_once_from(0);
}

/* --- the way ---------------------------------------------------------------------------------- */

static void each_record_and_its_offset_are_written_together(void)
{
    open_all();
    cluster_topic("plain");
    cluster_produce_all("plain", 0, MANY);
    counting_start("plain");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * MANY));
    expect_each_once();
    pipe_stop();
    ASSERT_TEXT(checkpoint(server, "plain", 2, "next"), "2000");
    CU_ASSERT_EQUAL(cluster_committed("plain", "plain", 2), MANY);
    close_all();
}

/* Takes the end of a partition away from Redis, and the checkpoint back to where it was before. */
static void forget_from(const char *topic, int partition, int offset)
{
    char key[100];

    snprintf(key, sizeof(key), "penstock:{%s}:%s:%d", topic, topic, partition);
    ASSERT_TEXT(redis_ask(server, "EVAL %s 1 %s %d %d",
                          "redis.call('HSET', KEYS[1], 'next', ARGV[1], 'settled', ARGV[1]) "
                          "redis.call('HSET', KEYS[1], 'witness', '') "
                          "redis.call('LTRIM', 'seen:' .. ARGV[2], 0, ARGV[1] - 1) "
                          "redis.call('SET', 'sum:' .. ARGV[2], ARGV[1]) return 'good'",
                          key, offset, partition),
                "good");
}

static void a_restart_goes_on_at_the_checkpoint_whatever_kafka_has(void)
{
    open_all();
    cluster_topic("again");
    cluster_produce_all("again", 0, SOME);
    counting_start("again");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    pipe_stop();
    forget_from("again", 1, 60);
    counting_start("again");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    cluster_produce_all("again", SOME, 2 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * 2 * SOME));
    expect_each_once();
    bridge_stop();
    /* What was looked at and passed over is not counted. */
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 4 * SOME + 40);
    bridge_free();
    close_all();
}

static bool length_comes(int partition, long wanted)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    long length;

    do
        length = strtol(redis_ask(server, "LLEN seen-b:%d", partition), NULL, 10);
    while (length < wanted && clock_ms() < until_ms);
    return length == wanted;
}

static void lost_connections_repeat_nothing(void)
{
    open_all();
    of_sink = "unit_records = 50; ";
    cluster_topic("cut-a");
    cluster_topic("cut-b");
    cluster_produce_all("cut-a", 0, MANY);
    pipe_start("cut", "{ name = \"counts\"; topics = \"cut-a\"; " COUNTED "}, "
                      "{ name = \"others\"; topics = \"cut-b\"; "
                      "do = [ \"INCRBY sum-b:%{$partition} 1\", "
                      "\"RPUSH seen-b:%{$partition} %{$offset}\" ]; all = true; }");
    /* A kill in the middle of a handshake is none that was seen. */
    for (int i = 0, kills = 0; i < 40 || (kills < 40 && i < 1000); i++) {
        if (i < 20)
            cluster_produce_all("cut-b", i * 50, (i + 1) * 50);
        kills += atoi(redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes"));
        poll(NULL, 0, 40);
    }
    CU_ASSERT_TRUE(pushed_comes(server, 4 * MANY));
    expect_each_once();
    for (int i = 0; i < CLUSTER_PARTITIONS; i++) {
        CU_ASSERT_TRUE(length_comes(i, 1000));
        ASSERT_TEXT(redis_ask(server, "GET sum-b:%d", i), "1000");
    }
    CU_ASSERT_TRUE(counters_of_sink(0)->reconnects > 10);
    pipe_stop();
    close_all();
}

/* --- owners ----------------------------------------------------------------------------------- */

static void a_partition_that_another_claims_is_dropped_and_claimed_anew(void)
{
    open_all();
    cluster_topic("fence");
    cluster_produce_all("fence", 0, SOME);
    counting_start("fence");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    ASSERT_TEXT(redis_ask(server, "SET %s 900:00000000deadbeef", "penstock:{fence}:fence:1:epoch"),
                "OK");
    cluster_produce_all("fence", SOME, SOME + 50);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * (SOME + 50)));
    expect_each_once();
    bridge_stop();
    CU_ASSERT_EQUAL(metrics_worker(bridge.metrics, 0)->source.fenced, 1);
    bridge_free();
    close_all();
}

static void a_redis_that_lost_everything_is_filled_from_what_kafka_has(void)
{
    open_all();
    cluster_topic("flush");
    cluster_produce_all("flush", 0, SOME);
    counting_start("flush");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    CU_ASSERT_TRUE(commits_come("flush", "flush", SOME));
    ASSERT_TEXT(redis_ask(server, "FLUSHALL"), "OK");
    cluster_produce_all("flush", SOME, 2 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    expect_each_once_from(SOME);
    bridge_stop();
    CU_ASSERT_EQUAL(metrics_worker(bridge.metrics, 0)->source.fenced, 0);
    bridge_free();
    close_all();
}

/* --- checkpoints that do not fit -------------------------------------------------------------- */

static void misfit(const char *topic, int partition, const char *field, const char *value)
{
    char key[100];

    snprintf(key, sizeof(key), "penstock:{%s}:%s:%d", topic, topic, partition);
    ASSERT_TEXT(redis_ask(server, "HSET %s %s %s", key, field, value), "0");
}

/* A run over SOME records, then checkpoints of which none but that of partition 0 fits, and ten
 * records more for each. */
static void misfits(const char *topic, const char *policy)
{
    open_all();
    cluster_topic(topic);
    cluster_produce_all(topic, 0, SOME);
    counting_start(topic);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    pipe_stop();
    misfit(topic, 1, "next", "5000");
    misfit(topic, 2, "witness", "1:2:3");
    misfit(topic, 3, "v", "2");
    cluster_produce_all(topic, SOME, SOME + 10);
    of_source = policy;
    counting_start(topic);
}

static void checkpoints_that_do_not_fit_stop_their_partitions(void)
{
    misfits("stop", "");
    CU_ASSERT_TRUE(readyz_comes("[-]partition stop[1]: the checkpoint in Redis says offset 5000, "
                                "and the log ends at 110"));
    CU_ASSERT_TRUE(readyz_comes("[-]partition stop[2]: offset 100 is of another log than the topic "
                                "has now (the record before the position is another one)"));
    CU_ASSERT_TRUE(readyz_comes("[-]partition stop[3]: the checkpoint in Redis cannot be read"));
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME + 10));
    pipe_stop();
    ASSERT_TEXT(checkpoint(server, "stop", 1, "next"), "5000");
    ASSERT_TEXT(checkpoint(server, "stop", 3, "v"), "2");
    close_all();
}

/* A log that ends where the former one did, as a table does that is loaded anew: the offset to go
 * on at is the same number, and what the checkpoint says of records below it is not true of it. */
static void the_checkpoint_of_a_log_of_the_same_length_is_written_anew(void)
{
    open_all();
    cluster_topic("length");
    cluster_produce_all("length", 0, SOME);
    counting_start("length");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    pipe_stop();
    misfit("length", 1, "log", "another-cluster/");
    misfit("length", 2, "witness", "1:2:3");
    of_source = "on_out_of_range = \"latest\"; ";
    counting_start("length");
    CU_ASSERT_TRUE(checkpoint_comes(server, "length", 1, "witness", ""));
    CU_ASSERT_TRUE(checkpoint_comes(server, "length", 2, "witness", ""));
    pipe_stop();
    cluster_produce_all("length", SOME, SOME + 10); /* while it is away: nothing is passed over */
    counting_start("length");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * (SOME + 10)));
    expect_each_once();
    pipe_stop();
    close_all();
}

/* Kafka gives no records for a while, in which commits are due. */
static void nothing_is_committed_before_the_checkpoints_record_is_compared(void)
{
    char key[] = "penstock:{early}:early:2";

    open_all();
    cluster_topic("early");
    cluster_produce_all("early", 0, SOME);
    counting_start("early");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    pipe_stop();
    CU_ASSERT_EQUAL(cluster_committed("early", "early", 2), SOME);
    cluster_produce_all("early", SOME, SOME + 10);
    ASSERT_TEXT(redis_ask(server, "HSET %s next %d witness 1:2:3", key, SOME + 5), "0");
    rd_kafka_mock_push_request_errors(cluster, 1 /* Fetch */, 3, FETCH_ERROR, FETCH_ERROR,
                                      FETCH_ERROR);
    counting_start("early");
    CU_ASSERT_TRUE(readyz_comes("(the record before the position is another one)"));
    pipe_stop();
    CU_ASSERT_EQUAL(cluster_committed("early", "early", 2), SOME);
    close_all();
}

static void a_mismatch_may_be_settled_by_kafkas_offset(void)
{
    misfits("kafka", "on_checkpoint_mismatch = \"kafka\"; ");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * (SOME + 10)));
    expect_each_once();
    pipe_stop();
    ASSERT_TEXT(checkpoint(server, "kafka", 1, "next"), "110");
    ASSERT_TEXT(checkpoint(server, "kafka", 3, "v"), "1");
    close_all();
}

static void a_mismatch_may_be_settled_by_the_checkpoint_within_the_log(void)
{
    misfits("redis", "on_checkpoint_mismatch = \"redis\"; on_out_of_range = \"latest\"; ");
    CU_ASSERT_TRUE(readyz_comes("[-]partition redis[3]: the checkpoint in Redis cannot be read"));
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME + 2 * 10));
    CU_ASSERT_TRUE(committed_comes("redis", "redis", 1, SOME + 10)); /* it starts at the end */
    cluster_produce_all("redis", SOME + 10, SOME + 20);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME + 2 * 20 + 10));
    pipe_stop();
    ASSERT_TEXT(checkpoint(server, "redis", 1, "next"), "120");
    ASSERT_TEXT(checkpoint(server, "redis", 2, "next"), "120");
    ASSERT_TEXT(checkpoint(server, "redis", 3, "v"), "2");
    close_all();
}

static void other_routes_do_not_go_on_where_these_ended(void)
{
    open_all();
    cluster_topic("routes");
    cluster_produce_all("routes", 0, SOME);
    counting_start("routes");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    pipe_stop();
    cluster_produce_all("routes", SOME, 2 * SOME);
    pipe_start("routes", "{ name = \"renamed\"; topics = \"routes\"; " COUNTED "}");
    CU_ASSERT_TRUE(readyz_comes("]: the checkpoint in Redis is of other routes"));
    pipe_stop();
    CU_ASSERT_EQUAL(pushed(server), 4 * SOME);
    of_source = "on_checkpoint_mismatch = \"redis\"; ";
    pipe_start("routes", "{ name = \"renamed\"; topics = \"routes\"; " COUNTED "}");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * 2 * SOME));
    expect_each_once();
    pipe_stop();
    close_all();
}

/* --- records that Redis refuses --------------------------------------------------------------- */

/* Record 50 of partition 2 cannot be pushed where the others are not. */
#define PICKY(topic, rest)                                                                         \
    "{ name = \"picky\"; topics = \"" topic "\"; all = true; " rest                                \
    "do = ( \"INCRBY sum:%{$partition} 1\", "                                                      \
    "{ when = \"$offset == 50 && $partition == 2\"; cmd = \"RPUSH odd %{$offset}\"; }, "           \
    "{ when = \"$offset != 50 || $partition != 2\"; cmd = \"RPUSH seen:%{$partition} "             \
    "%{$offset}\"; } ); }"

static void a_refused_record_is_skipped_and_its_neighbours_stand(void)
{
    open_all();
    ASSERT_TEXT(redis_ask(server, "SET odd text"), "OK");
    cluster_topic("skip");
    cluster_produce_all("skip", 0, SOME);
    pipe_start("skip", PICKY("skip", "on_error = \"skip\"; "));
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME - 1));
    bridge_stop();
    ASSERT_TEXT(checkpoint(server, "skip", 2, "next"), "100");
    ASSERT_TEXT(checkpoint(server, "skip", 2, "holes"), "(nil)");
    ASSERT_TEXT(redis_ask(server, "GET sum:2"), "100");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 1);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 4 * SOME - 1);
    bridge_free();
    close_all();
}

static void a_refused_record_that_stops_its_partition_is_made_up_for(void)
{
    open_all();
    ASSERT_TEXT(redis_ask(server, "SET odd text"), "OK");
    cluster_topic("hole");
    cluster_produce_all("hole", 0, SOME);
    pipe_start("hole", PICKY("hole", ""));
    CU_ASSERT_TRUE(readyz_comes("[-]partition hole[2]: offset 50: route picky: WRONGTYPE"));
    pipe_stop();
    ASSERT_TEXT(checkpoint(server, "hole", 2, "holes"), "50:1"); /* its INCRBY was carried out */
    CU_ASSERT_TRUE(cluster_committed("hole", "hole", 2) <= 50);
    ASSERT_TEXT(redis_ask(server, "DEL odd"), "1");
    pipe_start("hole", PICKY("hole", ""));
    CU_ASSERT_TRUE(checkpoint_comes(server, "hole", 2, "holes", ""));
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME - 1));
    CU_ASSERT_TRUE(commits_come("hole", "hole", SOME));
    bridge_stop();
    ASSERT_TEXT(redis_ask(server, "LRANGE odd 0 -1"), "[50]");
    ASSERT_TEXT(redis_ask(server, "GET sum:2"), "100");
    CU_ASSERT_EQUAL(cluster_committed("hole", "hole", 2), SOME);
    bridge_free();
    close_all();
}

static void a_refused_record_becomes_a_letter_and_is_remembered_until_then(void)
{
    open_all();
    of_top = "dlq = { sink = \"here\"; stream = \"letters\"; };";
    ASSERT_TEXT(redis_ask(server, "SET odd text"), "OK");
    ASSERT_TEXT(redis_ask(server, "SET letters text"), "OK"); /* they cannot be delivered yet */
    cluster_topic("letter");
    cluster_produce_all("letter", 0, SOME);
    pipe_start("letter", PICKY("letter", "on_error = \"dlq\"; "));
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME - 1));
    CU_ASSERT_TRUE(checkpoint_comes(server, "letter", 2, "holes", "50:1"));
    ASSERT_TEXT(redis_ask(server, "DEL letters"), "1");
    CU_ASSERT_TRUE(checkpoint_comes(server, "letter", 2, "holes", ""));
    bridge_stop();
    ASSERT_TEXT(redis_ask(server, "XLEN letters"), "1");
    ASSERT_TEXT(redis_ask(server, "GET sum:2"), "100");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    CU_ASSERT_EQUAL(cluster_committed("letter", "letter", 2), SOME);
    bridge_free();
    of_top = "";
    close_all();
}

/* --- who waits for whom ----------------------------------------------------------------------- */

static void partitions_that_need_no_claim_do_not_wait_for_a_redis_that_is_away(void)
{
    struct redis_server *away;
    char routes[600], sink[100];

    open_all();
    away = redis_server_start(NULL);
    redis_server_stop(away);
    snprintf(sink, sizeof(sink), "}; away = { url = \"redis://127.0.0.1:%d\"; ",
             redis_server_port(away));
    of_sink = sink;
    snprintf(routes, sizeof(routes),
             "{ name = \"counts\"; topics = \"flows\"; delivery = \"at_least_once\"; %s}, "
             "{ name = \"waits\"; topics = \"waits\"; to = \"away\"; %s}",
             COUNTED, COUNTED);
    cluster_topic("flows");
    cluster_topic("waits");
    cluster_produce_all("flows", 0, SOME);
    cluster_produce_all("waits", 0, SOME);
    pipe_start("wait", routes);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    redis_server_restart(away);
    CU_ASSERT_TRUE(commits_come("wait", "waits", SOME));
    pipe_stop();
    ASSERT_TEXT(redis_ask(away, "GET sum:3"), "100");
    redis_server_free(away);
    close_all();
}

static void routes_that_turn_out_to_differ_hold_their_topic(void)
{
    open_all();
    cluster_topic("met-by-two");
    cluster_produce_all("met-by-two", 0, SOME);
    pipe_start("met", "{ name = \"one\"; topics = \"^met-\"; " COUNTED "}, "
                      "{ name = \"two\"; topics = \"^.*-two\"; delivery = \"at_least_once\"; "
                      "do = \"SET a b\"; }");
    CU_ASSERT_TRUE(readyz_comes("]: routes 'one' and 'two' both take 'met-by-two'"));
    pipe_stop();
    CU_ASSERT_EQUAL(pushed(server), 0);
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(each_record_and_its_offset_are_written_together),
        TEST(a_restart_goes_on_at_the_checkpoint_whatever_kafka_has),
        TEST(lost_connections_repeat_nothing),
        TEST(a_partition_that_another_claims_is_dropped_and_claimed_anew),
        TEST(a_redis_that_lost_everything_is_filled_from_what_kafka_has),
        TEST(checkpoints_that_do_not_fit_stop_their_partitions),
        TEST(the_checkpoint_of_a_log_of_the_same_length_is_written_anew),
        TEST(nothing_is_committed_before_the_checkpoints_record_is_compared),
        TEST(a_mismatch_may_be_settled_by_kafkas_offset),
        TEST(a_mismatch_may_be_settled_by_the_checkpoint_within_the_log),
        TEST(other_routes_do_not_go_on_where_these_ended),
        TEST(a_refused_record_is_skipped_and_its_neighbours_stand),
        TEST(a_refused_record_that_stops_its_partition_is_made_up_for),
        TEST(a_refused_record_becomes_a_letter_and_is_remembered_until_then),
        TEST(partitions_that_need_no_claim_do_not_wait_for_a_redis_that_is_away),
        TEST(routes_that_turn_out_to_differ_hold_their_topic),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("exactly", tests);
    cluster_end();
    return status;
}
