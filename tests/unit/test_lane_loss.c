/* test_lane_loss.c: what a lane makes of answers that were lost with its connection. */
#include "lane_fixture.h"

#define RETURN_BODY "SET " E0 " " TOKEN_2 " / HGETALL " K0 " / EXEC / " WATCH_0
#define HASH(next, epoch, unit)                                                                    \
    "*16\r\n$1\r\nv\r\n$1\r\n1\r\n$4\r\nnext\r\n$1\r\n" next "\r\n$7\r\nsettled\r\n$1\r\n0\r\n"    \
    "$5\r\nepoch\r\n$1\r\n" epoch "\r\n$4\r\nunit\r\n$1\r\n" unit                                  \
    "\r\n$6\r\nleader\r\n$1\r\n7\r\n"                                                              \
    "$6\r\nroutes\r\n$16\r\n00000000000000ff\r\n$7\r\nwitness\r\n$6\r\n0:4:-1\r\n"

/* One unit is in flight, its answer lost, the lane on a new connection asking. */
static void lose_answer(void)
{
    open_sent();
    hear(QUEUED QUEUED "*2\r\n:1\r\n");
    CU_ASSERT_TRUE(session->ops->lost(session));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "");
    begin();
    ASSERT_TEXT(says(), "INFO memory / " WATCH_0);
    hear(WATCHED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
}

static void a_lost_answer_is_settled_by_the_checkpoint_done(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "done 5");
    CU_ASSERT_EQUAL(counters.units_unsettled, 1);
    ASSERT_TEXT(says(), "");
    close_lane();
}

static void a_lost_answer_is_settled_by_the_checkpoint_not_done(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK "*0\r\n" WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "");
    ASSERT_TEXT(says(), "INCR n / HSET " K0 " v 1 next 1 settled 0 epoch 2 unit 1 leader 7" ROUTES
                        " witness 0:4:-1 / EXEC / " WATCH_0);
    close_lane();
}

/* It may have been carried out: the proxy, not Redis, answers. */
static void an_exec_that_a_proxy_lost_is_settled_by_the_checkpoint(void)
{
    static const char *const lost[] = {"-upstream failure\r\n", "-ERR Connection timed out\r\n",
                                       "-WEIRD words of a proxy\r\n"};

    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
        open_sent();
        hear(QUEUED QUEUED);
        hear(lost[i]);
        CU_ASSERT_FALSE(sound);
        sound = true;
        CU_ASSERT_TRUE(session->ops->lost(session));
        begin();
        says();
        hear(WATCHED(TOKEN));
        ASSERT_TEXT(says(), RETURN_BODY);
        hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED(TOKEN_2));
        ASSERT_TEXT(news(), "done 5");
        ASSERT_TEXT(says(), "");
        close_lane();
    }
}

static void a_checkpoint_that_fits_neither_is_a_loss(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "9") WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "first lost");
    CU_ASSERT_EQUAL(counters.units_unsettled, 0);
    close_lane();
}

static void a_token_taken_meanwhile_is_a_fence(void)
{
    lose_answer();
    CU_ASSERT_TRUE(
        session->ops->lost(session)); /* and once more: the raised token may be there or not */
    begin();
    says();
    hear(WATCHED(OTHER));
    ASSERT_TEXT(news(), "first taken");
    close_lane();
}

static void a_raise_whose_answer_was_lost_is_ours(void)
{
    lose_answer();
    CU_ASSERT_TRUE(session->ops->lost(session));
    begin();
    says();
    hear(WATCHED(TOKEN_2));
    ASSERT_TEXT(says(), "SET " E0 " 3:0000000000000abc / HGETALL " K0 " / EXEC / " WATCH_0);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED("3:0000000000000abc"));
    ASSERT_TEXT(news(), "done 5");
    ASSERT_TEXT(says(), "");
    close_lane();
}

static void a_question_that_came_to_nothing_is_asked_again(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*-1\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "done 5");
    ASSERT_TEXT(says(), "");
    close_lane();
    lose_answer();
    claim_drop(claims[0]);
    session->ops->lost(session);
    ASSERT_TEXT(news(), "dropped 5");
    CU_ASSERT_EQUAL(lane_claims(lane), 0);
    close_lane();
}

static void a_server_that_went_back_in_time_is_a_loss(void)
{
    open_owned();
    for (uint32_t i = 0; i < 2; i++) {
        put(claims[0], i, i);
        says();
        hear(CARRIED_OUT WATCHED(TOKEN));
        news();
    }
    CU_ASSERT_FALSE(session->ops->lost(session)); /* nothing is in flight, and yet */
    begin();
    says();
    hear(WATCHED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "first lost");
    close_lane();
}

static void nothing_is_told_twice_after_a_loss(void)
{
    lose_answer();
    claim_drop(claims[0]);
    ASSERT_TEXT(news(), "dropped 5");
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") WATCHED(TOKEN_2));
    ASSERT_TEXT(news(), "");
    CU_ASSERT_EQUAL(session->ops->inflight(session), 0);
    close_lane();
}

int main(void)
{
    static const struct suite_test conversations[] = {
        TEST(a_lost_answer_is_settled_by_the_checkpoint_done),
        TEST(a_lost_answer_is_settled_by_the_checkpoint_not_done),
        TEST(an_exec_that_a_proxy_lost_is_settled_by_the_checkpoint),
        TEST(a_checkpoint_that_fits_neither_is_a_loss),
        TEST(a_token_taken_meanwhile_is_a_fence),
        TEST(a_raise_whose_answer_was_lost_is_ours),
        TEST(a_question_that_came_to_nothing_is_asked_again),
        TEST(a_server_that_went_back_in_time_is_a_loss),
        TEST(nothing_is_told_twice_after_a_loss),
    };

    return LANE_SUITE("lane_loss", conversations);
}
