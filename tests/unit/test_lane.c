/*
 * test_lane.c: transactions over one connection, as conversations.
 *
 * What a lane says is shown one command after the other, "WATCH a / MGET a / MULTI"; what it hears
 * is fed to it whole and in pieces of a few bytes, which must make no difference. What it tells is
 * kept as text, too.
 */
#include "suite.h"

#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane.h"

#include <stdarg.h>
#include <stdlib.h>

#define E0      "p:{g}:t:0:epoch"
#define E1      "p:{g}:t:1:epoch"
#define K0      "p:{g}:t:0"
#define K1      "p:{g}:t:1"
#define TOKEN   "1:0000000000000abc"
#define TOKEN_2 "2:0000000000000abc"
#define OTHER   "2:00000000000000ff"
#define ARM_0   "WATCH " E0 " / MGET " E0 " / MULTI"
#define ROUTES  " routes 00000000000000ff"
#define QUEUED  "+QUEUED\r\n"
#define OK      "+OK\r\n"

/* The answer to an arming of one claim. */
#define ARMED(token) OK "*1\r\n$18\r\n" token "\r\n" OK
#define NO_TOKEN     OK "*1\r\n$-1\r\n" OK

/* What writes a checkpoint, the first unit of one command, and the answer to such a unit. */
#define HSET(next, settled, unit, witness)                                                         \
    "HSET " K0 " v 1 next " next " settled " settled " epoch 1 unit " unit " leader 7" ROUTES      \
    " witness " witness
#define FIRST_BODY  "INCR n / " HSET("1", "0", "1", "0:4:-1") " / EXEC / " ARM_0
#define CARRIED_OUT QUEUED QUEUED "*2\r\n:1\r\n:8\r\n"

static struct lane *lane;
static struct claim *claims[2];
static struct sink_counters counters;
static char told[4096], said[8192];
static enum units_verdict verdict;
static size_t piece; /* bytes; 0: whole */
static bool drops;   /* the first claim, when a command of it is refused */
static bool sound;   /* lane_receive() never said otherwise */

/* --- what it tells ---------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t used = strlen(told);
    va_list arguments;

    va_start(arguments, format);
    if (used)
        used += (size_t)snprintf(told + used, sizeof(told) - used, ", ");
    vsnprintf(told + used, sizeof(told) - used, format, arguments);
    va_end(arguments);
}

static void on_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    (void)context;
    if (checkpoint->found && !checkpoint->readable)
        tell("%s claimed, unreadable: %s", (const char *)owner, checkpoint->error);
    else if (checkpoint->found)
        tell("%s claimed at %lld with %zu holes", (const char *)owner, (long long)checkpoint->next,
             checkpoint->hole_count);
    else
        tell("%s claimed", (const char *)owner);
}

static void on_fenced(void *context, void *owner, bool taken)
{
    (void)context;
    tell("%s %s", (const char *)owner, taken ? "taken" : "lost");
}

static void on_done(void *context, uint32_t ticket)
{
    (void)context;
    tell("done %u", ticket);
}

static enum units_verdict on_refused(void *context, uint32_t ticket, enum reply_class class,
                                     const char *text)
{
    (void)context;
    tell("refused %u %s: %s", ticket, reply_class_name(class), text);
    if (drops)
        lane_drop(claims[0]);
    drops = false;
    return verdict;
}

static void on_dropped(void *context, uint32_t ticket)
{
    (void)context;
    tell("dropped %u", ticket);
}

static const char *news(void)
{
    static char copy[sizeof(told)];

    lane_deliver(lane);
    memcpy(copy, told, sizeof(copy));
    told[0] = '\0';
    return copy;
}

/* --- what it says and hears ------------------------------------------------------------------- */

/* Reads "$3\r\nSET\r\n" into the text of what was said. */
static const char *argument(const char *at, size_t *used)
{
    size_t length = strtoul(at + 1, NULL, 10);

    at = strstr(at, "\r\n") + 2;
    memcpy(said + *used, at, length);
    *used += length;
    return at + length + 2;
}

static const char *says(void)
{
    struct slice output = lane_output(lane);
    char *bytes = mem_copy(output.data, output.length);
    const char *at = bytes, *end = bytes + output.length;
    size_t used = 0;

    while (at < end) {
        size_t count = strtoul(at + 1, NULL, 10);
        at = strstr(at, "\r\n") + 2;
        if (used)
            used += (size_t)sprintf(said + used, " / ");
        for (size_t i = 0; i < count; i++) {
            if (i)
                said[used++] = ' ';
            at = argument(at, &used);
        }
    }
    said[used] = '\0';
    lane_sent(lane, output.length);
    free(bytes);
    return said;
}

