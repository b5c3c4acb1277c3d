/* test_partition.c: the life of one partition, and the reasons that hold it. */
#include "suite.h"

#include "base/log.h"
#include "kafka/source_state.h"
#include "metrics/metrics.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A source whose librdkafka knows no broker, and its one partition, which passes one barrier. */
static struct source source;
static struct source_partition *partition;
static struct conf_source options = {.unconfirmed_records = 3};
static unsigned gone;
static bool paused, settled;

static void *topic_routes(void *context, const char *topic)
{
    (void)topic;
    return context;
}

static void partition_gone(void *context, struct source_partition *which)
{
    (void)context, (void)which;
    gone++;
}

static bool partition_paused(void *context, const struct source_partition *which)
{
    (void)context, (void)which;
    return paused;
}

static bool partition_settled(void *context, const struct source_partition *which)
{
    (void)context, (void)which;
    return settled;
}

static bool every_topic_has(void *context, const void *routes, unsigned barrier)
{
    (void)context, (void)routes, (void)barrier;
    return true;
}

static void open_source(void)
{
    static const struct metrics_shape shape = {.workers = 1, .librdkafka = "", .hiredis = ""};
    static struct metrics *metrics;

    if (!metrics)
        metrics = metrics_new(&shape);
    source = (struct source){.options = &options,
                             .metrics = metrics_worker(metrics, 0),
                             .wake_fd = -1,
                             .now_ms = 1000,
                             .events = {.topic = topic_routes,
                                        .gone = partition_gone,
                                        .is_paused = partition_paused,
                                        .is_settled = partition_settled}};
    paused = false;
    settled = true;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    source.kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    source.taken = calloc(BATCH_RECORDS, sizeof(*source.taken));
    fetching_open(&source);
    source_set_barriers(&source, &(struct source_barriers){.count = 1, .has = every_topic_has});
    partition = partitions_get(&source, "topic", 0);
    gone = 0;
}

static void close_source(void)
{
    fetching_close(&source);
    rd_kafka_destroy(source.kafka);
    partitions_free(&source);
    free(source.barriers.urgent);
    free(source.taken);
}

/* Assigned, and Kafka is being asked. */
static void ask(void)
{
    open_source();
    partition_take(partition);
    partition_step(partition, EVENT_CLAIM_ASKED);
    partition_step(partition, EVENT_CLAIM_SETTLED);
    partition_step(partition, EVENT_ASKED);
}

/* The same, and it is read from @p offset on. */
static void start(int64_t offset)
{
    ask();
    partition_place(partition, offset, WITNESS_NONE);
}

/* A record that was taken and is answered. */
static void answer(int64_t offset)
{
    source_finish(source_begin(partition, &(struct record){.offset = offset}));
    partition->position = offset + 1;
}

static void fill(void)
{
    for (int64_t offset = 10; offset < 13; offset++)
        answer(offset);
    barriers_check(partition, 13);
    barriers_hold(&source);
}

/* --- reasons to hold ---------------------------------------------------------------------------
 */

static void hold_for_sink(void)
{
    source_hold(partition, HOLD_SINK, "sink live: Connection refused");
}

static const char *reason(void)
{
    return held_why(&partition->held)->text;
}

static void a_confirmation_does_not_release_what_its_sink_holds(void)
{
    start(10);
    fill();
    hold_for_sink();
    CU_ASSERT_TRUE(source_mark(&source, 0));
    source_mark_reached(&source, 0);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    CU_ASSERT_EQUAL(gone, 0);
    close_source();
}

static void a_sink_that_is_back_does_not_release_what_is_unconfirmed(void)
{
    start(10);
    fill();
    hold_for_sink();
    source_release(partition, HOLD_SINK);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    ASSERT_TEXT(reason(), "3 records are written and not confirmed");
    CU_ASSERT_EQUAL(gone, 0);
    close_source();
}

static void a_partition_flows_once_its_last_reason_is_gone(void)
{
    start(10);
    fill();
    hold_for_sink();
    source_mark(&source, 0);
    source_mark_reached(&source, 0);
    source_release(partition, HOLD_SINK);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    CU_ASSERT_EQUAL(partition->position, 13);
    CU_ASSERT_EQUAL(gone, 1);
    close_source();
}

/* Nothing above a refused record is ever confirmed: only reading it again helps. */
static void a_refused_record_leaves_nothing_to_wait_for_but_its_own_hold(void)
{
    start(9);
    source_mark(&source, 0);
    source_mark_reached(&source, 0);
    source_give_up(source_begin(partition, &(struct record){.offset = 9}));
    fill();
    hold_for_sink();
    CU_ASSERT_FALSE(source_mark(&source, 0));
    barriers_hold(&source);
    source_release(partition, HOLD_SINK);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    close_source();
}

