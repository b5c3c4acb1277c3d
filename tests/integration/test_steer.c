/*
 * test_steer.c: what the operator asks of a running worker: a mock cluster, one worker, real
 * servers.
 *
 * Each record pushes its offset to a list of its partition: what was lost, repeated or reordered
 * shows there.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"

#include <poll.h>
#include <string.h>

enum { MANY = 4000, SETTLE_MS = 300 };

#define PUSHES       "do = \"RPUSH seen:%{$partition} %{$offset}\"; "
#define EXACTLY      "delivery = \"exactly_once\"; "
#define AT_MOST_ONCE "delivery = \"at_most_once\"; "

static struct steer answer;

static enum steer_result ask(enum steer_wish wish, const char *topic, int32_t partition,
                             int64_t offset)
{
    answer = (struct steer){.wish = wish, .topic = topic, .partition = partition, .offset = offset};
    CU_ASSERT_TRUE(worker_steer(bridge.worker, &answer, clock_ms() + BRIDGE_PATIENCE_MS));
    return answer.result;
}

static void pause_route(const char *route, bool paused)
{
    pauses_set_route(bridge.pauses, route, paused);
    CU_ASSERT_EQUAL(ask(STEER_PAUSES, NULL, 0, 0), STEER_DONE);
}

static void open_bridge(const char *topic, const char *delivery, const char *rest)
{
    char route[1000];

    bridge_open_servers();
    cluster_topic(topic);
    snprintf(route, sizeof(route),
             "{ name = \"near\"; from = \"main\"; topics = [ \"%s\" ]; to = \"here\"; %s%s}", topic,
             delivery, rest);
    bridge_open_two(topic, "", route);
}

/* Each list counts from 0 without a gap, a repeat or a step back, but for @p missing of partition
 * 1. */
static void expect_each_once_but(int missing)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", missing);
    ASSERT_TEXT(redis_ask(here, "EVAL %s 0 %s",
                          "for p = 0, 3 do local want = 0 "
                          "for i, n in ipairs(redis.call('LRANGE', 'seen:' .. p, 0, -1)) do "
                          "if p == 1 and want == tonumber(ARGV[1]) then want = want + 1 end "
                          "if tonumber(n) ~= want then "
                          "return p .. ': ' .. n .. ' at ' .. want end want = want + 1 end end "
                          "return 'good'",
                          text),
                "good");
}

/* --- pause and resume ------------------------------------------------------------------------- */

/* Once paused, so many records may still come: those that were committed and not sent yet. */
static void pause_under_load(const char *topic, const char *delivery, long owed)
{
    long before;

    open_bridge(topic, delivery, PUSHES);
    cluster_produce_all(topic, 0, MANY);
    for (int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS; !pushed(here);)
        CU_ASSERT_TRUE_FATAL(clock_ms() < until_ms);
    for (int i = 0; i < 5; i++) {
        pause_route("near", true);
        CU_ASSERT_EQUAL(answer.paused, CLUSTER_PARTITIONS);
        CU_ASSERT_EQUAL(ask(STEER_PAUSES, NULL, 0, 0), STEER_DONE); /* a turn later, of which the
                                                                       metrics tell */
        CU_ASSERT_TRUE(inflight_comes(0));
        before = pushed(here);
        poll(NULL, 0, 50);
        CU_ASSERT_TRUE(pushed(here) - before <= owed);
        pause_route("near", false);
        pause_route("near", true); /* before it flows, or just then */
        pause_route("near", false);
        poll(NULL, 0, 10 * i);
    }
    CU_ASSERT_TRUE(pushed_comes(here, 4L * MANY));
    CU_ASSERT_TRUE(commits_come(topic, topic, MANY));
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    CU_ASSERT_EQUAL(pushed(here), 4L * MANY);
    expect_each_once_but(-1);
    bridge_close_two();
}

static void a_pause_under_load_loses_and_repeats_nothing(void)
{
    pause_under_load("load", "", 0);
}

static void nor_does_one_of_an_exactly_once_route(void)
{
    pause_under_load("loadonce", EXACTLY, 0);
}