static void hear(const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length && sound;) {
        size_t left = length - at, part = piece && piece < left ? piece : left;
        char *copy = mem_copy(text + at, part); /* its end is the end of readable memory */
        lane_woken(lane);
        sound = lane_receive(lane, (struct slice){copy, part});
        free(copy);
        at += part;
    }
}

static void put(struct claim *claim, int64_t offset, uint32_t ticket)
{
    struct unit_record record = {offset, 7, {true, offset * 10, 4, SIZE_MAX}};

    lane_put(claim, 0, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, ticket);
    lane_record(claim, &record, 0);
    lane_turn(lane);
}

static void put_two(struct claim *claim, int64_t offset, uint32_t ticket)
{
    struct unit_record record = {offset, 7, {true, offset * 10, 4, SIZE_MAX}};

    lane_put(claim, 0, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, ticket);
    lane_put(claim, 1, (struct slice[]){SLICE("DECR"), SLICE("m")}, 2, NULL, ticket + 1);
    lane_record(claim, &record, 0);
    lane_turn(lane);
}

/* --- beginnings ------------------------------------------------------------------------------- */

static void open_lane(void)
{
    size_t commands;
    struct lane_options options = {
        .name = "test",
        .prefix = "p",
        .unit_records = 4,
        .unit_bytes = 1 << 10,
        .events = {NULL, on_claimed, on_fenced, on_done, on_refused, on_dropped, NULL},
        .counters = &counters,
    };

    command_all(&commands);
    free(counters.commands);
    counters = (struct sink_counters){0};
    counters.commands = mem_array((commands + 1) * RESULT_COUNT, sizeof(*counters.commands));
    lane = lane_new(&options);
    verdict = UNITS_SKIP;
    sound = true;
    told[0] = '\0';
}

static struct claim *claim(int32_t partition)
{
    static char owners[2][8] = {"first", "second"};
    struct claim_name name = {"g", "t", partition, 0xff};

    return lane_claim(lane, &name, 0xabc, owners[partition]);
}

static void begin(void)
{
    lane_begin(lane);
    hear("$0\r\n\r\n");
}

/* A lane with one claim that stands, armed. */
static void open_owned(void)
{
    open_lane();
    claims[0] = claim(0);
    lane_begin(lane);
    ASSERT_TEXT(says(), "INFO memory / " ARM_0);
    hear("$0\r\n\r\n" NO_TOKEN);
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN " / HGETALL " K0 " / EXEC / " ARM_0);
    hear(QUEUED QUEUED "*2\r\n" OK "*0\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "first claimed");
    ASSERT_TEXT(says(), "");
}

/* Its one unit, of one record, is on its way. */
static void open_sent(void)
{
    open_owned();
    put(claims[0], 0, 5);
    ASSERT_TEXT(says(), FIRST_BODY);
}

/* One claim, whose token is asked for. */
static void open_asking(void)
{
    open_lane();
    claims[0] = claim(0);
    begin();
    says();
}

/* Two claims that stand, armed. */
static void open_both_owned(void)
{
    open_lane();
    claims[0] = claim(0);
    claims[1] = claim(1);
    begin();
    says();
    hear(OK "*2\r\n$-1\r\n$-1\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN " / HGETALL " K0 " / SET " E1 " " TOKEN " / HGETALL " K1
                        " / EXEC / WATCH " E0 " " E1 " / MGET " E0 " " E1 " / MULTI");
    hear(QUEUED QUEUED QUEUED QUEUED "*4\r\n" OK "*0\r\n" OK "*0\r\n" OK "*2\r\n$18\r\n" TOKEN
                                     "\r\n$18\r\n" TOKEN "\r\n" OK);
    ASSERT_TEXT(news(), "first claimed, second claimed");
}

static void close_lane(void)
{
    lane_free(lane);
    lane = NULL;
    free(counters.commands);
    counters.commands = NULL;
    told[0] = '\0';
}

/* --- the good days ---------------------------------------------------------------------------- */

