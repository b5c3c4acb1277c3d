/* test_lane_claims.c: claims of a lane: how they are made, fenced and dropped, and their gaps. */
#include "lane_fixture.h"

/* --- claims ----------------------------------------------------------------------------------- */

/* A checkpoint at 10 that has gaps. */
#define WITH_GAPS(settled)                                                                         \
    "*18\r\n$1\r\nv\r\n$1\r\n1\r\n$4\r\nnext\r\n$2\r\n10\r\n$7\r\nsettled\r\n" settled             \
    "\r\n$5\r\nepoch\r\n$1\r\n2\r\n$4\r\nunit\r\n$1\r\n4\r\n$6\r\n"                                \
    "leader\r\n$1\r\n7\r\n$6\r\nroutes\r\n$16\r\n00000000000000ff\r\n$7\r\n"                       \
    "witness\r\n$0\r\n\r\n$5\r\nholes\r\n$7\r\n3:1;5:*\r\n"

static void a_claim_raises_the_epoch_before_it_reads(void)
{
    open_asking();
    hear(OK "*1\r\n$18\r\n" OTHER "\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " 3:0000000000000abc / HGETALL " K0 " / EXEC / " WATCH_0);
    hear(QUEUED QUEUED "*-1\r\n" OK "*1\r\n$18\r\n5:00000000000000ee\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " 6:0000000000000abc / HGETALL " K0 " / EXEC / " WATCH_0);
    hear(QUEUED QUEUED "*2\r\n" OK WITH_GAPS("$1\r\n9"));
    ASSERT_TEXT(news(), "first claimed at 10 with 2 gaps");
    CU_ASSERT_EQUAL(counters.units_unsettled, 1);
    close_lane();
}

static void a_checkpoint_that_is_no_hash_is_told(void)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(QUEUED QUEUED "*2\r\n" OK "-WRONGTYPE no hash\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "first claimed, unreadable: WRONGTYPE no hash");
    claim_start(claims[0], 20, false, "");
    put(claims[0], 20, 1);
    ASSERT_TEXT(says(), "INCR n / DEL " K0 " / HSET " K0
                        " v 1 next 21 settled 20 epoch 1 unit 1 leader 7" ROUTES
                        " witness 200:4:-1 holes  / EXEC / " WATCH_0);
    close_lane();
}

static void what_identifies_the_log_goes_with_each_unit(void)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(QUEUED QUEUED "*2\r\n" OK "*0\r\n" WATCHED(TOKEN));
    claim_start(claims[0], 0, false, "cluster/topic");
    put(claims[0], 20, 1);
    ASSERT_TEXT(says(), "INCR n / HSET " K0 " v 1 next 21 settled 20 epoch 1 unit 1 leader 7" ROUTES
                        " witness 200:4:-1 log cluster/topic / EXEC / " WATCH_0);
    close_lane();
}

static void a_claim_is_not_sent_while_the_policy_evicts(void)
{
    open_lane();
    claims[0] = claim(0);
    session_begin(session);
    says();
    hear("$33\r\n#\r\nmaxmemory_policy:allkeys-lru\r\n\r\n" NO_TOKEN);
    ASSERT_TEXT(says(), "");
    CU_ASSERT_EQUAL(session->pause, SESSION_EVICTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(session->trouble, "allkeys-lru"));
    session->ops->resume(session);
    ASSERT_TEXT(says(), "DISCARD / INFO memory / " WATCH_0);
    hear(OK "$34\r\n#\r\nmaxmemory_policy:volatile-lru\r\n\r\n" NO_TOKEN);
    CU_ASSERT_TRUE(sound);
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "HGETALL"));
    close_lane();
}

/* --- fences ----------------------------------------------------------------------------------- */

static void a_token_that_changed_fences_before_anything_is_sent(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT WATCHED(OTHER));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "done 5, first taken");
    claim_drop(claims[0]);
    ASSERT_TEXT(news(), "dropped 6");
    close_lane();
}

