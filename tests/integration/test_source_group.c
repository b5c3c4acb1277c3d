/* test_source_group.c: members of one group come and go. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "member_fixture.h"

enum { HEARTBEAT = 12 /* Kafka's number of the request */, PATIENCE_MS = 60000 };

/* Turns both until @p done holds; false if patience ends. */
static bool both_until(struct member *a, struct member *b,
                       bool (*done)(struct member *, struct member *))
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!done(a, b) && clock_ms() < until_ms) {
        member_turn(a);
        member_turn(b);
    }
    return done(a, b);
}

static bool first_stopped_taking(struct member *a, struct member *b)
{
    (void)b;
    return !source_is_flowing(a->tickets[0].partition);
}

static bool first_lost_all(struct member *a, struct member *b)
{
    (void)b;
    return a->gone == CLUSTER_PARTITIONS;
}

static bool second_joined(struct member *a, struct member *b)
{
    (void)a;
    return source_is_joined(b->source);
}

static bool all_were_taken(struct member *a, struct member *b)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        for (int number = 100; number < 200; number++)
            if (!a->seen[i][number] && !b->seen[i][number])
                return false;
    return true;
}

static bool all_is_committed(struct member *a, struct member *b)
{
    (void)a, (void)b;
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (cluster_committed("shared", "shared", i) != 200)
            return false;
    return true;
}

static void a_revoked_partition_waits_for_its_answers_before_it_goes(void)
{
    struct member *a = member_new("shared"), *b = member_new("shared");

    cluster_topic("shared");
    cluster_produce_all("shared", 0, 100);
    a->finishes = false;
    a->options.drain_timeout = 60000;
    member_join(a, "shared");
    CU_ASSERT_FATAL(member_run(a, 4 * 100));
    member_join(b, "shared");
    CU_ASSERT(both_until(a, b, first_stopped_taking));
    member_idle(a, 1000); /* longer than an assign is given to settle */
    CU_ASSERT_EQUAL(a->gone, 0);
    CU_ASSERT_EQUAL(b->taken, 0);
    member_finish_all(a);
    CU_ASSERT(both_until(a, b, first_lost_all));
    a->finishes = true;
    cluster_produce_all("shared", 100, 200);
    CU_ASSERT(both_until(a, b, all_were_taken));
    CU_ASSERT_FALSE(a->disorder);
    CU_ASSERT_FALSE(b->disorder);
    CU_ASSERT_TRUE(b->taken > 0);
    /* Before they stop: the mock refuses a commit once another member has left. */
    CU_ASSERT(both_until(a, b, all_is_committed));
    member_stop(b);
    member_stop(a);
    member_free(a);
    member_free(b);
}

static void a_revoked_partition_goes_without_answers_when_its_time_is_over(void)
{
    struct member *a = member_new("slow"), *b = member_new("slow");
    struct source_ticket late;

    cluster_topic("slow");
    cluster_produce_all("slow", 0, 10);
    a->finishes = false;
    a->options.drain_timeout = 300;
    member_join(a, "slow");
    CU_ASSERT_FATAL(member_run(a, 4 * 10));
    late = a->tickets[7];
    CU_ASSERT_TRUE(member_committed_comes(a, "slow", 0, 0));
    member_join(b, "slow");
    CU_ASSERT(both_until(a, b, first_lost_all));
    CU_ASSERT_FALSE(source_ticket_is_current(late));
    source_finish(late); /* of a former assignment: ignored */
    CU_ASSERT_EQUAL(cluster_committed("slow", "slow", 0), 0);
    CU_ASSERT_EQUAL(source_inflight(a->source), 0);
    CU_ASSERT(both_until(a, b, second_joined));
    member_stop(b);
    member_stop(a);
    CU_ASSERT_FALSE(source_was_abandoned());
    member_free(a);
    member_free(b);
}