static void a_unit_is_commands_and_their_checkpoint(void)
{
    open_owned();
    put(claims[0], 0, 5);
    ASSERT_TEXT(says(), FIRST_BODY);
    CU_ASSERT_EQUAL(lane_inflight(lane), 1);
    hear(CARRIED_OUT);
    ASSERT_TEXT(news(), "done 5");
    put(claims[0], 1, 6); /* waits for the arming */
    ASSERT_TEXT(says(), "");
    hear(ARMED(TOKEN));
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "2", "10:4:-1") " / EXEC / " ARM_0);
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
    CU_ASSERT_EQUAL(lane_answer_least(lane), 1);
    put_two(claims[0], 0, 5);
    CU_ASSERT_EQUAL(lane_answer_least(lane), 3 * strlen(QUEUED));
    lane_woken(lane);
    CU_ASSERT_EQUAL(lane_answer_least(lane), 1);
    hear(QUEUED QUEUED QUEUED "*3\r\n:1\r\n:1\r\n:8\r\n" ARMED(TOKEN));
    CU_ASSERT_EQUAL(lane_answer_least(lane), 1);
    put(claims[0], 1, 7);
    CU_ASSERT_EQUAL(lane_answer_least(lane), 2 * strlen(QUEUED));
    lane_lost(lane);
    CU_ASSERT_EQUAL(lane_answer_least(lane), 1);
    close_lane();
}

static void what_is_carried_out_is_settled_after_a_while(void)
{
    open_sent();
    hear(CARRIED_OUT ARMED(TOKEN));
    news();
    CU_ASSERT_FALSE(lane_is_settled(claims[0]));
    CU_ASSERT_TRUE(lane_wants_tick(lane));
    lane_tick(lane);
    ASSERT_TEXT(says(), "");
    lane_tick(lane);
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " / EXEC / " ARM_0);
    hear(QUEUED "*1\r\n:0\r\n" ARMED(TOKEN));
    CU_ASSERT_TRUE(lane_is_settled(claims[0]));
    CU_ASSERT_FALSE(lane_wants_tick(lane));
    close_lane();
}

static void a_record_without_commands_moves_the_offset(void)
{
    struct unit_record record = {41, -1, {0}};

    open_owned();
    lane_record(claims[0], &record, 0);
    lane_turn(lane);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 42 settled 41 epoch 1 unit 1 leader -1" ROUTES
                        " witness  / EXEC / " ARM_0);
    close_lane();
}

static void a_record_in_hand_is_not_sent(void)
{
    open_owned();
    lane_put(claims[0], 0, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, 5);
    lane_turn(lane);
    ASSERT_TEXT(says(), "");
    lane_rollback(claims[0]);
    put(claims[0], 0, 6);
    ASSERT_TEXT(says(), FIRST_BODY);
    close_lane();
}

static void a_unit_has_its_bounds_and_so_has_a_claim(void)
{
    open_owned();
    for (uint32_t i = 0; i < 13; i++) {
        CU_ASSERT_TRUE(lane_has_room(claims[0]));
        put(claims[0], i, i);
    }
    CU_ASSERT_FALSE(lane_has_room(claims[0])); /* 1 flies, 3 times 4 wait */
    close_lane();
}

static void two_claims_share_a_transaction(void)
{
    open_both_owned();
    lane_put(claims[0], 0, (struct slice[]){SLICE("A")}, 1, NULL, 1);
    lane_record(claims[0], &(struct unit_record){0, 7, {0}}, 0);
    lane_put(claims[1], 0, (struct slice[]){SLICE("B")}, 1, NULL, 2);
    lane_record(claims[1], &(struct unit_record){0, 7, {0}}, 0);
    lane_turn(lane);
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
    lane_turn(lane);
    ASSERT_TEXT(says(), "DISCARD / WATCH " E1 " " E0 " / MGET " E1 " " E0 " / MULTI");
    hear(OK OK "*2\r\n$-1\r\n$18\r\n" TOKEN "\r\n" OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "SET " E1 " " TOKEN " / HGETALL " K1 " / EXEC / "));
    close_lane();
}

/* --- claims ----------------------------------------------------------------------------------- */

/* A checkpoint at 10 that has holes. */
#define HOLED(settled)                                                                             \
    "*18\r\n$1\r\nv\r\n$1\r\n1\r\n$4\r\nnext\r\n$2\r\n10\r\n$7\r\nsettled\r\n" settled             \
    "\r\n$5\r\nepoch\r\n$1\r\n2\r\n$4\r\nunit\r\n$1\r\n4\r\n$6\r\n"                                \
    "leader\r\n$1\r\n7\r\n$6\r\nroutes\r\n$16\r\n00000000000000ff\r\n$7\r\n"                       \
    "witness\r\n$0\r\n\r\n$5\r\nholes\r\n$7\r\n3:1;5:*\r\n"

