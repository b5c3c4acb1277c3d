/* test_lane_refusals.c: what a lane makes of errors, at whatever step of a transaction. */
#include "lane_fixture.h"

static void an_element_that_failed_is_its_records_alone(void)
{
    open_sent();
    hear(QUEUED QUEUED
         "*2\r\n-ERR value is not an integer or out of range\r\n:8\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 reject: ERR value is not an integer or out of range");
    ASSERT_TEXT(says(), "");
    close_lane();
}

/* What is no error is judged by its command, there as anywhere. */
static void an_element_that_says_that_nothing_was_written_is_an_error(void)
{
    static const struct slice set[] = {
        {"JSON.SET", 8}, {"doc", 3}, {"$.a.b", 5}, {"1", 1}, {"NX", 2}};
    struct unit_record record = {0, 7, {true, 0, 4, SIZE_MAX}};

    open_owned();
    claim_begin(claims[0], &record);
    claim_put(claims[0], set, 4, command_find(set[0]), 5);
    claim_put(claims[0], set, 5, command_find(set[0]), 6);
    claim_commit(claims[0]);
    session->ops->turn(session);
    says();
    hear(QUEUED QUEUED QUEUED "*3\r\n$-1\r\n$-1\r\n:8\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 reject: JSON.SET answered nil: nothing was written, because "
                        "nothing exists where the path begins, done 6");
    close_lane();
}