static void nor_does_one_of_an_at_most_once_route(void)
{
    pause_under_load("loadmost", AT_MOST_ONCE, BATCH_RECORDS);
}

/* Redis has them, and has not answered: they must not be sent again. */
static void resume_waits_for_what_is_in_flight(const char *topic, const char *delivery)
{
    open_bridge(topic, delivery, PUSHES);
    cluster_produce_all(topic, 0, 1);
    CU_ASSERT_TRUE(commits_come(topic, topic, 1));
    redis_server_pause(here);
    cluster_produce_all(topic, 1, 21);
    CU_ASSERT_TRUE(inflight_comes(4L * 20));
    pause_route("near", true);
    CU_ASSERT_TRUE(readyz_comes("[+]partition "));
    pause_route("near", false);
    poll(NULL, 0, SETTLE_MS);
    redis_server_resume(here);
    CU_ASSERT_TRUE(commits_come(topic, topic, 21));
    cluster_produce_all(topic, 21, 31);
    CU_ASSERT_TRUE(pushed_comes(here, 4L * 31));
    poll(NULL, 0, SETTLE_MS);
    bridge_stop();
    expect_each_once_but(-1);
    CU_ASSERT_EQUAL(pushed(here), 4L * 31);
    bridge_close_two();
}

static void a_resume_waits_for_what_is_in_flight(void)
{
    resume_waits_for_what_is_in_flight("flight", "");
}

static void so_does_one_of_an_exactly_once_route(void)
{
    resume_waits_for_what_is_in_flight("flightonce", EXACTLY);
}

static void what_was_answered_is_committed_while_all_is_paused(void)
{
    open_bridge("stand", "", PUSHES);
    cluster_produce_all("stand", 0, 10);
    CU_ASSERT_TRUE(pushed_comes(here, 4L * 10));
    pause_route("near", true);
    CU_ASSERT_TRUE(readyz_comes("[+]partition stand[1]: paused by the operator\n"));
    CU_ASSERT_TRUE(commits_come("stand", "stand", 10));
    cluster_produce_all("stand", 10, 20);
    poll(NULL, 0, SETTLE_MS);
    CU_ASSERT_EQUAL(pushed(here), 4L * 10);
    CU_ASSERT_TRUE(bridge_stop() < AT_ONCE_MS);
    CU_ASSERT_EQUAL(cluster_committed("stand", "stand", 1), 10);
    bridge_close_two();
}

static void one_partition_is_paused_alone(void)
{
    open_bridge("alone", "", PUSHES);
    cluster_produce_all("alone", 0, 10);
    CU_ASSERT_TRUE(pushed_comes(here, 4L * 10));
    pauses_set_partition(bridge.pauses, "alone", 1, true);
    CU_ASSERT_EQUAL(ask(STEER_PAUSES, NULL, 0, 0), STEER_DONE);
    CU_ASSERT_EQUAL(answer.paused, 1);
    cluster_produce_all("alone", 10, 20);
    CU_ASSERT_TRUE(pushed_comes(here, 3L * 20 + 10));
    poll(NULL, 0, SETTLE_MS);
    ASSERT_TEXT(redis_ask(here, "LLEN seen:1"), "10");
    pauses_set_partition(bridge.pauses, "alone", 1, false);
    CU_ASSERT_EQUAL(ask(STEER_PAUSES, NULL, 0, 0), STEER_DONE);
    CU_ASSERT_TRUE(pushed_comes(here, 4L * 20));
    bridge_stop();
    expect_each_once_but(-1);
    bridge_close_two();
}