static void a_claim_raises_the_epoch_before_it_reads(void)
{
    open_asking();
    hear(OK "*1\r\n$18\r\n" OTHER "\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " 3:0000000000000abc / HGETALL " K0 " / EXEC / " ARM_0);
    hear(QUEUED QUEUED "*-1\r\n" OK "*1\r\n$18\r\n5:00000000000000ee\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " 6:0000000000000abc / HGETALL " K0 " / EXEC / " ARM_0);
    hear(QUEUED QUEUED "*2\r\n" OK HOLED("$1\r\n9"));
    ASSERT_TEXT(news(), "first claimed at 10 with 2 holes");
    CU_ASSERT_EQUAL(counters.units_unsettled, 1);
    close_lane();
}

static void a_checkpoint_that_is_no_hash_is_told(void)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(QUEUED QUEUED "*2\r\n" OK "-WRONGTYPE no hash\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "first claimed, unreadable: WRONGTYPE no hash");
    lane_restart(claims[0], 20);
    put(claims[0], 20, 1);
    ASSERT_TEXT(says(), "INCR n / DEL " K0 " / HSET " K0
                        " v 1 next 21 settled 20 epoch 1 unit 1 leader 7" ROUTES
                        " witness 200:4:-1 holes  / EXEC / " ARM_0);
    close_lane();
}

static void a_claim_is_not_sent_while_the_policy_evicts(void)
{
    open_lane();
    claims[0] = claim(0);
    lane_begin(lane);
    says();
    hear("$33\r\n#\r\nmaxmemory_policy:allkeys-lru\r\n\r\n" NO_TOKEN);
    ASSERT_TEXT(says(), "");
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_EVICTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(lane_trouble(lane), "allkeys-lru"));
    lane_resume(lane);
    ASSERT_TEXT(says(), "DISCARD / INFO memory / " ARM_0);
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
    hear(CARRIED_OUT ARMED(OTHER));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "done 5, first taken");
    lane_drop(claims[0]);
    ASSERT_TEXT(news(), "dropped 6");
    close_lane();
}

static void a_nil_says_by_the_tokens_whose_claim_is_gone(void)
{
    open_both_owned();
    lane_put(claims[0], 0, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, 1);
    lane_record(claims[0], &(struct unit_record){0, 7, {0}}, 0);
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

/* --- refusals --------------------------------------------------------------------------------- */

static void an_element_that_failed_is_its_records_alone(void)
{
    open_sent();
    hear(QUEUED QUEUED "*2\r\n-ERR value is not an integer or out of range\r\n:8\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 reject: ERR value is not an integer or out of range");
    ASSERT_TEXT(says(), "");
    close_lane();
}

static void a_kept_record_is_written_down_before_anything_else(void)
{
    open_owned();
    verdict = UNITS_KEEP;
    put_two(claims[0], 0, 5);
    says();
    put(claims[0], 1, 7);
    hear(QUEUED QUEUED QUEUED "*3\r\n:1\r\n-WRONGTYPE no\r\n:8\r\n" ARMED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "done 5, refused 6 reject: WRONGTYPE no");
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:1 / EXEC / " ARM_0);
    hear(QUEUED "*1\r\n:1\r\n" ARMED(TOKEN));
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "3", "10:4:-1") " holes 0:1 / EXEC / " ARM_0);
    hear(QUEUED QUEUED "*2\r\n:1\r\n:0\r\n" ARMED(TOKEN));
    news();
    lane_mend(claims[0], 0);
    lane_tick(lane);
    lane_tick(lane);
    ASSERT_TEXT(says(), HSET("2", "2", "4", "10:4:-1") " holes  / EXEC / " ARM_0);
    hear(QUEUED "*1\r\n:0\r\n" ARMED(TOKEN));
    CU_ASSERT_TRUE(lane_is_settled(claims[0]));
    close_lane();
}

static void a_record_that_stops_drops_what_was_put_behind_it(void)
{
    open_sent();
    verdict = UNITS_STOP;
    put(claims[0], 1, 6);
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:8\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "refused 5 reject: WRONGTYPE no, dropped 6");
    CU_ASSERT_FALSE(lane_has_room(claims[0]));
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:0 / EXEC / " ARM_0);
    lane_drop(claims[0]); /* its hole is on the way */
    hear(QUEUED "*1\r\n:1\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "");
    CU_ASSERT_EQUAL(lane_claims(lane), 0);
    close_lane();
}

#define ABORT "-EXECABORT Transaction discarded because of previous errors.\r\n"