static void the_first_record_that_failed_is_shown_before_all_else(void)
{
    start(10);
    hold_for_sink();
    source_hold_for(
        partition, HOLD_RECORD,
        &(struct source_reason){.route = "rides", .offset = 11, .text = "missing field"});
    source_hold(partition, HOLD_RECORD, "another one");
    hold_for_sink();
    ASSERT_TEXT(reason(), "offset 11: route rides: missing field");
    source_release(partition, HOLD_SINK);
    ASSERT_TEXT(reason(), "offset 11: route rides: missing field");
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    close_source();
}

static void a_reason_that_does_not_hold_it_releases_nothing(void)
{
    start(10);
    source_release(partition, HOLD_SINK);
    hold_for_sink();
    source_release(partition, HOLD_OVERSIZE);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    CU_ASSERT_EQUAL(gone, 0);
    close_source();
}

static void a_new_start_forgets_every_reason(void)
{
    start(10);
    hold_for_sink();
    source_hold(partition, HOLD_RECORD, "missing field");
    partition_displace(partition);
    CU_ASSERT_EQUAL(partition->state, PARTITION_UNPLACED);
    CU_ASSERT_EQUAL(partition->held.reasons, 0);
    close_source();
}

/* --- what the operator asks ---------------------------------------------------------------------
 */

static void pause_all(bool wanted)
{
    paused = wanted;
    partition->fetching.active = true;
    source_pauses_changed(&source);
}

static void a_paused_partition_flows_again_behind_what_was_answered(void)
{
    start(10);
    answer(10);
    pause_all(true);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    ASSERT_TEXT(reason(), "paused by the operator");
    pause_all(false);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    CU_ASSERT_EQUAL(partition->position, 11);
    close_source();
}

/* Else they would be written twice. */
static void a_pause_ends_once_the_records_in_flight_are_answered(void)
{
    start(10);
    struct source_ticket ticket = source_begin(partition, &(struct record){.offset = 10});
    pause_all(true);
    pause_all(false);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    source_finish(ticket);
    settled = false;
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    settled = true;
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    CU_ASSERT_EQUAL(partition->position, 11);
    close_source();
}

static void a_pause_that_comes_back_before_the_last_answer_stays(void)
{
    start(10);
    struct source_ticket ticket = source_begin(partition, &(struct record){.offset = 10});
    pause_all(true);
    pause_all(false);
    pause_all(true);
    source_finish(ticket);
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    close_source();
}

static void a_pause_is_the_only_reason_that_a_new_start_keeps(void)
{
    start(10);
    pause_all(true);
    hold_for_sink();
    partition_displace(partition);
    partition_step(partition, EVENT_ASKED);
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_ASKING); /* its lag is to be known */
    partition_place(partition, 10, WITNESS_NONE);
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    CU_ASSERT_EQUAL(partition->held.reasons, 1 << HOLD_OPERATOR);
    close_source();
}

static void a_partition_that_comes_back_is_paused_before_it_flows(void)
{
    start(10);
    paused = true;
    partition_lose(partition);
    partition_take(partition);
    CU_ASSERT_TRUE(source_is_paused(partition));
    CU_ASSERT_TRUE(source.steered);
    close_source();
}

static void a_pause_and_a_record_error_end_one_by_one(void)
{
    start(10);
    pause_all(true);
    source_hold_for(
        partition, HOLD_RECORD,
        &(struct source_reason){.route = "rides", .offset = 11, .text = "missing field"});
    ASSERT_TEXT(reason(), "offset 11: route rides: missing field");
    source_retry(partition, HOLD_RECORD);
    steered_turn(&source);
    ASSERT_TEXT(reason(), "paused by the operator");
    CU_ASSERT_EQUAL(partition->state, PARTITION_HELD);
    pause_all(false);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    close_source();
}

static void a_position_that_means_nothing_is_asked_for_again_at_a_retry(void)
{
    start(10);
    answer(10);
    source_give_up(source_begin(partition, &(struct record){.offset = 11}));
    source_hold(partition, HOLD_RECORD, "offset 11 is out of range");
    partition_misplace(partition);
    source_retry(partition, HOLD_RECORD);
    steered_turn(&source);
    CU_ASSERT_EQUAL(partition->state, PARTITION_UNPLACED);
    CU_ASSERT_EQUAL(tracker_inflight(partition->tracker), 0);
    CU_ASSERT_EQUAL(partition->position, 11);
    close_source();
}

