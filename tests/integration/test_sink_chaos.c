/*
 * test_sink_chaos.c: one mishap after the other while commands flow.
 *
 * A random mishap every few milliseconds: connections killed, the server stopped and continued, out
 * of memory, without its replicas, a replica itself, full of clients. In the end every number is
 * in its list, and the last copy of each comes behind the last copy of the one before: so for each
 * key the newest write is the one that stands. PENSTOCK_SEED repeats a run.
 */
#include "suite.h"

#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/clock.h"

#include <stdlib.h>

enum { RUN_MS = 6000, KEYS = 10, QUOTA = 1000 };

static struct redis_server *server;
static struct sink_fixture *fixture;

/* Each mishap is mended by the next step. */
static void mishap(long kind)
{
    static const char *const breaks[] = {
        "CONFIG SET maxmemory 1", "CONFIG SET min-replicas-to-write 1",
        "REPLICAOF 127.0.0.1 1",  "CLIENT PAUSE 150 WRITE",
        "CLIENT PAUSE 100 ALL",   "CLIENT KILL TYPE normal SKIPME yes",
        "CONFIG SET maxclients 1"};

    if (kind < 7)
        redis_ask(server, breaks[kind]);
    else if (kind == 7)
        redis_server_pause(server);
}

static void mend(long kind)
{
    static const char *const mends[] = {"CONFIG SET maxmemory 0",
                                        "CONFIG SET min-replicas-to-write 0", "REPLICAOF NO ONE"};

    if (kind < 3)
        redis_ask(server, mends[kind]);
    else if (kind == 6)
        redis_ask(server, "CONFIG SET maxclients 1000");
    else if (kind == 7)
        redis_server_resume(server);
}

static void push_while_there_is_room(int64_t until_ms)
{
    uint32_t end = fixture->put + QUOTA;
    char key[16], number[16];

    while (clock_ms() < until_ms) {
        for (int i = 0; i < 50 && fixture->put < end && sink_has_room(fixture->sink); i++) {
            snprintf(key, sizeof(key), "seq:%u", fixture->put % KEYS);
            snprintf(number, sizeof(number), "%u", fixture->put / KEYS);
            sink_fixture_put(fixture, "RPUSH", key, number, NULL);
        }
        sink_fixture_turn(fixture);
    }
}

static void expect_lists(void)
{
    static const char script[] =
        "for k = 0, 9 do local last, l = {}, redis.call('LRANGE', 'seq:' .. k, 0, -1) "
        "for i, t in ipairs(l) do last[tonumber(t)] = i end "
        "local before, n = 0, math.ceil((tonumber(ARGV[1]) - k) / 10) "
        "for i = 0, n - 1 do "
        "if not last[i] then return 'lost: ' .. k .. ' ' .. i end "
        "if last[i] < before then return 'late: ' .. k .. ' ' .. (i - 1) end "
        "before = last[i] end "
        "if last[n] then return 'more than was put' end end return 'good'";

    ASSERT_TEXT(redis_ask(server, "EVAL %s 0 %d", script, (int)fixture->put), "good");
}

static void run(int64_t connections)
{
    const char *given = getenv("PENSTOCK_SEED");
    unsigned seed = given ? (unsigned)atol(given) : (unsigned)clock_us();

    printf("seed %u\n", seed);
    srandom(seed);
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.connections = connections;
    fixture->options.response_timeout = 80;
    fixture->options.connect_timeout = 100;
    sink_fixture_start(fixture);
    for (int64_t end_ms = clock_ms() + RUN_MS; clock_ms() < end_ms;) {
        long kind = random() % 8;
        push_while_there_is_room(clock_ms() + random() % 60);
        mishap(kind);
        push_while_there_is_room(clock_ms() + random() % 120);
        mend(kind);
    }
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    expect_lists();
    printf("%u commands, %llu reconnects\n", fixture->put,
           (unsigned long long)fixture->counters->reconnects);
    sink_fixture_close(fixture);
    redis_server_free(server);
}

static void one_connection_keeps_its_promises(void)
{
    run(1);
}

static void several_connections_keep_them_for_each_key(void)
{
    run(3);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(one_connection_keeps_its_promises),
        TEST(several_connections_keep_them_for_each_key),
    };

    return SUITE("sink_chaos", tests);
}