static void a_lost_assignment_commits_nothing_and_is_read_again(void)
{
    struct member *member = member_new("lost");
    int64_t until_ms;

    cluster_topic("lost");
    cluster_produce_all("lost", 0, 10);
    member->options.commit_interval = 60000;
    member_join(member, "lost");
    CU_ASSERT_FATAL(member_run(member, 4 * 10));
    member_idle(member, 100);
    rd_kafka_mock_push_request_errors(cluster, HEARTBEAT, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    until_ms = clock_ms() + PATIENCE_MS;
    while (member->gone < CLUSTER_PARTITIONS && clock_ms() < until_ms)
        member_turn(member);
    CU_ASSERT_EQUAL(member->gone, CLUSTER_PARTITIONS);
    CU_ASSERT_EQUAL(member->counts->source.rebalances[REBALANCE_LOST], 1);
    CU_ASSERT_EQUAL(cluster_committed("lost", "lost", 0), RD_KAFKA_OFFSET_INVALID);
    CU_ASSERT(member_run(member, 2 * 4 * 10)); /* all of it again */
    CU_ASSERT_FALSE(member->disorder);
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("lost", "lost", 0), 10);
    member_free(member);
}

/* The same partition, the same slots: only the generation tells the answers apart. */
static void a_late_answer_of_a_former_assignment_finishes_nothing(void)
{
    struct member *member = member_new("late");
    int64_t until_ms;

    cluster_topic("late");
    cluster_produce_all("late", 0, 10);
    member->finishes = false;
    member_join(member, "late");
    CU_ASSERT_FATAL(member_run(member, 4 * 10));
    rd_kafka_mock_push_request_errors(cluster, HEARTBEAT, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    until_ms = clock_ms() + PATIENCE_MS;
    while (member->gone < CLUSTER_PARTITIONS && clock_ms() < until_ms)
        member_turn(member);
    CU_ASSERT_FATAL(member_run(member, 2 * 4 * 10)); /* all of it again */
    for (int i = 0; i < 4 * 10; i++) {
        CU_ASSERT_FALSE(source_ticket_is_current(member->tickets[i]));
        source_finish(member->tickets[i]);
    }
    CU_ASSERT_EQUAL(source_inflight(member->source), 4 * 10);
    CU_ASSERT_TRUE(member_commits_come(member, "late", 0));
    member_idle(member, 300);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("late", "late", i), 0);
    for (int i = 4 * 10; i < 2 * 4 * 10; i++)
        source_finish(member->tickets[i]);
    member_stop(member);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("late", "late", i), 10);
    member_free(member);
}

/* The mock takes three seconds to let it in. */
static void a_member_that_is_still_joining_stops_at_once(void)
{
    struct member *member = member_new("joining");

    cluster_topic("joining");
    member_join(member, "joining");
    member_idle(member, 500);
    CU_ASSERT_FALSE(source_is_joined(member->source));
    CU_ASSERT_TRUE(member_stop(member) < AT_ONCE_MS);
    CU_ASSERT_EQUAL(member->counts->source.rebalances[REBALANCE_ASSIGN], 0);
    CU_ASSERT_FALSE(source_was_abandoned());
    member_free(member);
}

static void a_member_that_another_has_replaced_cannot_go_on(void)
{
    struct member *member = member_new("fenced");
    int64_t until_ms;

    cluster_topic("fenced");
    cluster_produce_all("fenced", 0, 10);
    member->options.instance_id.text = "twin";
    member_join(member, "fenced");
    CU_ASSERT(member_run(member, 40));
    rd_kafka_mock_push_request_errors(cluster, HEARTBEAT, 1, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    until_ms = clock_ms() + PATIENCE_MS;
    while (member_turn(member) && clock_ms() < until_ms)
        continue;
    CU_ASSERT_PTR_NOT_NULL(strstr(member->reason, "kafka: FENCED_INSTANCE_ID: "));
    member_free(member); /* at once, as a worker does it that cannot go on */
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_revoked_partition_waits_for_its_answers_before_it_goes),
        TEST(a_revoked_partition_goes_without_answers_when_its_time_is_over),
        TEST(a_lost_assignment_commits_nothing_and_is_read_again),
        TEST(a_late_answer_of_a_former_assignment_finishes_nothing),
        TEST(a_member_that_is_still_joining_stops_at_once),
        TEST(a_member_that_another_has_replaced_cannot_go_on),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("source_group", tests);
    cluster_end();
    return status;
}
