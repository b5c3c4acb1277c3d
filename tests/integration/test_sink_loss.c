/*
 * test_sink_loss.c: connections that break, and interest that is lost.
 *
 * The common proof is a list: every RPUSH of 0, 1, 2, ... carries its number, so what is lost, out
 * of order or late shows in it. Each loss may send again from the first unanswered command on; what
 * the server executed of one connection must be over before anything of the next one runs.
 */
#include "suite.h"

#include "sink_and_server.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

enum { SEQUENCE = 20000 };

/* Nothing is lost, the numbers rise one by one, and fall back at most @p losses times. */
static void expect_sequence(int length, uint64_t losses)
{
    static const char script[] =
        "local l, top, falls, before = redis.call('LRANGE', 'seq', 0, -1), -1, 0, -1 "
        "for _, t in ipairs(l) do local n = tonumber(t) "
        "if n > before + 1 then return 'gap after ' .. before .. ': ' .. n end "
        "if n <= before then falls = falls + 1 end "
        "if n > top then top = n end before = n end "
        "if top ~= tonumber(ARGV[1]) - 1 or before ~= top then "
        "return 'ends with ' .. before .. ', top ' .. top end "
        "if falls > tonumber(ARGV[2]) then return 'falls back ' .. falls .. ' times' end "
        "return 'good'";

    ASSERT_TEXT(redis_ask(server, "EVAL %s 0 %d %d", script, length, (int)losses), "good");
}

/* --- losses ----------------------------------------------------------------------------------- */

static void a_killed_connection_comes_back_and_sends_again_in_order(void)
{
    open_real();
    for (int part = 0; part < 10; part++) {
        sink_fixture_push_sequence(fixture, part * SEQUENCE / 10, (part + 1) * SEQUENCE / 10);
        CU_ASSERT_NOT_EQUAL(sink_inflight(fixture->sink), 0);
        redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    expect_all_done();
    expect_sequence(SEQUENCE, fixture->counters->reconnects);
    CU_ASSERT_TRUE(fixture->counters->reconnects >= 5);
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 1);
    close_all();
}

static void a_server_that_restarts_gets_what_it_did_not_answer(void)
{
    server = redis_server_start("--appendonly", "yes", "--appendfsync", "always", NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    for (int part = 0; part < 4; part++) {
        sink_fixture_push_sequence(fixture, part * 1000, (part + 1) * 1000);
        redis_server_kill(server);
        sink_fixture_run(fixture, 50);
        redis_server_restart(server);
    }
    expect_all_done();
    expect_sequence(4000, fixture->counters->reconnects);
    close_all();
}

static void a_server_that_comes_later_is_waited_for(void)
{
    server = redis_server_start(NULL);
    redis_server_stop(server);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "Connection refused"));
    CU_ASSERT_TRUE(sink_trouble_since_ms(fixture->sink) > 0);
    redis_server_restart(server);
    expect_all_done();
    close_all();
}

static bool has_reconnected(struct sink_fixture *of)
{
    return of->counters->reconnects > 0 && !sink_trouble(of->sink);
}

static void an_idle_connection_that_was_lost_is_there_again_when_needed(void)
{
    open_real();
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    expect_all_done();
    redis_server_restart(server);
    CU_ASSERT_TRUE(sink_fixture_until(fixture, has_reconnected));
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    expect_all_done();
    close_all();
}

static void no_room_for_clients_is_waited_for(void)
{
    server = redis_server_start(NULL);
    redis_ask(server, "CONFIG SET maxclients 1");
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "max number of clients"));
    redis_ask(server, "CONFIG SET maxclients 100");
    expect_all_done();
    close_all();
}

/*
 * The server stops for longer than the timeout with the socket's buffers full. When it goes on it
 * finds the old connection's unread bytes beside the new connection: were these executed, then
 * numbers of the old one would come behind those of the new one.
 */
static void what_the_lost_connection_left_unread_is_never_executed(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.window_commands = 10000;
    fixture->options.response_timeout = 200;
    fixture->options.connect_timeout = 300;
    sink_fixture_start(fixture);
    for (int part = 0; part < 3; part++) {
        sink_fixture_push_sequence(fixture, part * 10000, part * 10000 + 200);
        CU_ASSERT_TRUE(sink_fixture_finish(fixture));
        redis_server_pause(server);
        sink_fixture_push_sequence(fixture, part * 10000 + 200, (part + 1) * 10000);
        CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "no answer for"));
        sink_fixture_run(fixture, 200);
        redis_server_resume(server);
        CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    }
    expect_all_done();
    expect_sequence(30000, fixture->counters->reconnects);
    CU_ASSERT_TRUE(fixture->counters->reconnects >= 3);
    close_all();
}

/* The same without a race: the old connection's bytes hang in a proxy until the new one is done. */
static void what_hangs_on_the_way_is_never_executed_behind_what_was_sent_again(void)
{
    open_proxied(100 << 20);
    fixture->options.response_timeout = 200;
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 100);
    expect_all_done();
    fake_server_hold(fake);
    sink_fixture_push_sequence(fixture, 100, 300);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "no answer for"));
    fixture->options.response_timeout = 60000; /* that once is enough */
    expect_all_done();
    sink_fixture_push_sequence(fixture, 300, 400);
    expect_all_done();
    fake_server_release(fake);
    sink_fixture_run(fixture, 100);
    expect_sequence(400, 0);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    close_all();
}

