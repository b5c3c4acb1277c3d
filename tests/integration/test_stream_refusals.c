/* test_stream_refusals.c: a stream that refuses an id is asked whether it has that very entry: a
 * mock cluster, one worker, a real server. */
#include "suite.h"

#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "real_redis_server.h"

#include <poll.h>

enum { SOME = 100, MANY = 20000 };

#define ADD "do = \"XADD s:%{$partition} %{$offset}-1 n %{$key}\"; "

static struct redis_server *server;

/* A route with what @p rest says; "dead" is the stream of letters. */
static void pipe_with(const char *topic, const char *rest)
{
    bridge_open(redis_server_folder(server), topic, "drain_timeout = \"2s\";",
                "sinks = { here = { url = \"redis://127.0.0.1:%d\";\n"
                "    response_timeout = \"500ms\"; }; };\n"
                "%s routes = ( { name = \"adds\"; from = \"main\"; topics = \"%s\";\n"
                "    to = \"here\"; %s } );\n",
                redis_server_port(server),
                strstr(rest, "dlq") ? "dlq = { sink = \"here\"; stream = \"dead\"; };\n" : "",
                topic, rest);
}

static void pipe_start(const char *topic)
{
    pipe_with(topic, ADD);
}

static void pipe_end(void)
{
    bridge_stop();
    bridge_free();
}

static void pipe_stop(void)
{
    pipe_end();
    redis_server_free(server);
}

/* What an owner before us wrote: the entries of one partition in [from, to), @p name=offset. */
static void given_entries(int partition, const char *name, int from, int to)
{
    ASSERT_TEXT(
        redis_ask(server, "EVAL %s 0 %d %d %d %s",
                  "for i = ARGV[2], ARGV[3] - 1 do "
                  "redis.call('XADD', 's:' .. ARGV[1], i .. '-1', ARGV[4], i) end return 'good'",
                  partition, from, to, name),
        "good");
}

/* A stream that took ten records, and then something by hand, whose id is the time of day. */
static void given_a_foreign_top(const char *topic)
{
    server = redis_server_start(NULL);
    cluster_topic(topic);
    cluster_produce(topic, 1, 0, 10);
    given_entries(1, "n", 0, 10);
    cluster_commit(topic, topic, 1, 10);
    redis_ask(server, "XADD s:1 * by hand");
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
    given_entries(1, "n", 0, 60); /* an owner before us came so far, and committed 40 */
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
    given_entries(1, "old", 0, 500); /* of the topic that had the name before */
    for (int i = 0; i < 2; i++) {    /* what the first start committed changes nothing */
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
    given_entries(1, "n", 50, 51); /* somebody else's */
    cluster_produce("shared", 1, 20, 30);
    CU_ASSERT_TRUE(readyz_comes("[-]partition shared[1]: offset 20: route adds: ERR The ID"));
    pipe_stop();
}

/* The worst that an inference could do: a start after somebody else's entry takes all for repeats.
 */
static void a_restart_below_a_foreign_entry_swallows_nothing(void)
{
    given_a_foreign_top("hand");
    cluster_produce("hand", 1, 10, SOME);
    bool held = true;
    for (int i = 0; held && i < 2; i++) {
        pipe_start("hand");
        held = readyz_comes("[-]partition hand[1]: offset 10: route adds: ERR The ID") &&
               readyz_comes("; the stream has no entry of this id");
        CU_ASSERT_TRUE(held);
        bridge_stop();
        CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
        bridge_free();
    }
    CU_ASSERT_EQUAL(cluster_committed("hand", "hand", 1), 10);
    ASSERT_TEXT(length(1), "11");
    redis_server_free(server);
}

static void each_record_below_a_foreign_entry_becomes_a_letter(void)
{
    given_a_foreign_top("bury");
    cluster_produce("bury", 1, 10, SOME);
    pipe_with("bury", ADD "on_error = \"dlq\"; ");
    CU_ASSERT_TRUE(committed_comes("bury", "bury", 1, SOME));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), SOME - 10);
    ASSERT_TEXT(redis_ask(server, "XLEN dead"), "90");
    bridge_free();
    redis_server_free(server);
}