/* The other member takes half of them away and brings them back. */
static void a_pause_outlasts_rebalances(void)
{
    open_bridge("come", "", PUSHES);
    cluster_produce_all("come", 0, 10);
    CU_ASSERT_TRUE(commits_come("come", "come", 10));
    pause_route("near", true);
    struct member *other = member_new("come");
    other->finishes = true;
    member_join(other, "come");
    member_idle(other, 3000);
    cluster_produce_all("come", 10, 20);
    CU_ASSERT_TRUE(member_run(other, 20)); /* its half is not paused */
    member_stop(other);
    member_free(other);
    CU_ASSERT_TRUE(readyz_comes("[+]partition come[3]: paused by the operator\n"));
    CU_ASSERT_TRUE(readyz_comes("[+]partition come[0]: paused by the operator\n"));
    CU_ASSERT_EQUAL(pushed(here), 4L * 10);
    pause_route("near", false);
    CU_ASSERT_TRUE(pushed_comes(here, 4L * 10 + 2 * 10));
    CU_ASSERT_TRUE(commits_come("come", "come", 20));
    bridge_stop();
    CU_ASSERT_EQUAL(pushed(here), 4L * 10 + 2 * 10);
    bridge_close_two();
}

/* --- retry and skip --------------------------------------------------------------------------- */

/* The record with the offset 5 of partition 1 asks for a type that its key has not. */
#define POISON                                                                                     \
    "do = ( { when = \"$partition == 1 && $offset == 5\"; cmd = \"RPUSH text %{$offset}\"; }, "    \
    "{ cmd = \"RPUSH seen:%{$partition} %{$offset}\"; } ); "
/* It cannot be rendered. */
#define UNFIT                                                                                      \
    "format = \"raw\"; do = ( { when = \"$partition == 1 && $offset == 5\"; cmd = \"RPUSH x "      \
    "%{$header.none}\"; }, { cmd = \"RPUSH seen:%{$partition} %{$offset}\"; } ); "

static void open_poisoned(const char *topic, const char *delivery, const char *rest)
{
    open_bridge(topic, delivery, rest);
    redis_ask(here, "SET text x");
    cluster_produce_all(topic, 0, 100);
    CU_ASSERT_TRUE(readyz_comes("[1]: offset 5: route near: "));
    CU_ASSERT_TRUE(committed_comes(topic, topic, 2, 100));
    CU_ASSERT_TRUE(committed_comes(topic, topic, 1, 5));
}

static void expect_skipped(const char *topic)
{
    CU_ASSERT_EQUAL(ask(STEER_SKIP, topic, 1, 4), STEER_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(answer.text, "it is held by the record at offset 5, not 4: route near: "));
    CU_ASSERT_EQUAL(ask(STEER_SKIP, topic, 2, 5), STEER_REFUSED);
    ASSERT_TEXT(answer.text, "it is not held");
    CU_ASSERT_EQUAL(ask(STEER_SKIP, topic, 7, 5), STEER_ELSEWHERE);
    CU_ASSERT_EQUAL(ask(STEER_SKIP, topic, 1, 5), STEER_DONE);
    CU_ASSERT_TRUE(committed_comes(topic, topic, 1, 100));
    CU_ASSERT_TRUE(ready_comes());
    cluster_produce_all(topic, 100, 110);
    CU_ASSERT_TRUE(commits_come(topic, topic, 110));
    bridge_stop();
    expect_each_once_but(5);
    CU_ASSERT_EQUAL(pushed(here), 4L * 110 - 1);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 1);
    CU_ASSERT_EQUAL(counters_of(0)->skipped, 1);
    bridge_close_two();
}

static void a_refused_record_is_skipped_and_those_behind_it_are_not_repeated(void)
{
    open_poisoned("poison", "", POISON);
    expect_skipped("poison");
}

static void so_is_one_of_an_exactly_once_route(void)
{
    open_poisoned("poisononce", EXACTLY, POISON);
    expect_skipped("poisononce");
}

static void a_record_that_never_became_a_command_is_skipped(void)
{
    open_poisoned("unfit", "", UNFIT);
    expect_skipped("unfit");
}

static void so_is_one_of_an_exactly_once_route_that_never_did(void)
{
    open_poisoned("unfitonce", EXACTLY, UNFIT);
    expect_skipped("unfitonce");
}