static void a_pause_of_all_clients_loses_nothing(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.response_timeout = 200;
    fixture->options.connect_timeout = 200;
    sink_fixture_start(fixture);
    int length = 0;
    do { /* until one is not over before anybody waits */
        sink_fixture_push_sequence(fixture, length, length + SEQUENCE / 2);
        redis_ask(server, "CLIENT PAUSE 700 ALL");
        sink_fixture_push_sequence(fixture, length + SEQUENCE / 2, length + SEQUENCE);
        expect_all_done();
        length += SEQUENCE;
    } while (fixture->counters->reconnects == 0 && length < 5 * SEQUENCE);
    expect_sequence(length, fixture->counters->reconnects);
    CU_ASSERT_TRUE(fixture->counters->reconnects >= 1);
    close_all();
}

static bool has_reconnected_twice(struct sink_fixture *of)
{
    return of->counters->reconnects >= 2;
}

static void a_pause_of_writes_ends_in_one_probe_after_the_other(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.response_timeout = 200;
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 1000);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    redis_ask(server, "CLIENT PAUSE 60000 WRITE");
    sink_fixture_push_sequence(fixture, 1000, 1400);
    CU_ASSERT_TRUE(sink_fixture_until(fixture, has_reconnected_twice));
    redis_ask(server, "CLIENT UNPAUSE");
    expect_all_done();
    expect_sequence(1400, fixture->counters->reconnects);
    close_all();
}

static void a_user_who_may_not_kill_still_gets_through(void)
{
    server = redis_server_start(NULL);
    redis_ask(server, "ACL SETUSER bridge on >secret ~* -@all +set");
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.username.text = "bridge";
    fixture->options.password.text = "secret";
    fixture->options.response_timeout = 200;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    expect_all_done();
    redis_ask(server, "CLIENT PAUSE 500 WRITE");
    sink_fixture_put(fixture, "SET", "key", "2", NULL);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "GET key"), "2");
    close_all();
}

static void a_name_that_nobody_knows_is_told_and_asked_for_again(void)
{
    fixture = sink_fixture_new(6379);
    free(fixture->options.host);
    fixture->options.host = mem_text("no such host");
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "resolve no such host"));
    sink_fixture_run(fixture, 300); /* some more tries, and an end in the middle of one */
    CU_ASSERT_PTR_NOT_NULL(sink_trouble(fixture->sink));
    close_all();
}

/* --- interest lost ---------------------------------------------------------------------------- */

static void what_is_not_wanted_any_more_is_dropped_unsent(void)
{
    server = redis_server_start(NULL);
    redis_server_stop(server);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_push_sequence(fixture, 0, 100);
    fixture->unwanted_below = 60;
    sink_discard(fixture->sink);
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 40);
    redis_server_restart(server);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    for (uint32_t i = 0; i < fixture->put; i++)
        CU_ASSERT_EQUAL(fixture->outcomes[i], i < 60 ? TICKET_DROPPED : TICKET_DONE);
    ASSERT_TEXT(redis_ask(server, "LINDEX seq 0"), "60");
    ASSERT_TEXT(redis_ask(server, "LLEN seq"), "40");
    close_all();
}

static void what_was_sent_but_is_not_wanted_is_not_sent_again(void)
{
    open_real();
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    expect_all_done();
    redis_server_pause(server);
    sink_fixture_push_sequence(fixture, 0, 100);
    for (int turn = 0; turn < 10; turn++) /* sent, not answered */
        sink_fixture_turn(fixture);
    sink_discard(fixture->sink);
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 100);
    fixture->unwanted_below = 61;
    sink_discard(fixture->sink); /* sent ones stay: their answers may come */
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 100);
    redis_server_kill(server);
    redis_server_restart(server);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[60], TICKET_DROPPED);
    CU_ASSERT_EQUAL(fixture->outcomes[61], TICKET_DONE);
    ASSERT_TEXT(redis_ask(server, "LINDEX seq 0"), "60");
    close_all();
}

static void a_sink_may_end_at_any_moment(void)
{
    server = redis_server_start(NULL);
    for (int i = 0; i < 40; i++) {
        fixture = sink_fixture_open(redis_server_port(server));
        if (i % 2)
            sink_fixture_put(fixture, "SET", "key", "value", NULL);
        for (int turn = 0; turn < i / 4; turn++)
            sink_fixture_turn(fixture);
        sink_fixture_close(fixture);
    }
    fixture = NULL;
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "INFO clients"), "connected_clients:"));
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_killed_connection_comes_back_and_sends_again_in_order),
        TEST(a_server_that_restarts_gets_what_it_did_not_answer),
        TEST(a_server_that_comes_later_is_waited_for),
        TEST(an_idle_connection_that_was_lost_is_there_again_when_needed),
        TEST(no_room_for_clients_is_waited_for),
        TEST(what_the_lost_connection_left_unread_is_never_executed),
        TEST(what_hangs_on_the_way_is_never_executed_behind_what_was_sent_again),
        TEST(a_pause_of_all_clients_loses_nothing),
        TEST(a_pause_of_writes_ends_in_one_probe_after_the_other),
        TEST(a_user_who_may_not_kill_still_gets_through),
        TEST(a_name_that_nobody_knows_is_told_and_asked_for_again),
        TEST(what_is_not_wanted_any_more_is_dropped_unsent),
        TEST(what_was_sent_but_is_not_wanted_is_not_sent_again),
        TEST(a_sink_may_end_at_any_moment),
    };

    return SUITE_APART("sink_loss", tests);
}