static void each_record_below_a_foreign_entry_is_counted_as_dropped(void)
{
    given_a_foreign_top("skip");
    cluster_produce("skip", 1, 10, SOME);
    pipe_with("skip", ADD "on_error = \"skip\"; ");
    CU_ASSERT_TRUE(committed_comes("skip", "skip", 1, SOME));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), SOME - 10);
    bridge_free();
    redis_server_free(server);
}

static void exactly_once_refuses_what_is_below_a_foreign_entry(void)
{
    given_a_foreign_top("exact");
    cluster_produce("exact", 1, 10, SOME);
    pipe_with("exact", ADD "delivery = \"exactly_once\"; ");
    CU_ASSERT_TRUE(readyz_comes("[-]partition exact[1]: offset 10: route adds: ERR The ID"));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    bridge_free();
    ASSERT_TEXT(length(1), "11");
    redis_server_free(server);
}

/* What was in flight may have been carried out, or not. */
static void a_connection_given_up_below_a_foreign_entry_swallows_nothing(void)
{
    given_a_foreign_top("pause");
    pipe_start("pause");
    CU_ASSERT_TRUE(ready_comes());
    redis_ask(server, "CLIENT PAUSE 1500 ALL");
    cluster_produce("pause", 1, 10, 60);
    CU_ASSERT_TRUE(readyz_comes("[-]partition pause[1]: offset 10: route adds: ERR The ID"));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 0);
    bridge_free();
    CU_ASSERT_EQUAL(cluster_committed("pause", "pause", 1), 10);
    ASSERT_TEXT(length(1), "11");
    redis_server_free(server);
}

/* Two records of one id, by two partitions: the second is none of the first's repeats. */
static void another_records_entry_of_the_same_id_is_no_repeat(void)
{
    char entries[2][100];

    server = redis_server_start(NULL);
    cluster_topic("two");
    for (int i = 0; i < 2; i++)
        cluster_produce_record("two", i, SLICE("k"), slice_of(i ? "left" : "right"), 1, NULL);
    pipe_with("two", "do = \"XADD s %{$offset}-1 n %{$value}\"; on_error = \"dlq\"; ");
    CU_ASSERT_TRUE(committed_comes("two", "two", 0, 1) && committed_comes("two", "two", 1, 1));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 1);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    snprintf(entries[0], sizeof(entries[0]), "%s", redis_ask(server, "XRANGE s - +"));
    snprintf(entries[1], sizeof(entries[1]), "%s", redis_ask(server, "XREVRANGE dead + - COUNT 1"));
    CU_ASSERT_TRUE(!strstr(entries[0], "left") != !strstr(entries[0], "right"));
    ASSERT_TEXT(redis_ask(server, "XLEN dead"), "1");
    bridge_free();
    redis_server_free(server);
}

/* Any id that the record makes, not offsets alone. */
static void an_entry_whose_id_the_record_made_is_there_already(void)
{
    server = redis_server_start(NULL);
    cluster_topic("made");
    for (int i = 0; i < SOME; i++)
        cluster_produce_record("made", 1, SLICE("k"), SLICE("a\r\nb"), 1000 + i, NULL);
    for (int i = 0; i < 60; i++)
        redis_ask(server, "XADD s %d v %s e %s", 1000 + i, "a\r\nb", "");
    pipe_with("made", "do = \"XADD s NOMKSTREAM MAXLEN ~ 5000 %{$timestamp} v %{$value} e ''\"; ");
    CU_ASSERT_TRUE(committed_comes("made", "made", 1, SOME));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), SOME);
    ASSERT_TEXT(redis_ask(server, "XLEN s"), "100");
    bridge_free();
    redis_server_free(server);
}