static void a_nil_says_by_the_tokens_whose_claim_is_gone(void)
{
    open_both_owned();
    claim_begin(claims[0], &(struct unit_record){0, 7, {0}});
    claim_put(claims[0], (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, 1);
    claim_commit(claims[0]);
    put(claims[1], 0, 2);
    says();
    hear(QUEUED QUEUED QUEUED QUEUED "*-1\r\n" OK "*2\r\n$18\r\n" OTHER "\r\n$18\r\n" TOKEN
                                     "\r\n" OK);
    ASSERT_TEXT(news(), "first taken");
    const char *again = says();
    CU_ASSERT_PTR_NOT_NULL(strstr(again, "INCR n / HSET " K1));
    CU_ASSERT_PTR_NULL(strstr(again, "HSET " K0));
    close_lane();
}

static void a_token_that_is_gone_is_a_loss(void)
{
    open_sent();
    hear(QUEUED QUEUED "*-1\r\n" NO_TOKEN);
    ASSERT_TEXT(news(), "first lost");
    close_lane();
}

/* --- drops ------------------------------------------------------------------------------------ */

static void a_drop_waits_for_what_is_in_flight_and_drops_the_rest(void)
{
    open_sent();
    put(claims[0], 1, 6);
    claim_drop(claims[0]);
    ASSERT_TEXT(told(), "dropped 6");
    hear(CARRIED_OUT WATCHED(TOKEN));
    ASSERT_TEXT(news(), "done 5");
    CU_ASSERT_EQUAL(session->ops->inflight(session), 0);
    close_lane();
}

static void a_claim_may_be_dropped_while_it_is_judged(void)
{
    static const char *const refusals[] = {
        QUEUED "-NOPERM no\r\n" QUEUED QUEUED ABORT, /* before it is carried out, */
        QUEUED QUEUED QUEUED QUEUED "*4\r\n:1\r\n-WRONGTYPE no\r\n:1\r\n:8\r\n", /* or while */
    };

    for (int way = 0; way < 4; way++) {
        open_owned();
        verdict = way / 2 ? UNITS_STOP : UNITS_SKIP;
        claim_begin(claims[0], &(struct unit_record){0, 7, {0}});
        claim_put(claims[0], (struct slice[]){SLICE("A")}, 1, NULL, 5);
        claim_commit(claims[0]);
        put_two(claims[0], 1, 6);
        says();
        put(claims[0], 2, 8);
        drops = true;
        hear(refusals[way % 2]);
        hear(WATCHED(TOKEN));
        ASSERT_TEXT(news(), way % 2
                                ? "done 5, refused 6 reject: WRONGTYPE no, dropped 8, done 7"
                                : "refused 6 config: NOPERM no, dropped 5, dropped 7, dropped 8");
        CU_ASSERT_EQUAL(session->ops->inflight(session), 0);
        struct claim *other = claim(1);
        CU_ASSERT_TRUE(claim_has_room(other));
        claim_drop(other);
        close_lane();
    }
}

static void the_next_claim_waits_for_the_gaps_of_the_former(void)
{
    open_sent();
    verdict = UNITS_STOP;
    claim_drop(claims[0]);
    struct claim_name name = {"g", "t", 0, 0xff}, other = {"g", "t", 1, 0xff};
    CU_ASSERT_TRUE(lane_has_predecessor(lane, &name));
    CU_ASSERT_FALSE(lane_has_predecessor(lane, &other));
    struct claim *later = claim(0);
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:8\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 5 reject: WRONGTYPE no");
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:0 / EXEC / " WATCH_0);
    hear(QUEUED "*1\r\n:1\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(says(), "DISCARD / " WATCH_0);
    CU_ASSERT_FALSE(lane_has_predecessor(lane, &name));
    hear(OK WATCHED(TOKEN));
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN_2 " / HGETALL " K0 " / EXEC / " WATCH_0);
    claim_drop(later);
    close_lane();
}

static void a_claim_that_waits_for_another_may_go_first(void)
{
    open_sent();
    claim_drop(claims[0]);
    struct claim *later = claim(0);
    claim_drop(later);
    later = claim(0);
    session->ops->lost(session);
    ASSERT_TEXT(news(), "dropped 5");
    begin();
    ASSERT_TEXT(says(), "INFO memory / " WATCH_0);
    CU_ASSERT_EQUAL(lane_claims(lane), 1);
    close_lane();
}

static void a_drop_in_flight_that_comes_to_nothing_is_dropped(void)
{
    open_sent();
    claim_drop(claims[0]);
    hear(QUEUED QUEUED "*-1\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "dropped 5");
    ASSERT_TEXT(says(), "");
    close_lane();
    open_sent();
    claim_drop(claims[0]);
    session->ops->lost(session);
    ASSERT_TEXT(news(), "dropped 5");
    close_lane();
}

/* --- what was carried out before -------------------------------------------------------------- */

static bool begins(int64_t offset)
{
    return claim_begin(claims[0], &(struct unit_record){offset, 7, {0}});
}

static bool put_one(void)
{
    return claim_put(claims[0], (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, 1);
}

static void open_with_gaps(const char *answer)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(answer);
    news();
}

static void of_a_record_below_next_only_its_gaps_are_put(void)
{
    open_with_gaps(QUEUED QUEUED "*2\r\n" OK WITH_GAPS("$2\r\n10") WATCHED(TOKEN));
    CU_ASSERT_FALSE(begins(2));
    CU_ASSERT_FALSE(begins(9));
    CU_ASSERT_TRUE(begins(3)); /* of which command 1 is a gap */
    CU_ASSERT_FALSE(claim_pass(claims[0], 2));
    CU_ASSERT_FALSE(put_one());
    CU_ASSERT_TRUE(put_one());
    CU_ASSERT_TRUE(claim_pass(claims[0], 2)); /* of another route */
    claim_rollback(claims[0]);
    CU_ASSERT_TRUE(begins(5)); /* all of which is one */
    CU_ASSERT_FALSE(claim_pass(claims[0], 1));
    CU_ASSERT_TRUE(put_one());
    CU_ASSERT_TRUE(put_one());
    claim_rollback(claims[0]);
    CU_ASSERT_TRUE(begins(10));
    CU_ASSERT_FALSE(claim_pass(claims[0], 1));
    close_lane();
}

static void a_start_elsewhere_forgets_what_was_carried_out(void)
{
    for (int another = 0; another < 2; another++) {
        open_with_gaps(QUEUED QUEUED "*2\r\n" OK WITH_GAPS("$2\r\n10") WATCHED(TOKEN));
        claim_start(claims[0], another ? 10 : 4, another, "");
        CU_ASSERT_FALSE(begins(3));
        CU_ASSERT_EQUAL(begins(5), !another);
        CU_ASSERT_TRUE(begins(10));
        CU_ASSERT_TRUE(claim_put(claims[0], (struct slice[]){SLICE("A")}, 1, NULL, 1));
        claim_rollback(claims[0]);
        close_lane();
    }
}

static void the_record_below_next_is_known_by_its_witness(void)
{
    struct unit_record record = {9, 7, {true, 90, 4, SIZE_MAX}};

    open_owned();
    put(claims[0], 9, 5); /* the record that put() makes of 9 */
    CU_ASSERT_FALSE(claim_differs(claims[0], &record));
    hear(CARRIED_OUT WATCHED(TOKEN));
    CU_ASSERT_FALSE(claim_differs(claims[0], &record));
    record.witness.value_length = 0;
    CU_ASSERT_TRUE(claim_differs(claims[0], &record));
    record.offset = 8;
    CU_ASSERT_FALSE(claim_differs(claims[0], &record));
    close_lane();
}

/* --- gaps ------------------------------------------------------------------------------------- */

static void a_gap_that_is_tried_again_goes_with_its_unit(void)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(QUEUED QUEUED "*2\r\n" OK WITH_GAPS("$2\r\n10") WATCHED(TOKEN));
    news();
    put_two(claims[0], 3, 0);
    ASSERT_TEXT(says(), "DECR m / HSET " K0 " v 1 next 10 settled 3 epoch 1 unit 1 leader 7" ROUTES
                        " witness  holes 5:* / EXEC / " WATCH_0);
    verdict = UNITS_KEEP;
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:0\r\n" WATCHED(TOKEN));
    news();
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 10 settled 10 epoch 1 unit 2 leader 7" ROUTES
                        " witness  holes 3:1;5:* / EXEC / " WATCH_0);
    close_lane();
}