static void a_route_skips_one_record_and_only_while_the_partition_is_ours(void)
{
    start(10);
    CU_ASSERT_FALSE(source_skips(partition, 10, "rides"));
    source_skip(partition, 10, "rides");
    CU_ASSERT_TRUE(source_skips(partition, 10, "rides"));
    CU_ASSERT_FALSE(source_skips(partition, 10, "cars"));
    CU_ASSERT_FALSE(source_skips(partition, 11, "rides"));
    partition_take(partition);
    CU_ASSERT_FALSE(source_skips(partition, 10, "rides"));
    close_source();
}

/* --- states ------------------------------------------------------------------------------------
 */

static void a_partition_that_was_never_read_starts_again_when_it_is_released(void)
{
    ask();
    hold_for_sink();
    source_release(partition, HOLD_SINK);
    CU_ASSERT_EQUAL(partition->state, PARTITION_UNPLACED);
    close_source();
}

static void a_claimed_partition_is_claimed_anew_when_it_is_released(void)
{
    start(10);
    partition->claimed = true;
    hold_for_sink();
    source_release(partition, HOLD_SINK);
    CU_ASSERT_EQUAL(partition->state, PARTITION_UNCLAIMED);
    CU_ASSERT_PTR_NULL(partition->tracker);
    CU_ASSERT_EQUAL(gone, 1);
    close_source();
}

static void what_is_lost_is_read_again_even_behind_a_bad_record(void)
{
    start(10);
    answer(10);
    source_hold(partition, HOLD_RECORD, "missing field");
    source_rewind(&source, 0);
    CU_ASSERT_EQUAL(partition->state, PARTITION_FLOWING);
    CU_ASSERT_EQUAL(partition->position, 10);
    close_source();
}

static void an_answer_does_not_count_once_all_is_read_again(void)
{
    start(10);
    answer(10);
    partition_misplace(partition);
    partition_step(partition, EVENT_ASKED);
    uint32_t generation = partition->generation;
    source_rewind(&source, 0);
    CU_ASSERT_EQUAL(partition->state, PARTITION_UNPLACED);
    CU_ASSERT_NOT_EQUAL(partition->generation, generation);
    CU_ASSERT_EQUAL(partition->position, 10);
    close_source();
}

static void a_revoked_partition_stays_so_when_what_it_answered_is_lost(void)
{
    start(10);
    answer(10);
    partition_step(partition, EVENT_REVOKED);
    source_rewind(&source, 0);
    CU_ASSERT_EQUAL(partition->state, PARTITION_REVOKED);
    CU_ASSERT_TRUE(partition_is_drained(partition));
    close_source();
}

static void what_may_not_happen_in_a_state_ends_the_process(void)
{
    int status = 0;

    open_source();
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        close(STDERR_FILENO);
        partition_place(partition, 10, WITNESS_NONE); /* it is not ours */
        _exit(0);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    close_source();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_confirmation_does_not_release_what_its_sink_holds),
        TEST(a_sink_that_is_back_does_not_release_what_is_unconfirmed),
        TEST(a_partition_flows_once_its_last_reason_is_gone),
        TEST(a_refused_record_leaves_nothing_to_wait_for_but_its_own_hold),
        TEST(the_first_record_that_failed_is_shown_before_all_else),
        TEST(a_reason_that_does_not_hold_it_releases_nothing),
        TEST(a_new_start_forgets_every_reason),
        TEST(a_paused_partition_flows_again_behind_what_was_answered),
        TEST(a_pause_ends_once_the_records_in_flight_are_answered),
        TEST(a_pause_that_comes_back_before_the_last_answer_stays),
        TEST(a_pause_is_the_only_reason_that_a_new_start_keeps),
        TEST(a_partition_that_comes_back_is_paused_before_it_flows),
        TEST(a_pause_and_a_record_error_end_one_by_one),
        TEST(a_position_that_means_nothing_is_asked_for_again_at_a_retry),
        TEST(a_route_skips_one_record_and_only_while_the_partition_is_ours),
        TEST(a_partition_that_was_never_read_starts_again_when_it_is_released),
        TEST(a_claimed_partition_is_claimed_anew_when_it_is_released),
        TEST(what_is_lost_is_read_again_even_behind_a_bad_record),
        TEST(an_answer_does_not_count_once_all_is_read_again),
        TEST(a_revoked_partition_stays_so_when_what_it_answered_is_lost),
        TEST(what_may_not_happen_in_a_state_ends_the_process),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("partition", tests);
}
