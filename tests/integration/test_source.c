/* test_source.c: one member of a group alone, against librdkafka's mock cluster. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "member_fixture.h"

#include <stdatomic.h>
#include <unistd.h>

static void every_record_is_taken_once_in_order_and_committed_at_the_stop(void)
{
    struct member *member = member_new("once");

    cluster_topic("once");
    cluster_produce_all("once", 0, 500);
    member_join(member, "once");
    CU_ASSERT(member_run(member, 4 * 500));
    CU_ASSERT_FALSE(member->disorder);
    CU_ASSERT_TRUE(member_stop(member) < AT_ONCE_MS);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++) {
        CU_ASSERT_EQUAL(cluster_committed("once", "once", i), 500);
        CU_ASSERT_EQUAL(member->seen[i][499], 1);
    }
    member_free(member);
}

static void a_restart_goes_on_where_it_stopped(void)
{
    struct member *member = member_new("once");

    cluster_produce_all("once", 500, 600);
    member_join(member, "once");
    CU_ASSERT(member_run(member, 4 * 100));
    CU_ASSERT_EQUAL(member->seen[0][499], 0);
    CU_ASSERT_EQUAL(member->seen[0][500], 1);
    member_stop(member);
    member_free(member);
}

static void what_is_not_finished_is_not_committed(void)
{
    struct member *member = member_new("unfinished");

    cluster_topic("unfinished");
    cluster_produce_all("unfinished", 0, 10);
    member->finishes = false;
    member_join(member, "unfinished");
    CU_ASSERT(member_run(member, 4 * 10));
    for (size_t i = 1; i < member->ticket_count; i++) /* all but the first of one partition */
        if (member->tickets[i].partition == member->tickets[0].partition)
            source_finish(member->tickets[i]);
    CU_ASSERT_EQUAL(source_inflight(member->source), 31);
    CU_ASSERT_TRUE(member_commits_come(member, "unfinished", 0));
    member_idle(member, 300);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_EQUAL(cluster_committed("unfinished", "unfinished", i), 0);
    for (size_t i = 0; i < member->ticket_count; i++)
        if (i == 0 || member->tickets[i].partition != member->tickets[0].partition)
            source_finish(member->tickets[i]);
    CU_ASSERT_TRUE(member_commits_come(member, "unfinished", 10));
    member_stop(member);
    member_free(member);
}

static int64_t committed_of_all(const char *topic)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        sum += cluster_committed(topic, topic, i);
    return sum;
}

static bool has_committed(struct member *member)
{
    return member->counts->source.commits[COMMIT_OK] > 0;
}

static void a_windows_worth_of_records_is_committed_before_it_is_time(void)
{
    struct member *member = member_new("number");

    member->options.commit_interval = 60000;
    cluster_topic("number");
    cluster_produce_all("number", 0, 500);
    member_join(member, "number");
    CU_ASSERT(member_run(member, 4 * 500));
    member_idle(member, 300);
    CU_ASSERT_TRUE(committed_of_all("number") <= 0); /* 2000 are not enough */
    cluster_produce_all("number", 500, 550);
    CU_ASSERT(member_run(member, 4 * 550));
    CU_ASSERT_TRUE(member_until(member, has_committed));
    member_idle(member, 300);
    CU_ASSERT_TRUE(committed_of_all("number") >= 2048);
    CU_ASSERT_EQUAL(member->counts->source.commits[COMMIT_OK], 1);
    member_stop(member);
    member_free(member);
}

static bool all_is_shown(struct member *member)
{
    return atomic_load(&member_gauges(member, "gauges", 2)->consumed_records) == 10 &&
           atomic_load(&member_gauges(member, "gauges", 2)->end_offset) == 10 &&
           atomic_load(&member_gauges(member, "gauges", 1)->end_offset) == 0;
}

static bool all_is_committed(struct member *member)
{
    return atomic_load(&member_gauges(member, "gauges", 2)->committed_offset) == 10;
}

static void the_gauges_follow_the_partition(void)
{
    struct member *member = member_new("gauges");
    struct partition_gauges *gauges;

    cluster_topic("gauges");
    cluster_produce("gauges", 2, 0, 10);
    member->finishes = false;
    member_join(member, "gauges");
    CU_ASSERT(member_run(member, 10));
    CU_ASSERT_TRUE(member_until(member, all_is_shown));
    gauges = member_gauges(member, "gauges", 2);
    CU_ASSERT_TRUE(atomic_load(&gauges->assigned));
    CU_ASSERT_EQUAL(atomic_load(&gauges->position_offset), 10);
    CU_ASSERT_EQUAL(atomic_load(&gauges->acked_offset), 0);
    CU_ASSERT_TRUE(atomic_load(&gauges->oldest_ms) > 1600000000000);
    member_finish_all(member);
    CU_ASSERT_TRUE(member_until(member, all_is_committed));
    CU_ASSERT_EQUAL(atomic_load(&gauges->acked_offset), 10);
    CU_ASSERT_EQUAL(atomic_load(&gauges->oldest_ms), -1);
    /* A partition without a record has a place too, and so no lag. */
    gauges = member_gauges(member, "gauges", 1);
    CU_ASSERT_EQUAL(atomic_load(&gauges->acked_offset), 0);
    CU_ASSERT_EQUAL(atomic_load(&gauges->end_offset), 0);
    member_stop(member);
    member_free(member);
}

