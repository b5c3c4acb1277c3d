/* test_units.c: records and their checkpoint as one transaction, on a real server that lives. */
#include "suite.h"

#include "exact.h"
#include "feeder.h"
#include "redis_server.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

static struct redis_server *server;
static struct feeder *feeder;

static void open_both(size_t partitions)
{
    server = redis_server_start(NULL);
    feeder = feeder_open(redis_server_port(server), partitions);
}

static void close_both(void)
{
    feeder_close(feeder);
    redis_server_free(server);
}

/* All partitions are claimed, and fed up to @p end. */
static void open_fed(size_t partitions, int64_t end)
{
    open_both(partitions);
    feeder_claim_all(feeder);
    feeder_feed(feeder, end);
    CU_ASSERT_TRUE(feeder_finish(feeder));
}

/* --- the good days ---------------------------------------------------------------------------- */

static void records_and_their_checkpoint_are_written(void)
{
    open_both(1);
    CU_ASSERT_PTR_NOT_NULL(units_trouble(feeder->units)); /* not connected yet */
    feeder_claim_all(feeder);
    feeder_feed(feeder, 1000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 1000);
    CU_ASSERT_EQUAL(feeder->done, 2000);
    CU_ASSERT_FALSE(feeder->partitions[0].found.found);
    CU_ASSERT_PTR_NULL(units_trouble(feeder->units));
    CU_ASSERT_EQUAL(units_trouble_since_ms(feeder->units), 0);
    CU_ASSERT(feeder->counters->units >= 1000 / 16);
    CU_ASSERT_EQUAL(feeder->counters->units_unsettled, 0);
    CU_ASSERT_EQUAL(feeder->counters->commands[command_find(SLICE("RPUSH"))->index * RESULT_COUNT],
                    1000);
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 v leader routes witness"),
                "[1 1 000000000000feed 999:4:5]");
    close_both();
}

static void eight_partitions_share_the_lanes(void)
{
    open_fed(8, 3000);
    expect_exact(server, feeder, 3000);
    close_both();
}

static void a_claim_goes_on_where_the_checkpoint_says(void)
{
    open_fed(3, 500);
    feeder_close(feeder);
    feeder = feeder_open(redis_server_port(server), 3);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 900);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[2].start, 500);
    CU_ASSERT_EQUAL(feeder->partitions[2].found.epoch, 1);
    CU_ASSERT_EQUAL(feeder->counters->units_unsettled, 0);
    expect_exact(server, feeder, 900);
    close_both();
}

static void a_record_larger_than_a_unit_goes_alone(void)
{
    size_t length = 3 << 20;
    char *value = mem_alloc(length);

    open_both(1);
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_wait_claimed(feeder));
    memset(value, 'x', length);
    for (int64_t offset = 0; offset < 5; offset++) {
        while (!units_have_room(feeder->partitions[0].claim))
            feeder_turn(feeder);
        feeder->outcomes[feeder->put] = FEEDER_OPEN;
        units_put(feeder->partitions[0].claim, 0,
                  (struct slice[]){SLICE("APPEND"), SLICE("all"), {value, length}}, 3, NULL,
                  feeder->put++);
        units_record(feeder->partitions[0].claim, &(struct unit_record){offset, -1, {0}}, false);
    }
    CU_ASSERT_TRUE(feeder_finish(feeder));
    ASSERT_TEXT(redis_ask(server, "STRLEN all"), "15728640");
    free(value);
    close_both();
}

/* All are given at once, and all have something to say. */
static void thousands_of_partitions_are_claimed_and_served(void)
{
    open_both(FEEDER_PARTITIONS);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 5);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact_list(server, FEEDER_PARTITIONS - 1, 5);
    CU_ASSERT_EQUAL(feeder->done, FEEDER_PARTITIONS * 10);
    char keys[16];
    snprintf(keys, sizeof(keys), "%d", FEEDER_PARTITIONS * 4);
    ASSERT_TEXT(redis_ask(server, "DBSIZE"), keys);
    redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
    feeder_feed(feeder, 8);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 8);
    close_both();
}

