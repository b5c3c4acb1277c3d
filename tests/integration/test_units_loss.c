/*
 * test_units_loss.c: exactly once, though connections break and servers die.
 *
 * What is in flight when an answer is lost may have been carried out or not, and what still is on
 * its way may be carried out later.
 */
#include "suite.h"

#include "exact.h"
#include "fake_server.h"
#include "feeder.h"
#include "redis_server.h"

#include "base/clock.h"

#include <stdlib.h>

static struct redis_server *server;
static struct feeder *feeder;
static struct fake_server *fake;

static void close_all(void)
{
    units_free(feeder->units); /* the fake one lives on its loop */
    feeder->units = NULL;
    fake_server_close(fake);
    feeder_close(feeder);
    redis_server_free(server);
    fake = NULL;
}

static void open_claimed(size_t partitions)
{
    feeder = feeder_new(redis_server_port(server), partitions);
    feeder->claims_again = true;
    feeder->options.response_timeout = 300;
    feeder->options.connect_timeout = 1000;
    feeder_start(feeder);
    feeder_claim_all(feeder);
    CU_ASSERT_TRUE(feeder_wait_claimed(feeder));
}

/* --- connections ------------------------------------------------------------------------------ */

static void killed_connections_repeat_nothing(void)
{
    server = redis_server_start(NULL);
    open_claimed(4);
    feeder_feed(feeder, 400000);
    for (int i = 0; i < 15; i++) {
        while (feeder->counters->connections_up < 4)
            feeder_turn(feeder);
        for (int turn = 0; turn < 5; turn++)
            feeder_turn(feeder);
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        while (feeder->counters->connections_up == 4)
            feeder_turn(feeder);
    }
    for (int i = 0; i < 4; i++)
        feeder->partitions[i].end = feeder->partitions[i].position;
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT(feeder->counters->reconnects >= 15);
    CU_ASSERT_EQUAL(feeder->refused, 0);
    for (int i = 0; i < 4; i++) {
        expect_exact_list(server, i, feeder->partitions[i].end);
        expect_exact_sum(server, i, feeder->partitions[i].end);
    }
    close_all();
}

/* The body hangs in a proxy until the next connection has settled it. */
static void hang_on_the_way(bool may_kill)
{
    server = redis_server_start(NULL);
    if (!may_kill)
        redis_ask(server, "ACL SETUSER default -client|kill");
    feeder = feeder_new(0, 2);
    fake = fake_server_proxy(feeder->stand.base, redis_server_port(server), 100 << 20);
    feeder->options.port = fake_server_port(fake);
    feeder->options.response_timeout = 200;
    feeder_start(feeder);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 100);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    fake_server_hold(fake);
    feeder_feed(feeder, 150);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->counters->reconnects, 2);
    feeder_feed(feeder, 200);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    fake_server_release(fake);
    feeder_run(feeder, 100);
    feeder_feed(feeder, 210);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[0].fences, 0);
    expect_exact(server, feeder, 210);
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
        feeder_feed(feeder, 3000 * i);
        for (int turn = 0; turn < 3; turn++)
            feeder_turn(feeder);
        redis_server_pause(server);
        feeder_run(feeder, 450);
        redis_server_resume(server);
        CU_ASSERT_TRUE(feeder_finish(feeder));
    }
    CU_ASSERT(feeder->counters->reconnects >= 3);
    expect_exact(server, feeder, 12000);
    close_all();
}

/* --- servers ---------------------------------------------------------------------------------- */

/* kill -9 in mid load, @p times; what the server kept decides where each partition goes on. */
static void die(const char *fsync, int times)
{
    server = redis_server_start("--appendonly", "yes", "--appendfsync", fsync, NULL);
    open_claimed(4);
    for (int i = 1; i <= times; i++) {
        feeder_feed(feeder, 10000 * i);
        feeder_run(feeder, 20 + 13 * i);
        redis_server_kill(server);
        feeder_run(feeder, 20);
        redis_server_restart(server);
    }
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT(feeder->counters->reconnects >= 4);
    CU_ASSERT_EQUAL(feeder->partitions[0].taken, 0);
    expect_exact(server, feeder, 10000 * times);
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
    feeder_feed(feeder, 500);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    redis_ask(server, "SAVE");
    feeder_feed(feeder, 1000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    redis_server_kill(server);
    redis_server_restart(server);
    CU_ASSERT_TRUE(feeder_wait_fenced(feeder));
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[0].fences, 1);
    CU_ASSERT_EQUAL(feeder->partitions[0].taken, 0);
    CU_ASSERT_EQUAL(feeder->partitions[0].start, 500);
    expect_exact(server, feeder, 1000);
    close_all();
}

static void a_server_that_loads_is_waited_for(void)
{
    server = redis_server_start("--appendonly", "yes", "--aof-use-rdb-preamble", "no",
                                "--appendfsync", "always", NULL);
    open_claimed(2);
    feeder_feed(feeder, 2000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    redis_ask(server, "CONFIG SET key-load-delay 500");
    redis_ask(server, "CONFIG REWRITE");
    redis_server_restart_loading(server);
    feeder_feed(feeder, 3000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->refused, 0);
    expect_exact(server, feeder, 3000);
    close_all();
}

/* All of it at once, for two owners. */
static void everything_at_once_repeats_nothing(void)
{
    server = redis_server_start("--appendonly", "yes", "--appendfsync", "everysec", NULL);
    open_claimed(4);
    struct feeder *other = feeder_open(redis_server_port(server), 4), *pair[] = {feeder, other};
    feeder->claims_again = false;
    feeder_feed(feeder, 60000);
    feeder_feed(other, 60000);
    srand(4711);
    for (int round = 0; round < 60; round++) {
        struct feeder *thief = pair[rand() % 2];
        for (int i = 0; i < 4; i++)
            if (!thief->partitions[i].claim && rand() % 2)
                feeder_claim(&thief->partitions[i]);
        for (int turns = rand() % 8; turns > 0; turns--) {
            feeder_turn(feeder);
            feeder_turn(other);
        }
        if (rand() % 4 == 0)
            redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
        if (rand() % 12 == 0)
            redis_server_restart(server);
        if (rand() % 8 == 0 && feeder->partitions[0].claim)
            feeder_drop(&feeder->partitions[0]);
    }
    for (int i = 0; i < 4; i++) {
        if (feeder->partitions[i].claim)
            feeder_drop(&feeder->partitions[i]);
        if (!other->partitions[i].claim)
            feeder_claim(&other->partitions[i]);
    }
    other->claims_again = true;
    CU_ASSERT_TRUE(feeder_finish(other));
    expect_exact(server, other, 60000);
    feeder_close(other);
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
