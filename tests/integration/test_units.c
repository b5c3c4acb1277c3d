/* test_units.c: records and their checkpoint as one transaction, on a real server that lives. */
#include "suite.h"

#include "expect_exact.h"
#include "gave_up_after.h"
#include "owner_fixture.h"
#include "real_redis_server.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

static struct redis_server *server;
static struct owner *owner;

static void open_both(size_t partitions)
{
    server = redis_server_start(NULL);
    owner = owner_open(redis_server_port(server), partitions);
}

static void close_both(void)
{
    owner_close(owner);
    redis_server_free(server);
}

/* All partitions are claimed, and fed up to @p end. */
static void open_fed(size_t partitions, int64_t end)
{
    open_both(partitions);
    owner_claim_all(owner);
    owner_feed(owner, end);
    CU_ASSERT_TRUE(owner_finish(owner));
}

/* --- the good days ---------------------------------------------------------------------------- */

static void records_and_their_checkpoint_are_written(void)
{
    open_both(1);
    CU_ASSERT_PTR_NOT_NULL(sink_trouble(owner->sink)); /* not connected yet */
    owner_claim_all(owner);
    owner_feed(owner, 1000);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 1000);
    CU_ASSERT_EQUAL(owner->done, 2000);
    CU_ASSERT_FALSE(owner->partitions[0].found.found);
    CU_ASSERT_PTR_NULL(sink_trouble(owner->sink));
    CU_ASSERT_EQUAL(sink_trouble_since_ms(owner->sink), 0);
    CU_ASSERT(owner->counters->units >= 1000 / 16);
    CU_ASSERT(owner->counters->round_trips >= owner->counters->units);
    CU_ASSERT_EQUAL(owner->counters->units_unsettled, 0);
    CU_ASSERT_EQUAL(owner->counters->commands[command_find(SLICE("RPUSH"))->index * RESULT_COUNT],
                    1000);
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 v leader routes witness"),
                "[1 1 000000000000feed 999:4:5]");
    close_both();
}

static void eight_partitions_share_the_lanes(void)
{
    open_fed(8, 3000);
    expect_exact(server, owner, 3000);
    close_both();
}

static void a_claim_goes_on_where_the_checkpoint_says(void)
{
    open_fed(3, 500);
    owner_close(owner);
    owner = owner_open(redis_server_port(server), 3);
    owner_claim_all(owner);
    owner_feed(owner, 900);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->partitions[2].start, 500);
    CU_ASSERT_EQUAL(owner->partitions[2].found.epoch, 1);
    CU_ASSERT_EQUAL(owner->counters->units_unsettled, 0);
    expect_exact(server, owner, 900);
    close_both();
}

static void a_record_larger_than_a_unit_goes_alone(void)
{
    size_t length = 3 << 20;
    char *value = mem_alloc(length);

    open_both(1);
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_wait_claimed(owner));
    memset(value, 'x', length);
    for (int64_t offset = 0; offset < 5; offset++) {
        while (!claim_has_room(owner->partitions[0].claim))
            owner_turn(owner);
        owner->outcomes[owner->put] = TICKET_OPEN;
        claim_begin(owner->partitions[0].claim, &(struct unit_record){offset, -1, {0}});
        claim_put(owner->partitions[0].claim,
                  (struct slice[]){SLICE("APPEND"), SLICE("all"), {value, length}}, 3, NULL,
                  owner->put++);
        units_commit(owner->partitions[0].claim);
    }
    CU_ASSERT_TRUE(owner_finish(owner));
    ASSERT_TEXT(redis_ask(server, "STRLEN all"), "15728640");
    free(value);
    close_both();
}