static void a_record_that_could_not_be_rendered_is_remembered(void)
{
    struct unit_record record = {8, 7, {0}};

    open_owned();
    claim_begin(claims[0], &record);
    claim_miss(claims[0], true);
    claim_commit(claims[0]);
    session->ops->turn(session);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 9 settled 8 epoch 1 unit 1 leader 7" ROUTES
                        " witness  holes 8:* / EXEC / " WATCH_0);
    claim_mend(claims[0], 8); /* while it is in flight */
    hear(QUEUED "*1\r\n:9\r\n" WATCHED(TOKEN));
    CU_ASSERT_FALSE(claim_is_settled(claims[0]));
    lane_tick(lane);
    lane_tick(lane);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 9 settled 9 epoch 1 unit 2 leader 7" ROUTES
                        " witness  holes  / EXEC / " WATCH_0);
    close_lane();
}

int main(void)
{
    static const struct suite_test conversations[] = {
        TEST(a_claim_raises_the_epoch_before_it_reads),
        TEST(a_checkpoint_that_is_no_hash_is_told),
        TEST(what_identifies_the_log_goes_with_each_unit),
        TEST(a_claim_is_not_sent_while_the_policy_evicts),
        TEST(a_token_that_changed_fences_before_anything_is_sent),
        TEST(a_nil_says_by_the_tokens_whose_claim_is_gone),
        TEST(a_token_that_is_gone_is_a_loss),
        TEST(a_drop_waits_for_what_is_in_flight_and_drops_the_rest),
        TEST(a_claim_may_be_dropped_while_it_is_judged),
        TEST(the_next_claim_waits_for_the_gaps_of_the_former),
        TEST(a_claim_that_waits_for_another_may_go_first),
        TEST(a_drop_in_flight_that_comes_to_nothing_is_dropped),
        TEST(of_a_record_below_next_only_its_gaps_are_put),
        TEST(a_start_elsewhere_forgets_what_was_carried_out),
        TEST(the_record_below_next_is_known_by_its_witness),
        TEST(a_gap_that_is_tried_again_goes_with_its_unit),
        TEST(a_record_that_could_not_be_rendered_is_remembered),
    };

    return LANE_SUITE("lane_claims", conversations);
}