static void a_command_refused_at_queue_time_leaves_and_the_rest_is_sent_again(void)
{
    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear("-NOPERM no\r\n" QUEUED QUEUED ABORT ARMED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 5 config: NOPERM no");
    ASSERT_TEXT(says(), "DECR m / " HSET("1", "0", "1", "0:4:-1") " / EXEC / " ARM_0);
    close_lane();
}

static void a_kept_one_refused_at_queue_time_is_remembered_with_its_unit(void)
{
    open_owned();
    verdict = UNITS_KEEP;
    put_two(claims[0], 0, 5);
    says();
    hear(QUEUED "-NOPERM no\r\n" QUEUED ABORT ARMED(TOKEN));
    ASSERT_TEXT(news(), "refused 6 config: NOPERM no");
    ASSERT_TEXT(says(), "INCR n / " HSET("1", "0", "1", "0:4:-1") " holes 0:1 / EXEC / " ARM_0);
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
    hear(CARRIED_OUT ARMED(TOKEN));
    news();
    verdict = UNITS_STOP;
    says();
    hear(QUEUED QUEUED "-NOPERM no\r\n" QUEUED QUEUED ABORT ARMED(TOKEN));
    ASSERT_TEXT(news(), "refused 7 config: NOPERM no, dropped 6, dropped 8");
    ASSERT_TEXT(says(), "INCR n / " HSET("2", "1", "2", "10:4:-1") " / EXEC / " ARM_0);
    CU_ASSERT_EQUAL(lane_inflight(lane), 1);
    close_lane();
}

static void a_refusal_for_now_is_sent_again_as_it_was(void)
{
    open_sent();
    hear("-OOM command not allowed\r\n" QUEUED ABORT ARMED(TOKEN));
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_SICK);
    CU_ASSERT_PTR_NOT_NULL(strstr(lane_trouble(lane), "OOM"));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "");
    lane_resume(lane);
    ASSERT_TEXT(says(), FIRST_BODY);
    hear(QUEUED QUEUED "-EXECABORT Transaction discarded because of: BUSY script\r\n" ARMED(TOKEN));
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_RETRIES);
    lane_resume(lane);
    ASSERT_TEXT(says(), FIRST_BODY);
    CU_ASSERT_FALSE(lane_is_well(lane));
    hear(CARRIED_OUT);
    CU_ASSERT_TRUE(lane_is_well(lane));
    close_lane();
}

static void what_waits_too_long_is_given_up(void)
{
    uint32_t ticket = 0;

    open_owned();
    put_two(claims[0], 0, 5);
    says();
    CU_ASSERT_FALSE(lane_is_late(lane, &ticket));
    hear(QUEUED "-OOM no\r\n" QUEUED ABORT ARMED(TOKEN));
    CU_ASSERT_TRUE(lane_is_late(lane, &ticket));
    CU_ASSERT_EQUAL(ticket, 6);
    lane_give_up(lane, 70);
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 6 reject: OOM no: gave up after 70 ms");
    ASSERT_TEXT(says(), FIRST_BODY);
    hear(QUEUED QUEUED ABORT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_FALSE(sound); /* EXECABORT without a reason */
    close_lane();
}

static void an_arming_that_waits_too_long_gives_up_the_first_command(void)
{
    uint32_t ticket = 0;

    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_TRUE(lane_is_late(lane, &ticket));
    CU_ASSERT_EQUAL(ticket, 6);
    lane_drop(claims[0]);
    CU_ASSERT_FALSE(lane_is_late(lane, &ticket));
    close_lane();
}

static void the_first_error_decides(void)
{
    open_owned();
    put_two(claims[0], 0, 5);
    says();
    hear("-LOADING wait\r\n-WRONGTYPE no\r\n" QUEUED ABORT ARMED(TOKEN));
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_RETRIES);
    ASSERT_TEXT(news(), "");
    close_lane();
}

static void a_checkpoint_that_may_not_be_written_is_no_records_fault(void)
{
    open_sent();
    hear(QUEUED "-NOPERM this user has no permissions\r\n" ABORT ARMED(TOKEN));
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_SICK);
    CU_ASSERT_PTR_NOT_NULL(strstr(lane_trouble(lane), "checkpoint: NOPERM"));
    ASSERT_TEXT(news(), "");
    lane_resume(lane);
    ASSERT_TEXT(says(), FIRST_BODY);
    close_lane();
}

static void an_arming_that_is_refused_is_tried_again(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "-LOADING wait\r\n" OK);
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_RETRIES);
    lane_resume(lane);
    ASSERT_TEXT(says(), "DISCARD / " ARM_0);
    hear(OK ARMED(TOKEN));
    CU_ASSERT_PTR_NOT_NULL(strstr(says(), "INCR n"));
    close_lane();
}