/* All are given at once, and all have something to say. */
static void thousands_of_partitions_are_claimed_and_served(void)
{
    open_both(OWNER_PARTITIONS);
    owner_claim_all(owner);
    owner_feed(owner, 5);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact_list(server, OWNER_PARTITIONS - 1, 5);
    CU_ASSERT_EQUAL(owner->done, OWNER_PARTITIONS * 10);
    char keys[16];
    snprintf(keys, sizeof(keys), "%d", OWNER_PARTITIONS * 4);
    ASSERT_TEXT(redis_ask(server, "DBSIZE"), keys);
    redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
    owner_feed(owner, 8);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 8);
    close_both();
}

/* --- two owners ------------------------------------------------------------------------------- */

static void the_former_owner_is_fenced(void)
{
    open_fed(2, 100);
    struct owner *later = owner_open(redis_server_port(server), 2);
    owner_claim_all(later);
    CU_ASSERT_TRUE(owner_wait_claimed(later));
    CU_ASSERT_EQUAL(later->partitions[0].start, 100);
    owner_feed(owner, 200);
    CU_ASSERT_TRUE(owner_wait_fenced(owner));
    CU_ASSERT_EQUAL(owner->partitions[0].taken, 1);
    CU_ASSERT_EQUAL(owner->partitions[1].taken, 1);
    CU_ASSERT_EQUAL(owner->dropped, owner->put - owner->done);
    expect_exact_list(server, 0, 100);
    owner_feed(later, 300);
    CU_ASSERT_TRUE(owner_finish(later));
    expect_exact(server, later, 300);
    owner_close(later);
    close_both();
}

static bool has_all(const struct owner *thief)
{
    for (size_t i = 0; i < thief->partition_count; i++)
        if (!thief->partitions[i].claimed)
            return false;
    return true;
}

static void two_that_steal_from_each_other_repeat_nothing(void)
{
    open_both(4);
    struct owner *other = owner_open(redis_server_port(server), 4), *pair[] = {owner, other};
    owner_feed(owner, 20000);
    owner_feed(other, 20000);
    for (int round = 0; round < 30; round++) {
        struct owner *thief = pair[round % 2];
        for (int i = 0; i < 4; i++)
            if (!thief->partitions[i].claim)
                owner_claim(&thief->partitions[i]);
        for (int i = 0; i < 10 || (i < 4000 && !has_all(thief)); i++) {
            owner_turn(owner);
            owner_turn(other);
        }
    }
    CU_ASSERT(owner->partitions[0].taken >= 10);
    CU_ASSERT_TRUE(owner_finish(other)); /* it was the last thief */
    expect_exact(server, other, 20000);
    CU_ASSERT_EQUAL(owner->refused + other->refused, 0);
    owner_close(other);
    close_both();
}

static void a_claim_that_the_server_forgot_is_made_anew(void)
{
    open_fed(2, 1000);
    owner->claims_again = true;
    redis_ask(server, "FLUSHALL");
    owner_feed(owner, 2000); /* all of it comes again: the checkpoint went with the data */
    CU_ASSERT_TRUE(owner_wait_fenced(owner));
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->partitions[0].taken, 0);
    expect_exact(server, owner, 2000);
    close_both();
}

static void a_dropped_partition_may_be_claimed_at_once(void)
{
    open_both(1);
    owner_feed(owner, 30000);
    for (int i = 0; i < 40; i++) {
        owner_claim_all(owner);
        for (int turn = 0; turn < 5; turn++)
            owner_turn(owner);
        owner_drop(&owner->partitions[0]);
    }
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 30000);
    close_both();
}

/* --- refusals --------------------------------------------------------------------------------- */

static bool render_bad_seventh(struct owner_partition *partition, int64_t offset, unsigned place)
{
    if (offset != 7 || place != 1)
        return owner_render(partition, offset, place);
    owner_put(partition, "INCRBY", "sum:0", NULL);
    return true;
}

static void a_command_of_the_wrong_arity_leaves_and_its_neighbours_stand(void)
{
    open_both(1);
    owner->render = render_bad_seventh;
    owner_claim_all(owner);
    owner_feed(owner, 100);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 1);
    CU_ASSERT_EQUAL(owner->class, REPLY_REJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(owner->text, "wrong number of arguments"));
    CU_ASSERT_EQUAL(owner->done, 199);
    expect_exact_list(server, 0, 100);
    ASSERT_TEXT(redis_ask(server, "GET sum:0"), "4943");
    close_both();
}