/* --- two owners ------------------------------------------------------------------------------- */

static void the_former_owner_is_fenced(void)
{
    open_fed(2, 100);
    struct feeder *later = feeder_open(redis_server_port(server), 2);
    feeder_claim_all(later);
    CU_ASSERT_TRUE(feeder_wait_claimed(later));
    CU_ASSERT_EQUAL(later->partitions[0].start, 100);
    feeder_feed(feeder, 200);
    CU_ASSERT_TRUE(feeder_wait_fenced(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[0].taken, 1);
    CU_ASSERT_EQUAL(feeder->partitions[1].taken, 1);
    CU_ASSERT_EQUAL(feeder->dropped, feeder->put - feeder->done);
    expect_exact_list(server, 0, 100);
    feeder_feed(later, 300);
    CU_ASSERT_TRUE(feeder_finish(later));
    expect_exact(server, later, 300);
    feeder_close(later);
    close_both();
}

static bool has_all(const struct feeder *thief)
{
    for (size_t i = 0; i < thief->partition_count; i++)
        if (!thief->partitions[i].claimed)
            return false;
    return true;
}

static void two_that_steal_from_each_other_repeat_nothing(void)
{
    open_both(4);
    struct feeder *other = feeder_open(redis_server_port(server), 4), *pair[] = {feeder, other};
    feeder_feed(feeder, 20000);
    feeder_feed(other, 20000);
    for (int round = 0; round < 30; round++) {
        struct feeder *thief = pair[round % 2];
        for (int i = 0; i < 4; i++)
            if (!thief->partitions[i].claim)
                feeder_claim(&thief->partitions[i]);
        for (int i = 0; i < 10 || (i < 4000 && !has_all(thief)); i++) {
            feeder_turn(feeder);
            feeder_turn(other);
        }
    }
    CU_ASSERT(feeder->partitions[0].taken >= 10);
    CU_ASSERT_TRUE(feeder_finish(other)); /* it was the last thief */
    expect_exact(server, other, 20000);
    CU_ASSERT_EQUAL(feeder->refused + other->refused, 0);
    feeder_close(other);
    close_both();
}

static void a_claim_that_the_server_forgot_is_made_anew(void)
{
    open_fed(2, 1000);
    feeder->claims_again = true;
    redis_ask(server, "FLUSHALL");
    feeder_feed(feeder, 2000); /* all of it comes again: the checkpoint went with the data */
    CU_ASSERT_TRUE(feeder_wait_fenced(feeder));
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[0].taken, 0);
    expect_exact(server, feeder, 2000);
    close_both();
}

static void a_dropped_partition_may_be_claimed_at_once(void)
{
    open_both(1);
    feeder_feed(feeder, 30000);
    for (int i = 0; i < 40; i++) {
        feeder_claim_all(feeder);
        for (int turn = 0; turn < 5; turn++)
            feeder_turn(feeder);
        feeder_drop(&feeder->partitions[0]);
    }
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 30000);
    close_both();
}

/* --- refusals --------------------------------------------------------------------------------- */

static bool render_bad_seventh(struct feeder_partition *partition, int64_t offset, unsigned place)
{
    if (offset != 7 || place != 1)
        return feeder_render(partition, offset, place);
    feeder_put(partition, 1, "INCRBY", "sum:0", NULL);
    return true;
}

static void a_command_of_the_wrong_arity_leaves_and_its_neighbours_stand(void)
{
    open_both(1);
    feeder->render = render_bad_seventh;
    feeder_claim_all(feeder);
    feeder_feed(feeder, 100);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->refused, 1);
    CU_ASSERT_EQUAL(feeder->class, REPLY_REJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(feeder->text, "wrong number of arguments"));
    CU_ASSERT_EQUAL(feeder->done, 199);
    expect_exact_list(server, 0, 100);
    ASSERT_TEXT(redis_ask(server, "GET sum:0"), "4943");
    close_both();
}