static void a_kept_record_is_written_down_before_anything_else(void)
{
    open_owned();
    verdict = UNITS_KEEP;
    put_two(claims[0], 0, 5);
    says();
    put(claims[0], 1, 7);
    hear(QUEUED QUEUED QUEUED "*3\r\n:1\r\n-WRONGTYPE no\r\n:8\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "done 5, refused 6 reject: WRONGTYPE no");
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:1 / EXEC / " WATCH_0);
    hear(QUEUED "*1\r\n:1\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "3", "10:4:-1") " holes 0:1 / EXEC / " WATCH_0);
    hear(QUEUED QUEUED "*2\r\n:1\r\n:0\r\n" WATCHED(TOKEN));
    news();
    claim_mend(claims[0], 0);
    lane_tick(lane);
    lane_tick(lane);
    ASSERT_TEXT(says(), HSET("2", "2", "4", "10:4:-1") " holes  / EXEC / " WATCH_0);
    hear(QUEUED "*1\r\n:0\r\n" WATCHED(TOKEN));
    CU_ASSERT_TRUE(claim_is_settled(claims[0]));
    close_lane();
}

static void a_record_that_stops_drops_what_was_put_behind_it(void)
{
    open_sent();
    verdict = UNITS_STOP;
    put(claims[0], 1, 6);
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:8\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 reject: WRONGTYPE no, dropped 6");
    CU_ASSERT_FALSE(claim_has_room(claims[0]));
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:0 / EXEC / " WATCH_0);
    claim_drop(claims[0]); /* its gap is on the way */
    hear(QUEUED "*1\r\n:1\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "");
    CU_ASSERT_EQUAL(lane_claims(lane), 0);
    close_lane();
}

static void a_command_refused_at_queue_time_leaves_and_the_rest_is_sent_again(void)
{
    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear("-NOPERM no\r\n" QUEUED QUEUED ABORT WATCHED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 5 config: NOPERM no");
    ASSERT_TEXT(says(), "DECR m / " HSET("1", "0", "1", "0:4:-1") " / EXEC / " WATCH_0);
    close_lane();
}

static void a_kept_one_refused_at_queue_time_is_remembered_with_its_unit(void)
{
    open_owned();
    verdict = UNITS_KEEP;
    put_two(claims[0], 0, 5);
    says();
    hear(QUEUED "-NOPERM no\r\n" QUEUED ABORT WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 6 config: NOPERM no");
    ASSERT_TEXT(says(), "INCR n / " HSET("1", "0", "1", "0:4:-1") " holes 0:1 / EXEC / " WATCH_0);
    close_lane();
}

static void a_stop_at_queue_time_leaves_what_lies_before_it(void)
{
    open_owned();
    put(claims[0], 0, 4);
    says();
    put(claims[0], 1, 5);
    put_two(claims[0], 2, 6);
    put(claims[0], 3, 8);
    hear(CARRIED_OUT WATCHED(TOKEN));
    news();
    verdict = UNITS_STOP;
    says();
    hear(QUEUED QUEUED "-NOPERM no\r\n" QUEUED QUEUED ABORT WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 7 config: NOPERM no, dropped 6, dropped 8");
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "2", "10:4:-1") " / EXEC / " WATCH_0);
    CU_ASSERT_EQUAL(session->ops->inflight(session), 1);
    close_lane();
}

static uint64_t retried(void)
{
    size_t commands;

    command_all(&commands); /* INCR and DECR are put as commands without a row */
    return counters.commands[commands * RESULT_COUNT + RESULT_RETRIED];
}

static void what_is_sent_again_counts_as_retried(void)
{
    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear(QUEUED "-OOM no\r\n" QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_EQUAL(retried(), 2);
    session->ops->resume(session);
    says();
    hear(QUEUED QUEUED QUEUED "*-1\r\n" WATCHED(TOKEN));
    CU_ASSERT_EQUAL(retried(), 4);
    says();
    hear("-NOPERM no\r\n" QUEUED QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_EQUAL(retried(), 5);
    close_lane();
}

static void a_refusal_for_now_is_sent_again_as_it_was(void)
{
    open_sent();
    hear("-OOM command not allowed\r\n" QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES_SLOWLY);
    CU_ASSERT_PTR_NOT_NULL(strstr(session->trouble, "OOM"));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "");
    session->ops->resume(session);
    ASSERT_TEXT(says(), FIRST_BODY);
    hear(QUEUED QUEUED
         "-EXECABORT Transaction discarded because of: BUSY script\r\n" WATCHED(TOKEN));
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES);
    session->ops->resume(session);
    ASSERT_TEXT(says(), FIRST_BODY);
    CU_ASSERT_FALSE(session->ops->is_well(session));
    hear(CARRIED_OUT);
    CU_ASSERT_TRUE(session->ops->is_well(session));
    close_lane();
}

static void what_waits_too_long_is_given_up(void)
{
    struct session_command late;

    open_owned();
    put_two(claims[0], 0, 5);
    says();
    CU_ASSERT_FALSE(session->ops->retried(session, &late));
    hear(QUEUED "-OOM no\r\n" QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_TRUE(session->ops->retried(session, &late));
    CU_ASSERT_EQUAL(late.ticket, 6);
    session->ops->give_up(session, 70);
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 6 reject: OOM no: gave up after 70 ms");
    ASSERT_TEXT(says(), FIRST_BODY);
    hear(QUEUED QUEUED ABORT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_FALSE(sound); /* EXECABORT without a reason */
    close_lane();
}

/* How long Redis has said "later" goes by the command: its ticket may be that of its neighbours,
 * and of later records. */
static void each_command_that_waits_has_a_number_of_its_own(void)
{
    struct session_command first, same, second;

    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear("-OOM no\r\n" QUEUED QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_TRUE(session->ops->retried(session, &first));
    session->ops->resume(session);
    says();
    hear("-OOM no\r\n" QUEUED QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_TRUE(session->ops->retried(session, &same));
    CU_ASSERT_EQUAL(same.number, first.number);
    session->ops->give_up(session, 70);
    news();
    says();
    hear("-OOM no\r\n" QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_TRUE(session->ops->retried(session, &second));
    CU_ASSERT(second.number != first.number);
    close_lane();
}

static void an_arming_that_waits_too_long_gives_up_the_first_command(void)
{
    struct session_command late;

    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_TRUE(session->ops->retried(session, &late));
    CU_ASSERT_EQUAL(late.ticket, 6);
    claim_drop(claims[0]);
    CU_ASSERT_FALSE(session->ops->retried(session, &late));
    close_lane();
}

static void the_first_error_decides(void)
{
    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear("-LOADING wait\r\n-WRONGTYPE no\r\n" QUEUED ABORT WATCHED(TOKEN));
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES);
    ASSERT_TEXT(news(), "");
    close_lane();
}

static void what_the_server_repeats_of_a_command_is_hidden_at_queue_time_too(void)
{
    open_sent();
    hear("-ERR unknown command 'INCR', with args beginning with: 'hunter22' \r\n" QUEUED ABORT
             WATCHED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 config: ERR unknown command 'INCR', with args beginning with: "
                        "***");
    close_lane();
}

static void a_checkpoint_that_may_not_be_written_is_no_records_fault(void)
{
    open_sent();
    hear(QUEUED "-NOPERM this user has no permissions\r\n" ABORT WATCHED(TOKEN));
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES_SLOWLY);
    CU_ASSERT_PTR_NOT_NULL(strstr(session->trouble, "checkpoint: NOPERM"));
    ASSERT_TEXT(news(), "");
    session->ops->resume(session);
    ASSERT_TEXT(says(), FIRST_BODY);
    close_lane();
}

static void an_arming_that_is_refused_is_tried_again(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES);
    session->ops->resume(session);
    ASSERT_TEXT(says(), "DISCARD / " WATCH_0);
    hear(OK WATCHED(TOKEN));
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "INCR n"));
    close_lane();
}

static void a_multi_that_is_refused_lets_no_command_out(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "*1\r\n$18\r\n" TOKEN "\r\n-NOPERM multi\r\n");
    CU_ASSERT_EQUAL(session->pause, SESSION_RETRIES_SLOWLY);
    ASSERT_TEXT(says(), "");
    session->ops->resume(session);
    ASSERT_TEXT(says(), WATCH_0);
    close_lane();
}

static void a_checkpoint_that_failed_inside_a_transaction_ends_the_claim(void)
{
    open_sent();
    hear(QUEUED QUEUED "*2\r\n:1\r\n-WRONGTYPE no\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "done 5, first lost");
    close_lane();
}

int main(void)
{
    static const struct suite_test conversations[] = {
        TEST(an_element_that_failed_is_its_records_alone),
        TEST(an_element_that_says_that_nothing_was_written_is_an_error),
        TEST(a_kept_record_is_written_down_before_anything_else),
        TEST(a_record_that_stops_drops_what_was_put_behind_it),
        TEST(a_command_refused_at_queue_time_leaves_and_the_rest_is_sent_again),
        TEST(a_kept_one_refused_at_queue_time_is_remembered_with_its_unit),
        TEST(a_stop_at_queue_time_leaves_what_lies_before_it),
        TEST(what_is_sent_again_counts_as_retried),
        TEST(a_refusal_for_now_is_sent_again_as_it_was),
        TEST(what_waits_too_long_is_given_up),
        TEST(each_command_that_waits_has_a_number_of_its_own),
        TEST(an_arming_that_waits_too_long_gives_up_the_first_command),
        TEST(the_first_error_decides),
        TEST(what_the_server_repeats_of_a_command_is_hidden_at_queue_time_too),
        TEST(a_checkpoint_that_may_not_be_written_is_no_records_fault),
        TEST(an_arming_that_is_refused_is_tried_again),
        TEST(a_multi_that_is_refused_lets_no_command_out),
        TEST(a_checkpoint_that_failed_inside_a_transaction_ends_the_claim),
    };

    return LANE_SUITE("lane_refusals", conversations);
}