static void a_multi_that_is_refused_lets_no_command_out(void)
{
    open_sent();
    put(claims[0], 1, 6);
    hear(CARRIED_OUT OK "*1\r\n$18\r\n" TOKEN "\r\n-NOPERM multi\r\n");
    CU_ASSERT_EQUAL(lane_rests(lane), LANE_SICK);
    ASSERT_TEXT(says(), "");
    lane_resume(lane);
    ASSERT_TEXT(says(), ARM_0);
    close_lane();
}

static void a_checkpoint_that_failed_inside_a_transaction_ends_the_claim(void)
{
    open_sent();
    hear(QUEUED QUEUED "*2\r\n:1\r\n-WRONGTYPE no\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "done 5, first lost");
    close_lane();
}

/* --- losses ----------------------------------------------------------------------------------- */

#define RETURN_BODY "SET " E0 " " TOKEN_2 " / HGETALL " K0 " / EXEC / " ARM_0
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
    CU_ASSERT_TRUE(lane_lost(lane));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "");
    begin();
    ASSERT_TEXT(says(), "INFO memory / " ARM_0);
    hear(ARMED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
}

static void a_lost_answer_is_settled_by_the_checkpoint_done(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "done 5");
    CU_ASSERT_EQUAL(counters.units_unsettled, 1);
    ASSERT_TEXT(says(), "");
    close_lane();
}

static void a_lost_answer_is_settled_by_the_checkpoint_not_done(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK "*0\r\n" ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "");
    ASSERT_TEXT(says(), "INCR n / HSET " K0 " v 1 next 1 settled 0 epoch 2 unit 1 leader 7" ROUTES
                        " witness 0:4:-1 / EXEC / " ARM_0);
    close_lane();
}

static void a_checkpoint_that_fits_neither_is_a_loss(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "9") ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "first lost");
    CU_ASSERT_EQUAL(counters.units_unsettled, 0);
    close_lane();
}

static void a_token_taken_meanwhile_is_a_fence(void)
{
    lose_answer();
    CU_ASSERT_TRUE(lane_lost(lane)); /* and once more: the raised token may be there or not */
    begin();
    says();
    hear(ARMED(OTHER));
    ASSERT_TEXT(news(), "first taken");
    close_lane();
}

static void a_raise_whose_answer_was_lost_is_ours(void)
{
    lose_answer();
    CU_ASSERT_TRUE(lane_lost(lane));
    begin();
    says();
    hear(ARMED(TOKEN_2));
    ASSERT_TEXT(says(), "SET " E0 " 3:0000000000000abc / HGETALL " K0 " / EXEC / " ARM_0);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") ARMED("3:0000000000000abc"));
    ASSERT_TEXT(news(), "done 5");
    ASSERT_TEXT(says(), "");
    close_lane();
}

static void a_question_that_came_to_nothing_is_asked_again(void)
{
    lose_answer();
    hear(QUEUED QUEUED "*-1\r\n" ARMED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "done 5");
    ASSERT_TEXT(says(), "");
    close_lane();
    lose_answer();
    lane_drop(claims[0]);
    lane_lost(lane);
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
        hear(CARRIED_OUT ARMED(TOKEN));
        news();
    }
    CU_ASSERT_FALSE(lane_lost(lane)); /* nothing is in flight, and yet */
    begin();
    says();
    hear(ARMED(TOKEN));
    ASSERT_TEXT(says(), RETURN_BODY);
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "first lost");
    close_lane();
}

static void nothing_is_told_twice_after_a_loss(void)
{
    lose_answer();
    lane_drop(claims[0]);
    ASSERT_TEXT(news(), "dropped 5");
    hear(QUEUED QUEUED "*2\r\n" OK HASH("1", "1", "1") ARMED(TOKEN_2));
    ASSERT_TEXT(news(), "");
    CU_ASSERT_EQUAL(lane_inflight(lane), 0);
    close_lane();
}

/* --- drops ------------------------------------------------------------------------------------ */