static void a_wrong_type_is_one_records_fault(void)
{
    open_both(2);
    redis_ask(server, "SET list:1 text");
    feeder_claim_all(feeder);
    feeder_feed(feeder, 100);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->refused, 100);
    expect_exact_list(server, 0, 100);
    expect_exact_sum(server, 0, 100);
    expect_exact_sum(server, 1, 100);
    close_both();
}

static void what_is_kept_is_in_the_checkpoint_until_it_is_mended(void)
{
    open_both(1);
    redis_ask(server, "SET list:0 text");
    feeder->verdict = UNITS_KEEP;
    feeder_claim_all(feeder);
    feeder_feed(feeder, 3);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 next holes"),
                "[3 0:0;1:0;2:0]");
    units_mend(feeder->partitions[0].claim, 1);
    CU_ASSERT_FALSE(units_are_settled(feeder->partitions[0].claim));
    CU_ASSERT_TRUE(feeder_finish(feeder));
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 next holes"), "[3 0:0;2:0]");
    close_both();
}

static void what_stopped_a_partition_is_made_up_for_by_the_next_claim(void)
{
    open_fed(1, 10);
    redis_ask(server, "RENAME list:0 away");
    redis_ask(server, "SET list:0 text");
    feeder->verdict = UNITS_STOP;
    feeder_feed(feeder, 50);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_TRUE(feeder->partitions[0].stopped);
    CU_ASSERT(feeder->dropped > 0);
    feeder_drop(&feeder->partitions[0]);
    redis_ask(server, "RENAME away list:0");
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT(feeder->partitions[0].found.hole_count > 0);
    expect_exact(server, feeder, 50);
    ASSERT_TEXT(redis_ask(server, "HGET penstock:{a%%20group}:rides:0 holes"), "");
    close_both();
}

static void a_right_that_is_taken_away_stops_and_nothing_is_lost(void)
{
    open_fed(1, 100);
    redis_ask(server, "ACL SETUSER default -incrby");
    feeder->verdict = UNITS_STOP;
    feeder_feed(feeder, 200);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->class, REPLY_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(feeder->text, "NOPERM"));
    expect_exact_list(server, 0, 100);
    redis_ask(server, "ACL SETUSER default +incrby");
    feeder_drop(&feeder->partitions[0]);
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 200);
    close_both();
}

static void expect_right_is_needed(const char *right)
{
    open_fed(2, 100);
    redis_ask(server, "ACL SETUSER default -%s", right);
    feeder_feed(feeder, 200);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "NOPERM"));
    CU_ASSERT_EQUAL(feeder->refused, 0);
    redis_ask(server, "ACL SETUSER default +%s", right);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 200);
    close_both();
}

static void without_the_commands_of_transactions_it_waits(void)
{
    static const char *const rights[] = {"watch", "mget", "multi", "exec", "hset"};

    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        expect_right_is_needed(rights[i]);
}

static void a_claim_waits_for_the_rights_to_its_keys(void)
{
    open_both(1);
    redis_ask(server, "ACL SETUSER default resetkeys ~sum:* ~list:*");
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "NOPERM"));
    redis_ask(server, "ACL SETUSER default ~penstock:*");
    feeder_feed(feeder, 10);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    redis_ask(server, "ACL SETUSER default ~*");
    expect_exact(server, feeder, 10);
    close_both();
}

/* --- servers that cannot now ------------------------------------------------------------------ */

static void a_server_out_of_memory_pauses_and_nothing_is_refused(void)
{
    open_fed(2, 100);
    redis_ask(server, "CONFIG SET maxmemory 1");
    feeder_feed(feeder, 500);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "OOM"));
    expect_exact_sum(server, 0, 100);
    CU_ASSERT_EQUAL(feeder->counters->reconnects, 0);
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->refused, 0);
    CU_ASSERT_PTR_NULL(units_trouble(feeder->units));
    expect_exact(server, feeder, 500);
    close_both();
}