static void a_wrong_type_is_one_records_fault(void)
{
    open_both(2);
    redis_ask(server, "SET list:1 text");
    owner_claim_all(owner);
    owner_feed(owner, 100);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 100);
    expect_exact_list(server, 0, 100);
    expect_exact_sum(server, 0, 100);
    expect_exact_sum(server, 1, 100);
    close_both();
}

static void what_is_kept_is_in_the_checkpoint_until_it_is_mended(void)
{
    open_both(1);
    redis_ask(server, "SET list:0 text");
    owner->verdict = UNITS_KEEP;
    owner_claim_all(owner);
    owner_feed(owner, 3);
    CU_ASSERT_TRUE(owner_finish(owner));
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 next holes"),
                "[3 0:0;1:0;2:0]");
    claim_mend(owner->partitions[0].claim, 1);
    CU_ASSERT_FALSE(claim_is_settled(owner->partitions[0].claim));
    CU_ASSERT_TRUE(owner_finish(owner));
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 next holes"), "[3 0:0;2:0]");
    close_both();
}

static void what_stopped_a_partition_is_made_up_for_by_the_next_claim(void)
{
    open_fed(1, 10);
    redis_ask(server, "RENAME list:0 away");
    redis_ask(server, "SET list:0 text");
    owner->verdict = UNITS_STOP;
    owner_feed(owner, 50);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_TRUE(owner->partitions[0].stopped);
    CU_ASSERT(owner->dropped > 0);
    owner_drop(&owner->partitions[0]);
    redis_ask(server, "RENAME away list:0");
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT(owner->partitions[0].found.gap_count > 0);
    expect_exact(server, owner, 50);
    ASSERT_TEXT(redis_ask(server, "HGET penstock:{a%%20group}:rides:0 holes"), "");
    close_both();
}

static void a_right_that_is_taken_away_stops_and_nothing_is_lost(void)
{
    open_fed(1, 100);
    redis_ask(server, "ACL SETUSER default -incrby");
    owner->verdict = UNITS_STOP;
    owner_feed(owner, 200);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->class, REPLY_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(owner->text, "NOPERM"));
    expect_exact_list(server, 0, 100);
    redis_ask(server, "ACL SETUSER default +incrby");
    owner_drop(&owner->partitions[0]);
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 200);
    close_both();
}

static void expect_right_is_needed(const char *right)
{
    open_fed(2, 100);
    redis_ask(server, "ACL SETUSER default -%s", right);
    owner_feed(owner, 200);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "NOPERM"));
    CU_ASSERT_EQUAL(owner->refused, 0);
    redis_ask(server, "ACL SETUSER default +%s", right);
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 200);
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
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "NOPERM"));
    redis_ask(server, "ACL SETUSER default ~penstock:*");
    owner_feed(owner, 10);
    CU_ASSERT_TRUE(owner_finish(owner));
    redis_ask(server, "ACL SETUSER default ~*");
    expect_exact(server, owner, 10);
    close_both();
}

/* --- servers that cannot now ------------------------------------------------------------------ */

static void a_server_out_of_memory_pauses_and_nothing_is_refused(void)
{
    open_fed(2, 100);
    redis_ask(server, "CONFIG SET maxmemory 1");
    owner_feed(owner, 500);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "OOM"));
    expect_exact_sum(server, 0, 100);
    CU_ASSERT_EQUAL(owner->counters->reconnects, 0);
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 0);
    CU_ASSERT_PTR_NULL(sink_trouble(owner->sink));
    expect_exact(server, owner, 500);
    close_both();
}

