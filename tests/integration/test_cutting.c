/*
 * test_cutting.c: a record that ends the connection it comes by, and the innocent ones beside it.
 *
 * The guilty one is refused, alone, and everything else arrives: real limits of a real server.
 * Whatever else ends connections (somebody who kills clients, a server that dies, a proxy without
 * one) condemns nothing, however often it does.
 */
#include "suite.h"

#include "expect_exact.h"
#include "fake_redis_server.h"
#include "owner_fixture.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

enum { BIG = 3 << 20, BIG_OFFSET = 20 };

static struct redis_server *server;
static struct sink_fixture *fixture;
static struct owner *owner;
static struct fake_server *fake;
static char *big;

static void start(const char *setting)
{
    server = redis_server_start(NULL);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET %s 1mb", setting), "OK");
    big = mem_alloc(BIG + 1);
    memset(big, 'x', BIG);
    big[BIG] = '\0';
}

static void stop(void)
{
    sink_fixture_close(fixture);
    owner_close(owner);
    redis_server_free(server);
    free(big);
    fixture = NULL;
    owner = NULL;
    server = NULL;
    big = NULL;
}

/* Every number but that of the big one's ticket is in the list, in order. */
static void expect_others_done(uint32_t refused)
{
    for (uint32_t i = 0; i < fixture->put; i++)
        CU_ASSERT_EQUAL(fixture->outcomes[i], i == refused ? TICKET_REFUSED : TICKET_DONE);
    CU_ASSERT_FALSE(fixture->unordered);
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    ASSERT_TEXT(redis_ask(server, "LINDEX seq -1"), "99");
    ASSERT_TEXT(redis_ask(server, "EXISTS big"), "0");
}

static void push_with_a_big_one(void)
{
    sink_fixture_push_sequence(fixture, 0, 50);
    sink_fixture_put(fixture, "SET", "big", big, NULL);
    sink_fixture_push_sequence(fixture, 50, 100);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
}

/* How many connections it ended, as the refusal says; more than in a row if one of them may have
 * ended for another reason, such as a machine that is slow. */
static unsigned ends_told(const char *text)
{
    const char *told = strstr(text, "the server ended ");
    unsigned count = 0;

    return told && sscanf(told, "the server ended %u connections", &count) == 1 ? count : 0;
}

/* --- guilty ----------------------------------------------------------------------------------- */

static void a_record_above_the_query_buffer_is_refused_alone(void)
{
    start("client-query-buffer-limit");
    fixture = sink_fixture_open(redis_server_port(server));
    push_with_a_big_one();
    expect_others_done(50);
    CU_ASSERT_EQUAL(fixture->class, REPLY_REJECT);
    CU_ASSERT(ends_told(fixture->text) >= 5);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(fixture->text, " at this command (3145762 bytes) without an answer"));
    CU_ASSERT_EQUAL(fixture->suspicions, 1);
    CU_ASSERT_EQUAL(fixture->suspected, 50);
    stop();
}

static void a_route_s_retry_timeout_ends_it_sooner(void)
{
    start("client-query-buffer-limit");
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->retry_timeout_ms = 100;
    sink_fixture_start(fixture);
    push_with_a_big_one();
    expect_others_done(50);
    CU_ASSERT(ends_told(fixture->text) >= 2);
    if (strstr(fixture->text,
               " in a row ")) /* else an end was the machine's fault, and did not count */
        CU_ASSERT(ends_told(fixture->text) < 5);
    stop();
}

static void what_the_server_says_before_it_hangs_up_is_its_answer(void)
{
    start("proto-max-bulk-len");
    fixture = sink_fixture_open(redis_server_port(server));
    push_with_a_big_one();
    expect_others_done(50);
    ASSERT_TEXT(fixture->text, "ERR Protocol error: invalid bulk length");
    CU_ASSERT_EQUAL(fixture->suspicions, 0);
    stop();
}

/* The record of partition 1 at BIG_OFFSET has a big command in front of the usual ones. */
static bool render_big(struct owner_partition *partition, int64_t offset, unsigned place)
{
    if (partition->number != 1 || offset != BIG_OFFSET)
        return owner_render(partition, offset, place);
    if (place == 0)
        owner_put(partition, "SET", "big", big, NULL);
    return place == 0 || owner_render(partition, offset, place - 1);
}

static void feed_with_a_big_one(void)
{
    owner = owner_new(redis_server_port(server), 3);
    owner->render = render_big;
    owner->verdict = UNITS_SKIP;
    owner_start(owner);
    owner_claim_all(owner);
    owner_feed(owner, 100);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 1);
    CU_ASSERT_EQUAL(owner->dropped, 0);
    CU_ASSERT_EQUAL(owner->class, REPLY_REJECT);
    CU_ASSERT_PTR_NULL(sink_trouble(owner->sink));
    for (int i = 0; i < 3; i++) {
        expect_exact_list(server, i, 100);
        expect_exact_sum(server, i, 100);
    }
    ASSERT_TEXT(redis_ask(server, "EXISTS big"), "0");
}