static void a_drop_waits_for_what_is_in_flight_and_drops_the_rest(void)
{
    open_sent();
    put(claims[0], 1, 6);
    lane_drop(claims[0]);
    ASSERT_TEXT(told, "dropped 6");
    told[0] = '\0';
    hear(CARRIED_OUT ARMED(TOKEN));
    ASSERT_TEXT(news(), "done 5");
    CU_ASSERT_EQUAL(lane_inflight(lane), 0);
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
        lane_put(claims[0], 0, (struct slice[]){SLICE("A")}, 1, NULL, 5);
        lane_record(claims[0], &(struct unit_record){0, 7, {0}}, 0);
        put_two(claims[0], 1, 6);
        says();
        put(claims[0], 2, 8);
        drops = true;
        hear(refusals[way % 2]);
        hear(ARMED(TOKEN));
        ASSERT_TEXT(news(), way % 2
                                ? "done 5, refused 6 reject: WRONGTYPE no, dropped 8, done 7"
                                : "refused 6 config: NOPERM no, dropped 5, dropped 7, dropped 8");
        CU_ASSERT_EQUAL(lane_inflight(lane), 0);
        struct claim *other = claim(1);
        CU_ASSERT_TRUE(lane_has_room(other));
        lane_drop(other);
        close_lane();
    }
}

static void the_next_claim_waits_for_the_holes_of_the_former(void)
{
    open_sent();
    verdict = UNITS_STOP;
    lane_drop(claims[0]);
    struct claim_name name = {"g", "t", 0, 0xff}, other = {"g", "t", 1, 0xff};
    CU_ASSERT_TRUE(lane_has_former(lane, &name));
    CU_ASSERT_FALSE(lane_has_former(lane, &other));
    struct claim *later = claim(0);
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:8\r\n" ARMED(TOKEN));
    ASSERT_TEXT(says(), "");
    ASSERT_TEXT(news(), "refused 5 reject: WRONGTYPE no");
    ASSERT_TEXT(says(), HSET("1", "1", "2", "0:4:-1") " holes 0:0 / EXEC / " ARM_0);
    hear(QUEUED "*1\r\n:1\r\n" ARMED(TOKEN));
    ASSERT_TEXT(says(), "DISCARD / " ARM_0);
    CU_ASSERT_FALSE(lane_has_former(lane, &name));
    hear(OK ARMED(TOKEN));
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN_2 " / HGETALL " K0 " / EXEC / " ARM_0);
    lane_drop(later);
    close_lane();
}

static void a_claim_that_waits_for_another_may_go_first(void)
{
    open_sent();
    lane_drop(claims[0]);
    struct claim *later = claim(0);
    lane_drop(later);
    later = claim(0);
    lane_lost(lane);
    ASSERT_TEXT(news(), "dropped 5");
    begin();
    ASSERT_TEXT(says(), "INFO memory / " ARM_0);
    CU_ASSERT_EQUAL(lane_claims(lane), 1);
    close_lane();
}

static void a_drop_in_flight_that_comes_to_nothing_is_dropped(void)
{
    open_sent();
    lane_drop(claims[0]);
    hear(QUEUED QUEUED "*-1\r\n" ARMED(TOKEN));
    ASSERT_TEXT(news(), "dropped 5");
    ASSERT_TEXT(says(), "");
    close_lane();
    open_sent();
    lane_drop(claims[0]);
    lane_lost(lane);
    ASSERT_TEXT(news(), "dropped 5");
    close_lane();
}

/* --- holes ------------------------------------------------------------------------------------ */

static void a_hole_that_is_tried_again_goes_with_its_unit(void)
{
    open_asking();
    hear(NO_TOKEN);
    says();
    hear(QUEUED QUEUED "*2\r\n" OK HOLED("$2\r\n10") ARMED(TOKEN));
    news();
    put(claims[0], 3, 1);
    ASSERT_TEXT(says(), "INCR n / HSET " K0 " v 1 next 10 settled 3 epoch 1 unit 1 leader 7" ROUTES
                        " witness  holes 5:* / EXEC / " ARM_0);
    verdict = UNITS_KEEP;
    hear(QUEUED QUEUED "*2\r\n-WRONGTYPE no\r\n:0\r\n" ARMED(TOKEN));
    news();
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 10 settled 10 epoch 1 unit 2 leader 7" ROUTES
                        " witness  holes 3:0;5:* / EXEC / " ARM_0);
    close_lane();
}

static void a_record_that_could_not_be_rendered_is_remembered(void)
{
    struct unit_record record = {8, 7, {0}};

    open_owned();
    lane_record(claims[0], &record, CHECKPOINT_WHOLE);
    lane_turn(lane);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 9 settled 8 epoch 1 unit 1 leader 7" ROUTES
                        " witness  holes 8:* / EXEC / " ARM_0);
    lane_mend(claims[0], 8); /* while it is in flight */
    hear(QUEUED "*1\r\n:9\r\n" ARMED(TOKEN));
    CU_ASSERT_FALSE(lane_is_settled(claims[0]));
    lane_tick(lane);
    lane_tick(lane);
    ASSERT_TEXT(says(), "HSET " K0 " v 1 next 9 settled 9 epoch 1 unit 2 leader 7" ROUTES
                        " witness  holes  / EXEC / " ARM_0);
    close_lane();
}

