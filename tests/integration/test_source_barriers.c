/* test_source_barriers.c: commits stay behind what is known to be safe. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "member_fixture.h"

enum { SETTLE_MS = 400 /* four commit intervals */, PATIENCE_MS = 60000 };

static void expect_committed(const char *name, int64_t offset)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed(name, name, i), offset);
}

/* A member of the group and topic @p name that has taken the records numbered below 100. */
static struct member *open_member(const char *name, unsigned barriers)
{
    struct member *member = member_new(name);

    cluster_topic(name);
    cluster_produce_all(name, 0, 100);
    member->barriers = barriers;
    member_join(member, name);
    CU_ASSERT_FATAL(member_run(member, 4 * 100));
    return member;
}

/* What is not confirmed is waited for in vain. */
static void close_member(struct member *member)
{
    member_stop_within(member, 1000);
    member_free(member);
}

static void answers_alone_are_not_committed(void)
{
    struct member *member = open_member("barrier", 1);

    member_idle(member, SETTLE_MS);
    expect_committed("barrier", -1001);
    CU_ASSERT_TRUE(source_mark(member->source, 0));
    cluster_produce_all("barrier", 100, 150);
    CU_ASSERT(member_run(member, 4 * 150));
    source_mark_reached(member->source, 0);
    CU_ASSERT_TRUE(member_commits_come(member, "barrier", 100));
    member_idle(member, SETTLE_MS);
    expect_committed("barrier", 100); /* what came behind the mark does not count */
    CU_ASSERT_TRUE(source_mark(member->source, 0));
    source_mark_reached(member->source, 0);
    CU_ASSERT_TRUE(member_commits_come(member, "barrier", 150));
    CU_ASSERT_FALSE(source_mark(member->source, 0));
    close_member(member);
}

static void every_barrier_must_be_passed(void)
{
    struct member *member = open_member("barriers", 2);

    source_mark(member->source, 0);
    source_mark(member->source, 1);
    source_mark_reached(member->source, 0);
    member_idle(member, SETTLE_MS);
    expect_committed("barriers", -1001);
    source_mark_reached(member->source, 1);
    CU_ASSERT_TRUE(member_commits_come(member, "barriers", 100));
    close_member(member);
}

static void a_topic_that_passes_no_barrier_is_committed_as_ever(void)
{
    struct member *member = open_member("free", 1);

    CU_ASSERT_FALSE(source_mark(member->source, 0));
    CU_ASSERT_TRUE(member_commits_come(member, "free", 100));
    close_member(member);
}

static void a_mark_of_a_former_assignment_reaches_nothing(void)
{
    struct member *member = open_member("former", 1), *other = member_new("former");
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    member->options.drain_timeout = 100;
    source_mark(member->source, 0);
    member_join(other, "former");
    while (member->gone < CLUSTER_PARTITIONS && clock_ms() < until_ms) {
        member_turn(member);
        member_turn(other);
    }
    CU_ASSERT_EQUAL(member->gone, CLUSTER_PARTITIONS);
    while (member->taken + other->taken < 2 * 4 * 100 && clock_ms() < until_ms) {
        member_turn(member);
        member_turn(other);
    }
    CU_ASSERT_TRUE(member->taken + other->taken >= 2 * 4 * 100); /* the mock may rebalance twice */
    source_mark_reached(member->source, 0);
    member_idle(member, SETTLE_MS);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (member->seen[i][0] >= 2) /* ours again, from the beginning */
            CU_ASSERT_EQUAL(cluster_committed("former", "former", i), -1001);
    close_member(other);
    close_member(member);
}

/* --- rewinding -------------------------------------------------------------------------------- */

/* Every record from @p from to @p to was taken so often. */
static void expect_seen(const struct member *member, int from, int to, unsigned times)
{
    unsigned wrong = 0;

    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        for (int number = from; number < to; number++)
            wrong += member->seen[i][number] != times;
    CU_ASSERT_EQUAL(wrong, 0);
}

static void what_is_not_confirmed_is_read_again_from_there(void)
{
    struct member *member = open_member("rewind", 1);

    source_mark(member->source, 0);
    source_mark_reached(member->source, 0);
    cluster_produce_all("rewind", 100, 5000);
    CU_ASSERT(member_run(member, 4 * 1500)); /* in mid-flow, with more of them read ahead */
    source_rewind(member->source, 0);
    CU_ASSERT_TRUE(member->gone > 0);
    member->gone = 0;
    memset(member->seen, 0, sizeof(member->seen));
    member->taken = 0;
    CU_ASSERT(member_run(member, 4 * 4900));
    expect_seen(member, 0, 100, 0);
    expect_seen(member, 100, 5000, 1);
    CU_ASSERT_FALSE(member->disorder);
    source_mark(member->source, 0);
    source_mark_reached(member->source, 0);
    CU_ASSERT_TRUE(member_commits_come(member, "rewind", 5000));
    CU_ASSERT_EQUAL(member->gone, 0);
    close_member(member);
}

static void without_a_mark_the_assignment_is_read_again_as_a_whole(void)
{
    struct member *member = open_member("whole", 1);

    source_rewind(member->source, 0);
    CU_ASSERT(member_run(member, 2 * 4 * 100));
    expect_seen(member, 0, 100, 2);
    source_rewind(member->source, 0);
    CU_ASSERT(member_run(member, 3 * 4 * 100));
    expect_seen(member, 0, 100, 3);
    close_member(member);
}

static void a_mark_under_way_reaches_nothing_once_all_is_read_again(void)
{
    struct member *member = open_member("under", 1);

    source_mark(member->source, 0);
    source_rewind(member->source, 0);
    source_mark_reached(member->source, 0);
    CU_ASSERT(member_run(member, 2 * 4 * 100));
    member_idle(member, SETTLE_MS);
    expect_committed("under", -1001);
    close_member(member);
}