/* It may have been there. That is not enough. */
static void a_trimmed_entry_is_not_taken_for_one_that_was_written(void)
{
    server = redis_server_start(NULL);
    cluster_topic("trimmed");
    cluster_produce("trimmed", 1, 0, SOME);
    given_entries(1, "n", 0, SOME);
    redis_ask(server, "XTRIM s:1 MAXLEN 10");
    pipe_with("trimmed", ADD "on_error = \"skip\"; ");
    CU_ASSERT_TRUE(committed_comes("trimmed", "trimmed", 1, SOME));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), SOME - 10);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 10);
    bridge_free();
    redis_server_free(server);
}

static void a_stream_that_may_not_be_asked_holds_the_partition(void)
{
    given_a_foreign_top("mute");
    redis_ask(server, "ACL SETUSER default -xrange");
    cluster_produce("mute", 1, 10, 20);
    pipe_with("mute", ADD "on_error = \"skip\"; ");
    CU_ASSERT_TRUE(readyz_comes("whether its entry is there cannot be asked: XRANGE: NOPERM"));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 0);
    CU_ASSERT_EQUAL(cluster_committed("mute", "mute", 1), 10);
    bridge_free();
    redis_server_free(server);
}

/* The answers of the other commands come first. */
static void the_letter_names_the_command_that_was_refused(void)
{
    given_a_foreign_top("names");
    cluster_produce("names", 1, 10, 12);
    pipe_with("names",
              "all = true; on_error = \"dlq\"; do = ( \"SET a:%{$offset} 1\",\n"
              "\"XADD s:%{$partition} %{$offset}-1 n %{$key}\", \"SET b:%{$offset} 1\" ); ");
    CU_ASSERT_TRUE(committed_comes("names", "names", 1, 12));
    const char *letters = redis_ask(server, "XRANGE dead - +");
    CU_ASSERT_PTR_NOT_NULL(strstr(letters, "XADD s:%{$partition} %{$offset}-1 n %{$key}"));
    CU_ASSERT_PTR_NULL(strstr(letters, "SET "));
    ASSERT_TEXT(redis_ask(server, "EXISTS a:10 a:11 b:10 b:11"), "4");
    pipe_stop();
}

/*
 *   1. A has the entries, and refuses their repeats     2. it takes no connection for questions
 *   3. B is in its place, without the entries           4. B says that there are none
 */
static void what_another_server_says_of_a_refusal_is_not_believed(void)
{
    server = redis_server_start("--save", "", NULL);
    cluster_topic("moved");
    given_entries(1, "n", 0, SOME);
    cluster_commit("moved", "moved", 1, 0);
    pipe_start("moved");
    CU_ASSERT_TRUE(ready_comes());
    ASSERT_TEXT(redis_ask(server, "CONFIG SET maxclients 2"), "OK"); /* the data's and this one */
    cluster_produce("moved", 1, 0, SOME);
    CU_ASSERT_TRUE(inflight_comes(SOME));
    CU_ASSERT_TRUE(readyz_comes("[-]sink here: 127.0.0.1:"));
    redis_server_kill(server);
    redis_server_restart(server);
    CU_ASSERT_TRUE(committed_comes("moved", "moved", 1, SOME));
    ASSERT_TEXT(length(1), "100");
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
        TEST(a_restart_below_a_foreign_entry_swallows_nothing),
        TEST(each_record_below_a_foreign_entry_becomes_a_letter),
        TEST(each_record_below_a_foreign_entry_is_counted_as_dropped),
        TEST(exactly_once_refuses_what_is_below_a_foreign_entry),
        TEST(a_connection_given_up_below_a_foreign_entry_swallows_nothing),
        TEST(another_records_entry_of_the_same_id_is_no_repeat),
        TEST(an_entry_whose_id_the_record_made_is_there_already),
        TEST(a_trimmed_entry_is_not_taken_for_one_that_was_written),
        TEST(a_stream_that_may_not_be_asked_holds_the_partition),
        TEST(the_letter_names_the_command_that_was_refused),
        TEST(what_another_server_says_of_a_refusal_is_not_believed),

    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("stream_refusals", tests);
    cluster_end();
    return status;
}