/* --- what is not Redis ------------------------------------------------------------------------ */

static void expect_broken(const char *answer)
{
    open_sent();
    hear(answer);
    CU_ASSERT_FALSE(sound);
    CU_ASSERT(lane_trouble(lane)[0] != '\0');
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
    expect_broken(QUEUED QUEUED "*2\r\n:1\r\n:1\r\n" ARMED(TOKEN) "+OK\r\n");
}

static void the_idle_are_asked_anew(void)
{
    open_owned();
    lane_refresh(lane);
    ASSERT_TEXT(says(), "DISCARD / INFO memory / " ARM_0);
    lane_refresh(lane); /* not while an answer is awaited */
    ASSERT_TEXT(says(), "");
    hear(OK "$0\r\n\r\n" ARMED(OTHER));
    ASSERT_TEXT(news(), "first taken");
    close_lane();
}

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
    TEST(a_claim_raises_the_epoch_before_it_reads),
    TEST(a_checkpoint_that_is_no_hash_is_told),
    TEST(a_claim_is_not_sent_while_the_policy_evicts),
    TEST(a_token_that_changed_fences_before_anything_is_sent),
    TEST(a_nil_says_by_the_tokens_whose_claim_is_gone),
    TEST(a_token_that_is_gone_is_a_loss),
    TEST(an_element_that_failed_is_its_records_alone),
    TEST(a_kept_record_is_written_down_before_anything_else),
    TEST(a_record_that_stops_drops_what_was_put_behind_it),
    TEST(a_command_refused_at_queue_time_leaves_and_the_rest_is_sent_again),
    TEST(a_kept_one_refused_at_queue_time_is_remembered_with_its_unit),
    TEST(a_stop_at_queue_time_leaves_what_lies_before_it),
    TEST(a_refusal_for_now_is_sent_again_as_it_was),
    TEST(what_waits_too_long_is_given_up),
    TEST(an_arming_that_waits_too_long_gives_up_the_first_command),
    TEST(the_first_error_decides),
    TEST(a_checkpoint_that_may_not_be_written_is_no_records_fault),
    TEST(an_arming_that_is_refused_is_tried_again),
    TEST(a_multi_that_is_refused_lets_no_command_out),
    TEST(a_checkpoint_that_failed_inside_a_transaction_ends_the_claim),
    TEST(a_lost_answer_is_settled_by_the_checkpoint_done),
    TEST(a_lost_answer_is_settled_by_the_checkpoint_not_done),
    TEST(a_checkpoint_that_fits_neither_is_a_loss),
    TEST(a_token_taken_meanwhile_is_a_fence),
    TEST(a_raise_whose_answer_was_lost_is_ours),
    TEST(a_question_that_came_to_nothing_is_asked_again),
    TEST(a_server_that_went_back_in_time_is_a_loss),
    TEST(nothing_is_told_twice_after_a_loss),
    TEST(a_drop_waits_for_what_is_in_flight_and_drops_the_rest),
    TEST(a_claim_may_be_dropped_while_it_is_judged),
    TEST(the_next_claim_waits_for_the_holes_of_the_former),
    TEST(a_claim_that_waits_for_another_may_go_first),
    TEST(a_drop_in_flight_that_comes_to_nothing_is_dropped),
    TEST(a_hole_that_is_tried_again_goes_with_its_unit),
    TEST(a_record_that_could_not_be_rendered_is_remembered),
    TEST(answers_that_make_no_sense_end_the_connection),
    TEST(the_idle_are_asked_anew),
};

/* Runs them all again, what they hear cut into pieces. */
static void in_pieces(size_t bytes)
{
    piece = bytes;
    for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++)
        conversations[i].run();
    piece = 0;
}

static void every_conversation_goes_the_same_way_byte_by_byte(void)
{
    in_pieces(1);
}

static void every_conversation_goes_the_same_way_in_small_pieces(void)
{
    for (size_t bytes = 2; bytes < 40; bytes++)
        in_pieces(bytes);
}

int main(void)
{
    struct suite_test tests[sizeof(conversations) / sizeof(conversations[0]) + 2] = {
        TEST(every_conversation_goes_the_same_way_byte_by_byte),
        TEST(every_conversation_goes_the_same_way_in_small_pieces),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    memcpy(tests + 2, conversations, sizeof(conversations));
    return SUITE("lane", tests);
}