static void a_confirmed_partition_is_not_read_again(void)
{
    struct member *member = open_member("calm", 1);

    source_mark(member->source, 0);
    source_mark_reached(member->source, 0);
    source_rewind(member->source, 0);
    CU_ASSERT_EQUAL(member->gone, 0);
    member_idle(member, SETTLE_MS);
    expect_seen(member, 0, 100, 1);
    close_member(member);
}

static bool all_are_seen(struct member *member)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (!member->seen[i][99])
            return false;
    return true;
}

static bool one_is_held(struct member *member)
{
    return member_held(member) > 0;
}

static void a_held_partition_is_read_again_too(void)
{
    struct member *member = member_new("held");

    cluster_topic("held");
    cluster_produce_all("held", 0, 100);
    member->barriers = 1;
    member->holds = 50;
    member->hold = HOLD_RECORD;
    member_join(member, "held");
    CU_ASSERT_TRUE(member_until(member, one_is_held));
    member->holds = -1;
    source_rewind(member->source, 0);
    CU_ASSERT_EQUAL(member_held(member), 0);
    CU_ASSERT_TRUE(member_until(member, all_are_seen));
    CU_ASSERT_FALSE(member->disorder);
    close_member(member);
}

/* --- the bound -------------------------------------------------------------------------------- */

/* What is held is confirmed. */
static bool all_9000_are_taken(struct member *member)
{
    if (member_held(member) && source_mark(member->source, 0)) {
        CU_ASSERT_FALSE(source_mark_is_urgent(member->source, 0));
        source_mark_reached(member->source, 0);
    }
    return member->taken == 9000;
}

static void too_much_unconfirmed_is_urgent_and_then_holds_the_partition(void)
{
    struct member *member = member_new("bound");

    cluster_topic("bound");
    cluster_produce("bound", 2, 0, 400);
    member->barriers = 1;
    member->options.unconfirmed_records = 1000;
    member_join(member, "bound");
    CU_ASSERT(member_run(member, 400));
    CU_ASSERT_FALSE(source_mark_is_urgent(member->source, 0));
    cluster_produce("bound", 2, 400, 700);
    CU_ASSERT(member_run(member, 700));
    CU_ASSERT_TRUE(source_mark_is_urgent(member->source, 0));
    cluster_produce("bound", 2, 700, 9000);
    CU_ASSERT_TRUE(member_until(member, one_is_held));
    member_idle(member, SETTLE_MS);
    CU_ASSERT_TRUE(member->taken <= 1000 + BATCH_RECORDS);
    ASSERT_TEXT(strchr(member->reason, ' '), " records are written and not confirmed");
    CU_ASSERT_TRUE(member_until(member, all_9000_are_taken));
    for (int number = 0; number < 9000; number++)
        if (member->seen[2][number] != 1)
            CU_FAIL("a hold for the bound repeats nothing that was answered");
    close_member(member);
}

static bool all_3000_are_taken(struct member *member)
{
    if (source_mark(member->source, 0))
        source_mark_reached(member->source, 0);
    return member->taken == 3000;
}

/* As one gap between two offsets may be: what was taken is put before the partition is held. */
static void a_bound_smaller_than_a_batch_lets_batches_through(void)
{
    struct member *member = member_new("small");

    cluster_topic("small");
    cluster_produce("small", 1, 0, 3000);
    cluster_commit("small", "small", 1, 0);
    member->barriers = 1;
    member->options.unconfirmed_records = 1;
    member_join(member, "small");
    CU_ASSERT_TRUE(member_until(member, all_3000_are_taken));
    CU_ASSERT_FALSE(member->disorder);
    close_member(member);
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool mark_is_urgent(struct member *member)
{
    return source_mark_is_urgent(member->source, 0);
}

static void a_stop_waits_for_a_mark_that_covers_what_was_answered(void)
{
    struct member *member = open_member("stop", 1);
    int64_t from_ms = clock_ms();

    CU_ASSERT_FALSE(source_mark_is_urgent(member->source, 0));
    source_stop(member->source, from_ms + MEMBER_STOP_MS);
    member_idle(member, 300);
    CU_ASSERT_TRUE(member_until(member, mark_is_urgent));
    CU_ASSERT_FALSE(source_is_stopped(member->source));
    source_mark(member->source, 0);
    source_mark_reached(member->source, 0);
    while (!source_is_stopped(member->source))
        member_turn(member);
    CU_ASSERT_TRUE(clock_ms() - from_ms < AT_ONCE_MS);
    CU_ASSERT_EQUAL(source_left(member->source), 0);
    expect_committed("stop", 100);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(answers_alone_are_not_committed),
        TEST(every_barrier_must_be_passed),
        TEST(a_topic_that_passes_no_barrier_is_committed_as_ever),
        TEST(a_mark_of_a_former_assignment_reaches_nothing),
        TEST(what_is_not_confirmed_is_read_again_from_there),
        TEST(without_a_mark_the_assignment_is_read_again_as_a_whole),
        TEST(a_mark_under_way_reaches_nothing_once_all_is_read_again),
        TEST(a_confirmed_partition_is_not_read_again),
        TEST(a_held_partition_is_read_again_too),
        TEST(too_much_unconfirmed_is_urgent_and_then_holds_the_partition),
        TEST(a_bound_smaller_than_a_batch_lets_batches_through),
        TEST(a_stop_waits_for_a_mark_that_covers_what_was_answered),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("source_barriers", tests);
    cluster_end();
    return status;
}
