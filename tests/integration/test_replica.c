/*
 * test_replica.c: a primary that is demoted: it grants everything but writes.
 *
 * A step that a replica grants, too (the handshake, MULTI), is no sign that it takes commands:
 * connections are made ever more rarely, and the trouble stands, until work is done. Where the
 * server may be asked for its role, not a command is sent.
 */
#include "suite.h"

#include "owner_fixture.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/clock.h"

#include <stdlib.h>

enum { WATCHED_MS = 3000, TRIES_MOST = 14 /* of one connection, in that time */ };

static struct redis_server *server;
static struct sink_fixture *fixture;
static struct owner *owner;

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
        fixture = sink_fixture_open(redis_server_port(server));
        sink_fixture_push_sequence(fixture, 0, 100);
        CU_ASSERT_TRUE(sink_fixture_finish(fixture));
        demote();
        long before = fact("stats", "total_connections_received:");
        sink_fixture_push_sequence(fixture, 100, 200);
        CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "READONLY"));
        for (int64_t end_ms = clock_ms() + WATCHED_MS; clock_ms() < end_ms;) {
            sink_fixture_turn(fixture);
            CU_ASSERT_PTR_NOT_NULL_FATAL(sink_trouble(fixture->sink));
        }
        CU_ASSERT(fact("stats", "total_connections_received:") - before < TRIES_MOST);
        ASSERT_TEXT(redis_ask(server, "REPLICAOF NO ONE"), "OK");
        CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
        ASSERT_TEXT(redis_ask(server, "LLEN seq"), "200");
        sink_fixture_close(fixture);
        redis_server_free(server);
    }
}

static void exactly_once_tries_ever_more_rarely(void)
{
    for (size_t i = 0; i < 2; i++) {
        start(users[i]);
        owner = owner_open(redis_server_port(server), 4);
        owner_claim_all(owner);
        owner_feed(owner, 100);
        CU_ASSERT_TRUE(owner_finish(owner));
        demote();
        long before = fact("stats", "total_connections_received:");
        owner_feed(owner, 200);
        CU_ASSERT_TRUE(owner_wait_trouble(owner, "READONLY"));
        for (int64_t end_ms = clock_ms() + WATCHED_MS; clock_ms() < end_ms;) {
            owner_turn(owner);
            CU_ASSERT_PTR_NOT_NULL_FATAL(sink_trouble(owner->sink));
        }
        long tries = fact("stats", "total_connections_received:") - before;
        if (tries >= 4 * TRIES_MOST)
            fprintf(stderr, "%ld connections in %d ms\n", tries, WATCHED_MS);
        CU_ASSERT(tries < 4 * TRIES_MOST);
        ASSERT_TEXT(redis_ask(server, "REPLICAOF NO ONE"), "OK");
        CU_ASSERT_TRUE(owner_finish(owner));
        ASSERT_TEXT(redis_ask(server, "LLEN list:3"), "200");
        CU_ASSERT_EQUAL(owner->refused, 0);
        owner_close(owner);
        redis_server_free(server);
    }
}

/* The role is known before a command is sent: nothing is refused. */
static void a_replica_is_not_written_to(void)
{
    server = redis_server_start("--replicaof", "127.0.0.1", "1", NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_push_sequence(fixture, 0, 100);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "READONLY: the server is a replica"));
    sink_fixture_run(fixture, 300);
    CU_ASSERT_EQUAL(fact("errorstats", "errorstat_READONLY:count="), -1);
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 0);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET replica-read-only no"), "OK");
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture)); /* somebody wants it so */
    sink_fixture_close(fixture);
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(at_least_once_tries_ever_more_rarely),
        TEST(exactly_once_tries_ever_more_rarely),
        TEST(a_replica_is_not_written_to),
    };

    return SUITE_APART("replica", tests);
}
