/* test_lane.c: transactions over one connection: the good days, and what makes no sense. */
#include "lane_fixture.h"

/* --- the good days ---------------------------------------------------------------------------- */

static void a_unit_is_commands_and_their_checkpoint(void)
{
    open_owned();
    put(claims[0], 0, 5);
    ASSERT_TEXT(says(), FIRST_BODY);
    CU_ASSERT_EQUAL(session->ops->inflight(session), 1);
    hear(CARRIED_OUT);
    ASSERT_TEXT(news(), "done 5");
    put(claims[0], 1, 6); /* waits for the comparison */
    ASSERT_TEXT(says(), "");
    hear(WATCHED(TOKEN));
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "2", "10:4:-1") " / EXEC / " WATCH_0);
    CU_ASSERT_EQUAL(counters.units, 1);
    CU_ASSERT_TRUE(sound);
    close_lane();
}

static void no_command_is_sent_before_multi_is_answered(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "*1\r\n$18\r\n" TOKEN "\r\n");
    ASSERT_TEXT(says(), "");
    hear("+OK");
    ASSERT_TEXT(says(), "");
    hear("\r\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "INCR n"));
    close_lane();
}

static void half_an_answer_wakes_nobody(void)
{
    open_owned();
    CU_ASSERT_EQUAL(session->least, 0);
    put_two(claims[0], 0, 5);
    CU_ASSERT_EQUAL(session->least, 3 * strlen(QUEUED));
    session->least = 0;
    CU_ASSERT_EQUAL(session->least, 0);
    hear(QUEUED QUEUED QUEUED "*3\r\n:1\r\n:1\r\n:8\r\n" WATCHED(TOKEN));
    CU_ASSERT_EQUAL(session->least, 0);
    put(claims[0], 1, 7);
    CU_ASSERT_EQUAL(session->least, 2 * strlen(QUEUED));
    session->ops->lost(session);
    CU_ASSERT_EQUAL(session->least, 0);
    close_lane();
}

static void what_is_carried_out_is_settled_after_a_while(void)
{
    open_sent();
    hear(CARRIED_OUT WATCHED(TOKEN));
    news();
    CU_ASSERT_FALSE(claim_is_settled(claims[0]));
    CU_ASSERT_TRUE(session->ops->wants_tick(session));
    lane_tick(lane);
    ASSERT_TEXT(says(), "");
    lane_tick(lane);
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " / EXEC / " WATCH_0);
    hear(QUEUED "*1\r\n:0\r\n" WATCHED(TOKEN));
    CU_ASSERT_TRUE(claim_is_settled(claims[0]));
    CU_ASSERT_FALSE(session->ops->wants_tick(session));
    close_lane();
}

static void a_record_without_commands_moves_the_offset(void)
{
    struct unit_record record = {41, -1, {0}};

    open_owned();
    claim_begin(claims[0], &record);
    claim_commit(claims[0]);
    session->ops->turn(session);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 42 settled 41 epoch 1 unit 1 leader -1" ROUTES
                        " witness  / EXEC / " WATCH_0);
    close_lane();
}

static void a_record_in_hand_is_not_sent(void)
{
    open_owned();
    claim_begin(claims[0], &(struct unit_record){0, 7, {0}});
    claim_put(claims[0], (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, 5);
    session->ops->turn(session);
    ASSERT_TEXT(says(), "");
    claim_rollback(claims[0]);
    put(claims[0], 0, 6);
    ASSERT_TEXT(says(), FIRST_BODY);
    close_lane();
}

static void a_unit_has_its_bounds_and_so_has_a_claim(void)
{
    open_owned();
    for (uint32_t i = 0; i < 13; i++) {
        CU_ASSERT_TRUE(claim_has_room(claims[0]));
        put(claims[0], i, i);
    }
    CU_ASSERT_FALSE(claim_has_room(claims[0])); /* 1 is in flight, 3 times 4 wait */
    close_lane();
}

static void two_claims_share_a_transaction(void)
{
    open_both_owned();
    claim_begin(claims[0], &(struct unit_record){0, 7, {0}});
    claim_put(claims[0], (struct slice[]){SLICE("A")}, 1, NULL, 1);
    claim_commit(claims[0]);
    claim_begin(claims[1], &(struct unit_record){0, 7, {0}});
    claim_put(claims[1], (struct slice[]){SLICE("B")}, 1, NULL, 2);
    claim_commit(claims[1]);
    session->ops->turn(session);
    const char *body = says();
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "A / HSET " K0));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "B / HSET " K1));
    hear(QUEUED QUEUED QUEUED QUEUED "*4\r\n:1\r\n:8\r\n-WRONGTYPE no\r\n:8\r\n");
    ASSERT_TEXT(news(), "done 1, refused 2 reject: WRONGTYPE no");
    close_lane();
}

static void one_that_is_not_watched_is_armed_anew(void)
{
    open_owned();
    claims[1] = claim(1);
    session->ops->turn(session);
    ASSERT_TEXT(says(), "DISCARD / WATCH " E1 " " E0 " / MGET " E1 " " E0 " / MULTI");
    hear(OK OK "*2\r\n$-1\r\n$18\r\n" TOKEN "\r\n" OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "SET " E1 " " TOKEN " / HGETALL " K1 " / EXEC / "));
    close_lane();
}

/* --- what is not Redis ------------------------------------------------------------------------ */

static void expect_broken(const char *answer)
{
    open_sent();
    hear(answer);
    CU_ASSERT_FALSE(sound);
    CU_ASSERT(session->trouble[0] != '\0');
    close_lane();
}

static void answers_that_make_no_sense_end_the_connection(void)
{
    expect_broken("+OK\r\n");
    expect_broken("hello\r\n");
    expect_broken(QUEUED QUEUED "*3\r\n:1\r\n:1\r\n:1\r\n");
    expect_broken(QUEUED QUEUED "*1\r\n:1\r\n");
    expect_broken(QUEUED QUEUED ":1\r\n");
    expect_broken(QUEUED "-ERR no\r\n*2\r\n:1\r\n:1\r\n");
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\nx\r\n");
    expect_broken(QUEUED QUEUED "-READONLY You can't write\r\n");
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\n:1\r\n+NO\r\n");
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\n:1\r\n" OK "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\n:1\r\n" OK "*1\r\n*0\r\n");
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\n:1\r\n" WATCHED(TOKEN) "+OK\r\n");
}

static void the_idle_are_asked_anew(void)
{
    open_owned();
    session->ops->idle(session);
    ASSERT_TEXT(says(), "DISCARD / INFO memory / " WATCH_0);
    session->ops->idle(session); /* not while an answer is awaited */
    ASSERT_TEXT(says(), "");
    hear(OK "$0\r\n\r\n" WATCHED(OTHER));
    ASSERT_TEXT(news(), "first taken");
    close_lane();
}

int main(void)
{
    static const struct suite_test conversations[] = {
        TEST(a_unit_is_commands_and_their_checkpoint),
        TEST(no_command_is_sent_before_multi_is_answered),
        TEST(half_an_answer_wakes_nobody),
        TEST(what_is_carried_out_is_settled_after_a_while),
        TEST(a_record_without_commands_moves_the_offset),
        TEST(a_record_in_hand_is_not_sent),
        TEST(a_unit_has_its_bounds_and_so_has_a_claim),
        TEST(two_claims_share_a_transaction),
        TEST(one_that_is_not_watched_is_armed_anew),
        TEST(answers_that_make_no_sense_end_the_connection),
        TEST(the_idle_are_asked_anew),
    };

    return LANE_SUITE("lane", conversations);
}