static void a_queue_that_was_full_is_filled_again_as_soon_as_it_runs_empty(void)
{
    struct member *member = member_new("kicked");
    struct conf_property small[] = {
        {.name = (char[]){"queued.min.messages"}, .value.text = "500"},
        {.name = (char[]){"fetch.message.max.bytes"}, .value.text = "2000"},
    };
    int64_t from_ms;

    cluster_topic("kicked");
    for (int i = 0; i < 40; i++) /* the mock gives one batch for a request */
        cluster_produce("kicked", 0, i * 400, (i + 1) * 400);
    member->options.librdkafka.items = small;
    member->options.librdkafka.count = 2;
    member_join(member, "kicked");
    CU_ASSERT(member_run(member, 1));
    from_ms = clock_ms();
    while (member->taken < 16000 && clock_ms() - from_ms < 15000) {
        member_turn(member);
        usleep(20000); /* so that it is full in between */
    }
    CU_ASSERT_EQUAL(member->taken, 16000);
    CU_ASSERT_TRUE(clock_ms() - from_ms < 5000); /* each time a second without the kick */
    member_stop(member);
    member_free(member);
}

/* --- holds ----------------------------------------------------------------------------------- */

static void a_held_partition_stops_and_the_others_flow(void)
{
    struct member *member = member_new("held");

    cluster_topic("held");
    cluster_produce_all("held", 0, 10);
    member->hold = HOLD_RECORD;
    member_join(member, "held");
    CU_ASSERT(member_run(member, 4 * 10)); /* nobody is bad yet */
    member->holds = 13;
    cluster_produce("held", 3, 10, 20);
    CU_ASSERT(member_run(member, 40 + 4));
    member_idle(member, 200);
    cluster_produce_all("held", 20, 30);
    CU_ASSERT(member_run(member, 44 + 30));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 74);
    CU_ASSERT_EQUAL(member->seen[3][14], 0);
    CU_ASSERT_EQUAL(member_held(member), 1);
    ASSERT_TEXT(member->reason, "this record is bad");
    CU_ASSERT_TRUE(member_committed_comes(member, "held", 0, 20));
    CU_ASSERT_TRUE(member_committed_comes(member, "held", 3, 13));
    CU_ASSERT_TRUE(member_stop(member) < AT_ONCE_MS); /* nobody waits for the bad one */
    CU_ASSERT_EQUAL(cluster_committed("held", "held", 3), 13);
    member_free(member);
}

static void a_released_partition_is_read_again_from_its_oldest_unfinished_record(void)
{
    struct member *member = member_new("released");

    cluster_topic("released");
    cluster_produce_all("released", 0, 100);
    member->hold = HOLD_SINK;
    member->holds = 50;
    member_join(member, "released");
    CU_ASSERT(member_held_comes(member, 4));
    member->holds = -1;
    source_release(member->held, HOLD_SINK);
    CU_ASSERT_EQUAL(member_held(member), 3);
    CU_ASSERT_EQUAL(member->gone, 1);
    CU_ASSERT(member_run(member, 4 * 51 + 50));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 4 * 51 + 50);
    CU_ASSERT_FALSE(member->disorder);
    CU_ASSERT_EQUAL(member->seen[source_partition_number(member->held)][49], 1);
    CU_ASSERT_EQUAL(member->seen[source_partition_number(member->held)][50], 2);
    CU_ASSERT_TRUE(
        member_committed_comes(member, "released", source_partition_number(member->held), 100));
    member_stop_within(member, 1000); /* the others are held */
    member_free(member);
}

/* --- where a partition starts ---------------------------------------------------------------- */

static void start_latest_begins_at_the_end_and_says_so_to_the_group(void)
{
    struct member *member = member_new("latest");

    cluster_topic("latest");
    cluster_produce_all("latest", 0, 10);
    member->options.start.kind = START_LATEST;
    member_join(member, "latest");
    /* What is written from now on is not lost even if nothing was taken before a stop. */
    CU_ASSERT_TRUE(member_commits_come(member, "latest", 10));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 0);
    cluster_produce_all("latest", 10, 12);
    CU_ASSERT(member_run(member, 8));
    CU_ASSERT_EQUAL(member->seen[0][10], 1);
    member_stop(member);
    member_free(member);
}

static void start_error_holds_what_the_group_has_not_committed(void)
{
    struct member *member = member_new("strict");

    cluster_topic("strict");
    cluster_produce_all("strict", 0, 10);
    cluster_commit("strict", "strict", 2, 4);
    member->options.start.kind = START_ERROR;
    member_join(member, "strict");
    CU_ASSERT(member_run(member, 6));
    CU_ASSERT(member_held_comes(member, 3));
    member_idle(member, 200);
    CU_ASSERT_EQUAL(member->taken, 6);
    ASSERT_TEXT(member->reason, "the group has no committed offset here, and start = \"error\"");
    member_stop(member);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_record_is_taken_once_in_order_and_committed_at_the_stop),
        TEST(a_restart_goes_on_where_it_stopped),
        TEST(what_is_not_finished_is_not_committed),
        TEST(a_windows_worth_of_records_is_committed_before_it_is_time),
        TEST(the_gauges_follow_the_partition),
        TEST(a_queue_that_was_full_is_filled_again_as_soon_as_it_runs_empty),
        TEST(a_held_partition_stops_and_the_others_flow),
        TEST(a_released_partition_is_read_again_from_its_oldest_unfinished_record),
        TEST(start_latest_begins_at_the_end_and_says_so_to_the_group),
        TEST(start_error_holds_what_the_group_has_not_committed),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("source", tests);
    cluster_end();
    return status;
}