static void a_retry_goes_on_once_the_cause_is_gone(void)
{
    open_poisoned("retry", "", POISON);
    CU_ASSERT_EQUAL(ask(STEER_RETRY, "retry", 1, 0), STEER_DONE);
    CU_ASSERT_TRUE(readyz_comes("[1]: offset 5: route near: "));
    ASSERT_TEXT(redis_ask(here, "DEL text"), "1");
    CU_ASSERT_EQUAL(ask(STEER_RETRY, "retry", 1, 0), STEER_DONE);
    CU_ASSERT_TRUE(committed_comes("retry", "retry", 1, 100));
    CU_ASSERT_TRUE(ready_comes());
    CU_ASSERT_EQUAL(ask(STEER_RETRY, "retry", 1, 0), STEER_REFUSED);
    ASSERT_TEXT(answer.text, "it is not held");
    bridge_stop();
    ASSERT_TEXT(redis_ask(here, "LINDEX text 0"), "5");
    bridge_close_two();
}

/* Both at once: the skip does not end the pause. */
static void a_paused_partition_stays_so_when_its_record_is_skipped(void)
{
    open_poisoned("both", "", POISON);
    pause_route("near", true);
    CU_ASSERT_EQUAL(ask(STEER_SKIP, "both", 1, 5), STEER_DONE);
    CU_ASSERT_TRUE(readyz_comes("[+]partition both[1]: paused by the operator\n"));
    cluster_produce_all("both", 100, 110);
    poll(NULL, 0, SETTLE_MS);
    CU_ASSERT_TRUE(pushed(here) < 4L * 100);
    pause_route("near", false);
    CU_ASSERT_TRUE(committed_comes("both", "both", 1, 110));
    bridge_stop();
    expect_each_once_but(5);
    bridge_close_two();
}

/* A hold that ends by the clock is tried at once. */
static void what_the_operator_has_granted_is_tried_at_once(void)
{
    bridge_open_servers();
    ASSERT_TEXT(redis_ask(here, "ACL SETUSER default -rpush"), "OK");
    cluster_topic("grant");
    cluster_produce("grant", 1, 0, 10);
    bridge_open_two("grant", "", BRIDGE_ROUTE("near", "grant", PUSHES));
    CU_ASSERT_TRUE(readyz_comes("[-]partition grant[1]: offset 0: route near: NOPERM"));
    ASSERT_TEXT(redis_ask(here, "ACL SETUSER default +rpush"), "OK");
    int64_t began_ms = clock_ms();
    CU_ASSERT_EQUAL(ask(STEER_RETRY, "grant", 1, 0), STEER_DONE);
    CU_ASSERT_TRUE(committed_comes("grant", "grant", 1, 10));
    CU_ASSERT_TRUE(clock_ms() - began_ms < 15000);
    bridge_stop();
    expect_each_once_but(-1);
    bridge_close_two();
}

static void a_worker_that_has_ended_answers_nothing(void)
{
    open_bridge("ended", "", PUSHES);
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    answer = (struct steer){.wish = STEER_PAUSES};
    CU_ASSERT_FALSE(worker_steer(bridge.worker, &answer, clock_ms() + BRIDGE_PATIENCE_MS));
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_pause_under_load_loses_and_repeats_nothing),
        TEST(nor_does_one_of_an_exactly_once_route),
        TEST(nor_does_one_of_an_at_most_once_route),
        TEST(a_resume_waits_for_what_is_in_flight),
        TEST(so_does_one_of_an_exactly_once_route),
        TEST(what_was_answered_is_committed_while_all_is_paused),
        TEST(one_partition_is_paused_alone),
        TEST(a_pause_outlasts_rebalances),
        TEST(a_refused_record_is_skipped_and_those_behind_it_are_not_repeated),
        TEST(so_is_one_of_an_exactly_once_route),
        TEST(a_record_that_never_became_a_command_is_skipped),
        TEST(so_is_one_of_an_exactly_once_route_that_never_did),
        TEST(a_retry_goes_on_once_the_cause_is_gone),
        TEST(a_paused_partition_stays_so_when_its_record_is_skipped),
        TEST(what_the_operator_has_granted_is_tried_at_once),
        TEST(a_worker_that_has_ended_answers_nothing),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("steer", tests);
    cluster_end();
    return status;
}
