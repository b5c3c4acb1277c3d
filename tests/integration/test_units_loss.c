/*
 * test_units_loss.c: exactly once, though connections break and servers die.
 *
 * What is in flight when an answer is lost may have been carried out or not, and what still is on
 * its way may be carried out later.
 */
#include "suite.h"

#include "expect_exact.h"
#include "fake_redis_server.h"
#include "owner_fixture.h"
#include "real_redis_server.h"

#include "base/clock.h"

#include <stdlib.h>

static struct redis_server *server;
static struct owner *owner;
static struct fake_server *fake;

static void close_all(void)
{
    sink_free(owner->sink); /* the fake one lives on its loop */
    owner->sink = NULL;
    fake_server_close(fake);
    owner_close(owner);
    redis_server_free(server);
    fake = NULL;
}

static void open_claimed(size_t partitions)
{
    owner = owner_new(redis_server_port(server), partitions);
    owner->claims_again = true;
    owner->options.response_timeout = 300;
    owner->options.connect_timeout = 1000;
    owner_start(owner);
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_wait_claimed(owner));
}

/* --- connections ------------------------------------------------------------------------------ */

static void killed_connections_repeat_nothing(void)
{
    server = redis_server_start(NULL);
    open_claimed(4);
    owner_feed(owner, 400000);
    for (int i = 0; i < 15; i++) {
        while (owner->counters->connections_up < 4)
            owner_turn(owner);
        for (int turn = 0; turn < 5; turn++)
            owner_turn(owner);
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        while (owner->counters->connections_up == 4)
            owner_turn(owner);
    }
    for (int i = 0; i < 4; i++)
        owner->partitions[i].end = owner->partitions[i].position;
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT(owner->counters->reconnects >= 15);
    CU_ASSERT_EQUAL(owner->refused, 0);
    for (int i = 0; i < 4; i++) {
        expect_exact_list(server, i, owner->partitions[i].end);
        expect_exact_sum(server, i, owner->partitions[i].end);
    }
    close_all();
}

/* The body hangs in a proxy until the next connection has settled it. */
static void hang_on_the_way(bool may_kill)
{
    server = redis_server_start(NULL);
    if (!may_kill)
        redis_ask(server, "ACL SETUSER default -client|kill");
    owner = owner_new(0, 2);
    fake = fake_server_proxy(owner->loop.base, redis_server_port(server), 100 << 20);
    owner->options.port = fake_server_port(fake);
    owner->options.response_timeout = 200;
    owner_start(owner);
    owner_claim_all(owner);
    owner_feed(owner, 100);
    CU_ASSERT_TRUE(owner_finish(owner));
    fake_server_hold(fake);
    owner_feed(owner, 150);
    while (owner->counters->connections_up == 2) /* both hang */
        owner_turn(owner);
    while (owner->counters->reconnects < 2)
        owner_turn(owner);
    owner->options.response_timeout = 60000;
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->counters->reconnects, 2);
    owner_feed(owner, 200);
    CU_ASSERT_TRUE(owner_finish(owner));
    fake_server_release(fake);
    owner_run(owner, 100);
    owner_feed(owner, 210);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->partitions[0].fences, 0);
    expect_exact(server, owner, 210);
    close_all();
}

static void what_hangs_on_the_way_comes_to_nothing(void)
{
    hang_on_the_way(true);
}

static void what_hangs_on_the_way_comes_to_nothing_without_the_right_to_kill_it(void)
{
    hang_on_the_way(false);
}

static void a_server_that_hangs_repeats_nothing(void)
{
    server = redis_server_start(NULL);
    open_claimed(4);
    for (int i = 1; i <= 4; i++) {
        owner_feed(owner, 3000 * i);
        for (int turn = 0; turn < 3; turn++)
            owner_turn(owner);
        redis_server_pause(server);
        CU_ASSERT_TRUE(owner_wait_trouble(owner, "no answer for"));
        redis_server_resume(server);
        CU_ASSERT_TRUE(owner_finish(owner));
    }
    CU_ASSERT(owner->counters->reconnects >= 3);
    expect_exact(server, owner, 12000);
    close_all();
}

/* --- servers ---------------------------------------------------------------------------------- */