static void what_waits_for_too_long_is_refused_one_by_one(void)
{
    open_fed(1, 100);
    owner->retry_timeout_ms = 150;
    redis_ask(server, "CONFIG SET maxmemory 1");
    owner_feed(owner, 200);
    for (int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
         owner->refused < 3 && clock_ms() < end_ms;)
        owner_turn(owner);
    CU_ASSERT_EQUAL(owner->refused, 3); /* not all at once */
    CU_ASSERT_EQUAL(owner->class, REPLY_REJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(owner->text, "maxmemory'.: gave up after "));
    CU_ASSERT(gave_up_after_ms(owner->text) >= 150);
    CU_ASSERT(gave_up_after_ms(owner->text) < AT_ONCE_MS);
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT(owner->refused <= 4);
    CU_ASSERT_EQUAL(owner->done, 400 - owner->refused);
    close_both();
}

/* Until its only ticket is refused; then it may be once more. */
static void wait_refused(uint32_t ticket)
{
    for (int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS; clock_ms() < end_ms;) {
        owner_turn(owner);
        if (owner->outcomes[ticket] == TICKET_REFUSED)
            break;
    }
    CU_ASSERT_EQUAL(owner->outcomes[ticket], TICKET_REFUSED);
    owner->outcomes[ticket] = TICKET_OPEN;
}

/* A record's commands have one ticket, as the worker's have. */
static void each_command_of_a_record_has_a_retry_timeout_of_its_own(void)
{
    open_fed(1, 10);
    struct claim *claim = owner->partitions[0].claim;
    struct redis_client *client = redis_client_open(server);
    uint32_t ticket = owner->put++;

    owner->outcomes[ticket] = TICKET_OPEN;
    owner->retry_timeout_ms = 400;
    redis_ask(server, "CONFIG SET busy-reply-threshold 10");
    redis_client_send(client, "EVAL %s 0", "while true do end");
    claim_begin(claim, &(struct unit_record){10, -1, {0}});
    for (int i = 0; i < 2; i++)
        claim_put(claim, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, ticket);
    units_commit(claim);
    int64_t from_ms = clock_ms();
    wait_refused(ticket);
    wait_refused(ticket);
    CU_ASSERT(clock_ms() - from_ms >= 2 * 400 - 50);
    redis_ask(server, "SCRIPT KILL");
    redis_client_close(client);
    close_both();
}

static void a_busy_server_is_waited_for(void)
{
    open_both(2);
    redis_ask(server, "CONFIG SET busy-reply-threshold 10");
    owner_claim_all(owner);
    owner_feed(owner, 100);
    CU_ASSERT_TRUE(owner_finish(owner));
    struct redis_client *client = redis_client_open(server);
    redis_client_send(client, "EVAL %s 0", "while true do end");
    owner_feed(owner, 3000);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "BUSY"));
    redis_ask(server, "SCRIPT KILL");
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 0);
    expect_exact(server, owner, 3000);
    redis_client_close(client);
    close_both();
}

static void a_policy_that_evicts_keeps_all_from_being_sent(void)
{
    open_both(1);
    redis_ask(server, "CONFIG SET maxmemory-policy allkeys-lru");
    owner_claim_all(owner);
    owner_feed(owner, 10);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "maxmemory-policy is allkeys-lru"));
    owner_run(owner, 100);
    ASSERT_TEXT(redis_ask(server, "DBSIZE"), "0");
    close_both();
}

static void a_server_that_became_a_replica_is_left_and_tried_again(void)
{
    open_fed(1, 100);
    redis_ask(server, "REPLICAOF 127.0.0.1 1");
    owner_feed(owner, 300);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "READONLY"));
    redis_ask(server, "REPLICAOF NO ONE");
    CU_ASSERT_TRUE(owner_finish(owner));
    expect_exact(server, owner, 300);
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
    TEST(each_command_of_a_record_has_a_retry_timeout_of_its_own),
    TEST(a_busy_server_is_waited_for),
    TEST(a_policy_that_evicts_keeps_all_from_being_sent),
    TEST(a_server_that_became_a_replica_is_left_and_tried_again),
};

int main(void)
{
    return SUITE("units", tests);
}
