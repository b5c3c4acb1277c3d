/* test_streams.c: streams whose ids are offsets take each record once, at least once delivered: a
 * mock cluster, one worker, a real server. */
#include "suite.h"

#include "base/log.h"
#include "bridge.h"
#include "kafka_member.h"
#include "redis_server.h"

#include <poll.h>

enum { SOME = 100, MANY = 20000 };

static struct redis_server *server;

static void pipe_start(const char *topic)
{
    bridge_open(redis_server_folder(server), topic, "drain_timeout = \"2s\";",
                "sinks = { here = { url = \"redis://127.0.0.1:%d\"; }; };\n"
                "routes = ( { name = \"adds\"; from = \"main\"; topics = \"%s\"; to = \"here\";\n"
                "    do = \"XADD s:%%{$partition} %%{$offset}-1 n %%{$key}\"; } );\n",
                redis_server_port(server), topic);
}

static void pipe_stop(void)
{
    bridge_stop();
    bridge_free();
    redis_server_free(server);
}

/* What an owner before us wrote: the entries of one partition in [from, to). */
static void given_entries(int partition, int from, int to)
{
    ASSERT_TEXT(
        redis_ask(server, "EVAL %s 0 %d %d %d",
                  "for i = ARGV[2], ARGV[3] - 1 do "
                  "redis.call('XADD', 's:' .. ARGV[1], i .. '-1', 'n', i) end return 'good'",
                  partition, from, to),
        "good");
}

static const char *length(int partition)
{
    return redis_ask(server, "XLEN s:%d", partition);
}

static void what_was_read_before_is_there_already(void)
{
    server = redis_server_start(NULL);
    cluster_topic("replay");
    cluster_produce("replay", 1, 0, SOME);
    given_entries(1, 0, 60); /* an owner before us came so far, and committed 40 */
    cluster_commit("replay", "replay", 1, 40);
    pipe_start("replay");
    CU_ASSERT_TRUE(committed_comes("replay", "replay", 1, SOME));
    ASSERT_TEXT(length(1), "100");
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), SOME - 40);
    bridge_free();
    redis_server_free(server);
}

static void records_of_a_topic_made_anew_are_not_swallowed(void)
{
    server = redis_server_start(NULL);
    cluster_topic("anew");
    cluster_produce("anew", 1, 0, SOME);
    given_entries(1, 0, 500);     /* of the topic that had the name before */
    for (int i = 0; i < 2; i++) { /* what the first start committed changes nothing */
        pipe_start("anew");
        CU_ASSERT_TRUE(readyz_comes("[-]partition anew[1]: offset 0: route adds: ERR The ID"));
        bridge_stop();
        bridge_free();
    }
    CU_ASSERT_TRUE(cluster_committed("anew", "anew", 1) <= 0);
    redis_server_free(server);
}

static void behind_the_first_record_that_was_taken_a_refusal_is_an_error(void)
{
    server = redis_server_start(NULL);
    cluster_topic("shared");
    cluster_produce("shared", 1, 0, 20);
    cluster_commit("shared", "shared", 1, 0);
    pipe_start("shared");
    CU_ASSERT_TRUE(committed_comes("shared", "shared", 1, 20));
    given_entries(1, 50, 51); /* somebody else's */
    cluster_produce("shared", 1, 20, 30);
    CU_ASSERT_TRUE(readyz_comes("[-]partition shared[1]: offset 20: route adds: ERR The ID"));
    pipe_stop();
}

/* Of the records that Redis carries out in the same breath as the kill nobody hears. */
static void what_was_sent_again_after_a_loss_is_there_already(void)
{
    struct metrics_totals totals;

    server = redis_server_start(NULL);
    cluster_topic("cut");
    cluster_produce("cut", 1, 0, MANY);
    pipe_start("cut");
    do {
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        poll(NULL, 0, 2);
        metrics_totals(bridge.metrics, &totals);
    } while (totals.written == 0);
    for (int i = 0; i < 100 && totals.written < MANY; i++) {
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        poll(NULL, 0, 3);
        metrics_totals(bridge.metrics, &totals);
    }
    CU_ASSERT_TRUE(committed_comes("cut", "cut", 1, MANY));
    ASSERT_TEXT(length(1), "20000");
    pipe_stop();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_was_read_before_is_there_already),
        TEST(records_of_a_topic_made_anew_are_not_swallowed),
        TEST(behind_the_first_record_that_was_taken_a_refusal_is_an_error),
        TEST(what_was_sent_again_after_a_loss_is_there_already),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE("streams", tests);
    cluster_end();
    return status;
}