/* kill -9 in mid load, @p times; what the server kept decides where each partition goes on. */
static void die(const char *fsync, int times)
{
    server = redis_server_start("--appendonly", "yes", "--appendfsync", fsync, NULL);
    open_claimed(4);
    for (int i = 1; i <= times; i++) {
        owner_feed(owner, 10000 * i);
        while (owner->counters->connections_up < 4)
            owner_turn(owner);
        owner_run(owner, 20 + 13 * i);
        redis_server_kill(server);
        owner_run(owner, 20);
        redis_server_restart(server);
    }
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT(owner->counters->reconnects >= 4);
    CU_ASSERT_EQUAL(owner->partitions[0].taken, 0);
    expect_exact(server, owner, 10000 * times);
    close_all();
}

static void a_server_killed_in_mid_load_repeats_nothing(void)
{
    die("always", 4);
}

static void a_server_that_lost_its_last_second_is_given_it_again(void)
{
    die("everysec", 4);
}

/* It comes up with what it had before the last units: a promoted replica that lagged behind. */
static void a_server_that_went_back_in_time_is_given_it_again(void)
{
    server = redis_server_start(NULL);
    open_claimed(3);
    owner_feed(owner, 500);
    CU_ASSERT_TRUE(owner_finish(owner));
    redis_ask(server, "SAVE");
    owner_feed(owner, 1000);
    CU_ASSERT_TRUE(owner_finish(owner));
    redis_server_kill(server);
    redis_server_restart(server);
    CU_ASSERT_TRUE(owner_wait_fenced(owner));
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->partitions[0].fences, 1);
    CU_ASSERT_EQUAL(owner->partitions[0].taken, 0);
    CU_ASSERT_EQUAL(owner->partitions[0].start, 500);
    expect_exact(server, owner, 1000);
    close_all();
}

static void a_server_that_loads_is_waited_for(void)
{
    server = redis_server_start("--appendonly", "yes", "--aof-use-rdb-preamble", "no",
                                "--appendfsync", "always", NULL);
    open_claimed(2);
    owner_feed(owner, 2000);
    CU_ASSERT_TRUE(owner_finish(owner));
    redis_ask(server, "CONFIG SET key-load-delay 500");
    redis_ask(server, "CONFIG REWRITE");
    redis_server_restart_loading(server);
    owner_feed(owner, 3000);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 0);
    expect_exact(server, owner, 3000);
    close_all();
}

/* All of it at once, for two owners. */
static void everything_at_once_repeats_nothing(void)
{
    server = redis_server_start("--appendonly", "yes", "--appendfsync", "everysec", NULL);
    open_claimed(4);
    struct owner *other = owner_open(redis_server_port(server), 4), *pair[] = {owner, other};
    owner->claims_again = false;
    owner_feed(owner, 60000);
    owner_feed(other, 60000);
    srand(4711);
    for (int round = 0; round < 60; round++) {
        struct owner *thief = pair[rand() % 2];
        for (int i = 0; i < 4; i++)
            if (!thief->partitions[i].claim && rand() % 2)
                owner_claim(&thief->partitions[i]);
        for (int turns = rand() % 8; turns > 0; turns--) {
            owner_turn(owner);
            owner_turn(other);
        }
        if (rand() % 4 == 0)
            redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        if (rand() % 12 == 0)
            redis_server_restart(server);
        if (rand() % 8 == 0 && owner->partitions[0].claim)
            owner_drop(&owner->partitions[0]);
    }
    for (int i = 0; i < 4; i++) {
        if (owner->partitions[i].claim)
            owner_drop(&owner->partitions[i]);
        if (!other->partitions[i].claim)
            owner_claim(&other->partitions[i]);
    }
    other->claims_again = true;
    CU_ASSERT_TRUE(owner_finish(other));
    expect_exact(server, other, 60000);
    owner_close(other);
    close_all();
}

static const struct suite_test tests[] = {
    TEST(killed_connections_repeat_nothing),
    TEST(what_hangs_on_the_way_comes_to_nothing),
    TEST(what_hangs_on_the_way_comes_to_nothing_without_the_right_to_kill_it),
    TEST(a_server_that_hangs_repeats_nothing),
    TEST(a_server_killed_in_mid_load_repeats_nothing),
    TEST(a_server_that_lost_its_last_second_is_given_it_again),
    TEST(a_server_that_went_back_in_time_is_given_it_again),
    TEST(a_server_that_loads_is_waited_for),
    TEST(everything_at_once_repeats_nothing),
};

int main(void)
{
    return SUITE("units_loss", tests);
}