static void exactly_once_refuses_it_alone_too(void)
{
    start("client-query-buffer-limit");
    feed_with_a_big_one();
    CU_ASSERT(ends_told(owner->text) >= 5);
    CU_ASSERT_EQUAL(owner->suspicions, 1);
    stop();
}

static void exactly_once_hears_what_is_said_before_the_end_too(void)
{
    start("proto-max-bulk-len");
    feed_with_a_big_one();
    ASSERT_TEXT(owner->text, "ERR Protocol error: invalid bulk length");
    CU_ASSERT_EQUAL(owner->suspicions, 0);
    stop();
}

/* Each record is small enough, only many of them in one transaction are not. */
static bool render_half(struct owner_partition *partition, int64_t offset, unsigned place)
{
    if (place == 0)
        owner_put(partition, "SET", "half", big + BIG - (400 << 10), NULL);
    return place == 0 || owner_render(partition, offset, place - 1);
}

static void records_that_are_too_large_together_go_one_by_one(void)
{
    start("client-query-buffer-limit");
    owner = owner_new(redis_server_port(server), 1);
    owner->options.unit_bytes = 4 << 20;
    owner->render = render_half;
    owner_start(owner);
    owner_claim_all(owner);
    owner_feed(owner, 30);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_EQUAL(owner->refused, 0);
    expect_exact_list(server, 0, 30);
    expect_exact_sum(server, 0, 30);
    stop();
}

/* --- innocent --------------------------------------------------------------------------------- */

/* A command that takes longer than the time between two kills is cut again and again. */
static void killed_clients_condemn_no_command(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_put(fixture, "BLPOP", "nothing", "0.4", NULL);
    for (int i = 0; i < 24 || (i < 400 && fixture->counters->reconnects < 5); i++) {
        sink_fixture_run(fixture, 150);
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    CU_ASSERT_TRUE(fixture->counters->reconnects >= 5);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    stop();
}

/* It ends the server each time: then nobody else is answered, either. It is told, and stays. */
static void a_server_that_dies_of_a_command_has_not_answered(void)
{
    unsigned since_told = 0;

    server = redis_server_start(NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_put(fixture, "SHUTDOWN", "NOSAVE", NULL);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    for (int i = 0; i < 60 && since_told < 4; i++) {
        sink_fixture_run(fixture, 400);
        redis_server_restart(server);
        since_told += fixture->suspicions;
    }
    CU_ASSERT_EQUAL(fixture->answered, 0);
    CU_ASSERT_EQUAL(fixture->suspicions, 1);
    CU_ASSERT_EQUAL(fixture->suspected, 0);
    stop();
}

/* A proxy whose server is away: it greets, it answers PING, and everything else ends there. */
static const char *lonely_proxy(void *context, unsigned connection, unsigned number,
                                const char *name)
{
    (void)context, (void)connection, (void)number;
    if (strcmp(name, "PING") == 0)
        return "+PONG\r\n";
    return strcmp(name, "EXISTS") == 0 ? "-ERR no server here\r\n" : "";
}

static bool has_met_four(struct sink_fixture *of)
{
    (void)of;
    return fake_server_connections(fake) >= 4;
}

static void a_proxy_without_a_server_condemns_nothing(void)
{
    fixture = sink_fixture_new(0);
    fake = fake_server_open(fixture->loop.base, lonely_proxy, NULL);
    fixture->options.port = fake_server_port(fake);
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    sink_fixture_run(fixture, 4000);
    CU_ASSERT_TRUE(sink_fixture_until(fixture, has_met_four));
    CU_ASSERT_EQUAL(fixture->answered, 0);
    sink_fixture_stop(fixture);
    fake_server_close(fake);
    stop();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_above_the_query_buffer_is_refused_alone),
        TEST(a_route_s_retry_timeout_ends_it_sooner),
        TEST(what_the_server_says_before_it_hangs_up_is_its_answer),
        TEST(exactly_once_refuses_it_alone_too),
        TEST(exactly_once_hears_what_is_said_before_the_end_too),
        TEST(records_that_are_too_large_together_go_one_by_one),
        TEST(killed_clients_condemn_no_command),
        TEST(a_server_that_dies_of_a_command_has_not_answered),
        TEST(a_proxy_without_a_server_condemns_nothing),
    };

    return SUITE_APART("cutting", tests);
}
