/*
 * test_replica.c: a primary that is demoted: it grants everything but writes.
 *
 * A step that a replica grants, too (the handshake, MULTI), is no sign that it takes commands:
 * connections are made ever more rarely, and the trouble stands, until work is done. Where the
 * server may be asked for its role, not a command is sent.
 */
#include "suite.h"

#include "feeder.h"
#include "redis_server.h"
#include "sink_driver.h"

#include "base/clock.h"

#include <stdlib.h>

enum { WATCHED_MS = 3000, TRIES_MOST = 14 /* of one connection, in that time */ };

static struct redis_server *server;
static struct driver *driver;
static struct feeder *feeder;

static const char *const users[] = {"ACL SETUSER default +@all",
                                    "ACL SETUSER default -info"}; /* it cannot ask for the role */

static long fact(const char *section, const char *name)
{
    const char *found = strstr(redis_ask(server, "INFO %s", section), name);

    return found ? atol(found + strlen(name)) : -1;
}

static void start(const char *user)
{
    server = redis_server_start(NULL);
    ASSERT_TEXT(redis_ask(server, user), "OK");
}

static void demote(void)
{
    ASSERT_TEXT(redis_ask(server, "ACL SETUSER watcher on nopass ~* +@all"), "OK");
    ASSERT_TEXT(redis_ask(server, "AUTH watcher any"), "OK");
    ASSERT_TEXT(redis_ask(server, "REPLICAOF 127.0.0.1 1"), "OK");
}

static void at_least_once_tries_ever_more_rarely(void)
{
    for (size_t i = 0; i < 2; i++) {
        start(users[i]);
        driver = driver_open(redis_server_port(server));
        driver_push_sequence(driver, 0, 100);
        CU_ASSERT_TRUE(driver_finish(driver));
        demote();
        long before = fact("stats", "total_connections_received:");
        driver_push_sequence(driver, 100, 200);
        CU_ASSERT_TRUE(driver_wait_trouble(driver, "READONLY"));
        for (int64_t end_ms = clock_ms() + WATCHED_MS; clock_ms() < end_ms;) {
            driver_turn(driver);
            CU_ASSERT_PTR_NOT_NULL_FATAL(sink_trouble(driver->sink));
        }
        CU_ASSERT(fact("stats", "total_connections_received:") - before < TRIES_MOST);
        ASSERT_TEXT(redis_ask(server, "REPLICAOF NO ONE"), "OK");
        CU_ASSERT_TRUE(driver_succeeds(driver));
        ASSERT_TEXT(redis_ask(server, "LLEN seq"), "200");
        driver_close(driver);
        redis_server_free(server);
    }
}

static void exactly_once_tries_ever_more_rarely(void)
{
    for (size_t i = 0; i < 2; i++) {
        start(users[i]);
        feeder = feeder_open(redis_server_port(server), 4);
        feeder_claim_all(feeder);
        feeder_feed(feeder, 100);
        CU_ASSERT_TRUE(feeder_finish(feeder));
        demote();
        long before = fact("stats", "total_connections_received:");
        feeder_feed(feeder, 200);
        CU_ASSERT_TRUE(feeder_wait_trouble(feeder, "READONLY"));
        for (int64_t end_ms = clock_ms() + WATCHED_MS; clock_ms() < end_ms;) {
            feeder_turn(feeder);
            CU_ASSERT_PTR_NOT_NULL_FATAL(units_trouble(feeder->units));
        }
        long tries = fact("stats", "total_connections_received:") - before;
        if (tries >= 4 * TRIES_MOST)
            fprintf(stderr, "%ld connections in %d ms\n", tries, WATCHED_MS);
        CU_ASSERT(tries < 4 * TRIES_MOST);
        ASSERT_TEXT(redis_ask(server, "REPLICAOF NO ONE"), "OK");
        CU_ASSERT_TRUE(feeder_finish(feeder));
        ASSERT_TEXT(redis_ask(server, "LLEN list:3"), "200");
        CU_ASSERT_EQUAL(feeder->refused, 0);
        feeder_close(feeder);
        redis_server_free(server);
    }
}

/* The role is known before a command is sent: nothing is refused. */
static void a_replica_is_not_written_to(void)
{
    server = redis_server_start("--replicaof", "127.0.0.1", "1", NULL);
    driver = driver_open(redis_server_port(server));
    driver_push_sequence(driver, 0, 100);
    CU_ASSERT_TRUE(driver_wait_trouble(driver, "READONLY: the server is a replica"));
    driver_run(driver, 300);
    CU_ASSERT_EQUAL(fact("errorstats", "errorstat_READONLY:count="), -1);
    CU_ASSERT_EQUAL(driver->counters->connections_up, 0);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET replica-read-only no"), "OK");
    CU_ASSERT_TRUE(driver_succeeds(driver)); /* somebody wants it so */
    driver_close(driver);
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(at_least_once_tries_ever_more_rarely),
        TEST(exactly_once_tries_ever_more_rarely),
        TEST(a_replica_is_not_written_to),
    };

    return SUITE("replica", tests);
}