static void what_waits_for_too_long_is_refused_one_by_one(void)
{
    open_fed(1, 100);
    feeder->patience_ms = 150;
    redis_ask(server, "CONFIG SET maxmemory 1");
    feeder_feed(feeder, 200);
    for (int64_t end_ms = clock_ms() + 20000; feeder->refused < 3 && clock_ms() < end_ms;)
        feeder_turn(feeder);
    CU_ASSERT_EQUAL(feeder->refused, 3); /* not all at once */
    CU_ASSERT_EQUAL(feeder->class, REPLY_REJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(feeder->text, "maxmemory'.: gave up after 1"));
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT(feeder->refused <= 4);
    CU_ASSERT_EQUAL(feeder->done, 400 - feeder->refused);
    close_both();
}

static void a_busy_server_is_waited_for(void)
{
    open_both(2);
    redis_ask(server, "CONFIG SET busy-reply-threshold 10");
    feeder_claim_all(feeder);
    feeder_feed(feeder, 100);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    struct redis_client *client = redis_client_open(server);
    redis_client_send(client, "EVAL %s 0", "while true do end");
    feeder_feed(feeder, 3000);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "BUSY"));
    redis_ask(server, "SCRIPT KILL");
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->refused, 0);
    expect_exact(server, feeder, 3000);
    redis_client_close(client);
    close_both();
}

static void a_policy_that_evicts_keeps_all_from_being_sent(void)
{
    open_both(1);
    redis_ask(server, "CONFIG SET maxmemory-policy allkeys-lru");
    feeder_claim_all(feeder);
    feeder_feed(feeder, 10);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "maxmemory-policy is allkeys-lru"));
    feeder_run(feeder, 100);
    ASSERT_TEXT(redis_ask(server, "DBSIZE"), "0");
    close_both();
}

static void a_server_that_became_a_replica_is_left_and_tried_again(void)
{
    open_fed(1, 100);
    redis_ask(server, "REPLICAOF 127.0.0.1 1");
    feeder_feed(feeder, 300);
    CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "READONLY"));
    redis_ask(server, "REPLICAOF NO ONE");
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_exact(server, feeder, 300);
    close_both();
}

static const struct suite_test tests[] = {
    TEST(records_and_their_checkpoint_are_written),
    TEST(eight_partitions_share_the_lanes),
    TEST(a_claim_goes_on_where_the_checkpoint_says),
    TEST(a_record_larger_than_a_unit_goes_alone),
    TEST(thousands_of_partitions_are_claimed_and_served),
    TEST(the_former_owner_is_fenced),
    TEST(two_that_steal_from_each_other_repeat_nothing),
    TEST(a_claim_that_the_server_forgot_is_made_anew),
    TEST(a_dropped_partition_may_be_claimed_at_once),
    TEST(a_command_of_the_wrong_arity_leaves_and_its_neighbours_stand),
    TEST(a_wrong_type_is_one_records_fault),
    TEST(what_is_kept_is_in_the_checkpoint_until_it_is_mended),
    TEST(what_stopped_a_partition_is_made_up_for_by_the_next_claim),
    TEST(a_right_that_is_taken_away_stops_and_nothing_is_lost),
    TEST(without_the_commands_of_transactions_it_waits),
    TEST(a_claim_waits_for_the_rights_to_its_keys),
    TEST(a_server_out_of_memory_pauses_and_nothing_is_refused),
    TEST(what_waits_for_too_long_is_refused_one_by_one),
    TEST(a_busy_server_is_waited_for),
    TEST(a_policy_that_evicts_keeps_all_from_being_sent),
    TEST(a_server_that_became_a_replica_is_left_and_tried_again),
};

int main(void)
{
    return SUITE("units", tests);
}
