/* test_hosts.c: a sink whose url names a primary and its replica, which change roles. */
#include "suite.h"

#include "owner_fixture.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, COMMANDS = 20000, RECORDS = 6000 };

static struct redis_server *one, *two;
static struct sink_fixture *fixture;
static struct owner *owner;

static bool becomes(struct redis_server *server, const char *fact)
{
    for (int64_t end_ms = clock_ms() + PATIENCE_MS; clock_ms() < end_ms; usleep(10000))
        if (strstr(redis_ask(server, "INFO replication"), fact))
            return true;
    return false;
}

/* The second one is the replica. */
static void start_servers(void)
{
    one = redis_server_start("--repl-diskless-sync-delay", "0", NULL);
    two = redis_server_start("--repl-diskless-sync-delay", "0", NULL);
    ASSERT_TEXT(redis_ask(two, "REPLICAOF 127.0.0.1 %d", redis_server_port(one)), "OK");
    CU_ASSERT_TRUE_FATAL(becomes(two, "master_link_status:up"));
}

static void also(struct conf_sink *options, struct redis_server *server)
{
    options->others[options->other_count++] =
        (struct conf_address){options->host, redis_server_port(server)};
}

static void close_servers(void)
{
    redis_server_free(one);
    redis_server_free(two);
}

/* The roles are swapped, and nothing that was written is lost by that. */
static void swap(struct redis_server *primary, struct redis_server *replica)
{
    CU_ASSERT_TRUE(becomes(primary, "state=online"));
    ASSERT_TEXT(redis_ask(primary, "FAILOVER TO 127.0.0.1 %d", redis_server_port(replica)), "OK");
}

static void the_primary_is_found_behind_its_replica(void)
{
    start_servers();
    fixture = sink_fixture_new(redis_server_port(two));
    also(&fixture->options, one);
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 100);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    ASSERT_TEXT(redis_ask(one, "LLEN seq"), "100");
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    sink_fixture_close(fixture);
    close_servers();
}

static void commands_follow_the_primary(void)
{
    start_servers();
    fixture = sink_fixture_new(redis_server_port(one));
    fixture->options.connections = 3;
    also(&fixture->options, two);
    sink_fixture_start(fixture);
    for (int i = 0; i < COMMANDS; i++) {
        char key[16], bit[16];
        if (i == COMMANDS / 4)
            swap(one, two);
        if (i == COMMANDS / 2)
            CU_ASSERT_TRUE(sink_fixture_finish(fixture));
        if (i == COMMANDS / 2)
            swap(two, one);
        snprintf(key, sizeof(key), "bits:%d", i % 7);
        snprintf(bit, sizeof(bit), "%d", i);
        while (!sink_has_room(fixture->sink))
            sink_fixture_turn(fixture);
        sink_fixture_put(fixture, "SETBIT", key, bit, "1", NULL);
        if (i % 100 == 0)
            sink_fixture_turn(fixture);
    }
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_TRUE(becomes(one, "role:master"));
    long found = 0;
    for (int i = 0; i < 7; i++)
        found += atol(redis_ask(one, "BITCOUNT bits:%d", i));
    CU_ASSERT_EQUAL(found, COMMANDS);
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 3);
    sink_fixture_close(fixture);
    close_servers();
}

static void transactions_follow_the_primary(void)
{
    start_servers();
    owner = owner_new(redis_server_port(one), 4);
    owner->claims_again = true;
    also(&owner->options, two);
    owner_start(owner);
    owner_claim_all(owner);
    owner_feed(owner, RECORDS / 2);
    for (int i = 0; i < 20; i++)
        owner_turn(owner);
    swap(one, two);
    owner_feed(owner, RECORDS);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_TRUE(becomes(two, "role:master"));
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(atol(redis_ask(two, "LLEN list:%d", i)), RECORDS);
    owner_close(owner);
    close_servers();
}

static void a_promoted_replica_is_found_when_the_primary_is_dead(void)
{
    start_servers();
    fixture = sink_fixture_new(redis_server_port(one));
    also(&fixture->options, two);
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 100);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    ASSERT_TEXT(redis_ask(one, "SET behind 1"), "OK"); /* WAIT counts from it */
    ASSERT_TEXT(redis_ask(one, "WAIT 1 10000"), "1");
    redis_server_kill(one);
    sink_fixture_push_sequence(fixture, 100, 200);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "")); /* nobody takes writes */
    ASSERT_TEXT(redis_ask(two, "REPLICAOF NO ONE"), "OK");
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    ASSERT_TEXT(redis_ask(two, "LLEN seq"), "200");
    sink_fixture_close(fixture);
    close_servers();
}

static long clients_of(struct redis_server *server)
{
    return atol(strstr(redis_ask(server, "INFO clients"), "connected_clients:") + 18);
}

/* Two that both take writes: a sink writes to one of them, whatever its connections find. */
static void all_connections_go_where_one_finds_another_primary(void)
{
    start_servers();
    fixture = sink_fixture_new(redis_server_port(one));
    fixture->options.connections = 3;
    also(&fixture->options, two);
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 10);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    while (fixture->counters->connections_up < 3)
        sink_fixture_turn(fixture);
    ASSERT_TEXT(redis_ask(two, "REPLICAOF NO ONE"), "OK");
    long before = clients_of(two);
    ASSERT_TEXT(redis_ask(one, "CONFIG SET maxclients 1"), "OK"); /* nobody else is let in */
    const char *list = redis_ask(one, "CLIENT LIST TYPE normal");
    ASSERT_TEXT(redis_ask(one, "CLIENT KILL ID %ld", atol(strstr(list, "id=") + 3)), "1");
    for (int64_t end_ms = clock_ms() + PATIENCE_MS; clock_ms() < end_ms;) {
        sink_fixture_turn(fixture);
        if (fixture->counters->connections_up == 3 && clients_of(two) == before + 3)
            break;
    }
    CU_ASSERT_EQUAL(clients_of(two), before + 3);
    sink_fixture_close(fixture);
    close_servers();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_primary_is_found_behind_its_replica),
        TEST(commands_follow_the_primary),
        TEST(transactions_follow_the_primary),
        TEST(all_connections_go_where_one_finds_another_primary),
        TEST(a_promoted_replica_is_found_when_the_primary_is_dead),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("hosts", tests);
}
