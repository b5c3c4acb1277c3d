/* test_sink_configure.c: a sink's options change while commands flow. */
#include "suite.h"

#include "sink_and_server.h"

#include <stdlib.h>

enum { COMMANDS = 5000 };

static struct conf_sink changed;

static void configure(bool expected)
{
    bool renewed = !expected;
    struct err err;

    CU_ASSERT_TRUE(sink_configure(fixture->sink, &changed, &renewed, &err));
    CU_ASSERT_EQUAL(renewed, expected);
}

/* It is connected. */
static void open_connected(void)
{
    open_real();
    sink_fixture_put(fixture, "SET", "first", "1", NULL);
    expect_all_done();
}

static void put_many(void)
{
    for (int i = 0; i < COMMANDS; i++)
        sink_fixture_put(fixture, "RPUSH", "list", "x", NULL);
}

/* Each command was carried out once, in order. */
static void expect_each_once(struct redis_server *asked, const char *wanted)
{
    expect_all_done();
    CU_ASSERT_FALSE(fixture->unordered);
    ASSERT_TEXT(redis_ask(asked, "LLEN list"), wanted);
}

static void a_limit_changes_without_a_new_connection(void)
{
    open_real();
    changed = fixture->options;
    changed.window_commands = 10;
    put_many();
    configure(false);
    put_many();
    expect_each_once(server, "10000");
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    for (int i = 0; i < 10; i++)
        sink_fixture_put(fixture, "RPUSH", "list", "x", NULL);
    CU_ASSERT_FALSE(sink_has_room(fixture->sink));
    expect_all_done();
    close_all();
}

static void a_new_password_is_used_once_what_was_sent_is_answered(void)
{
    open_connected();
    put_many();
    sink_fixture_turn(fixture); /* some are sent, some are not */
    redis_ask(server, "CONFIG SET requirepass new");
    changed = fixture->options;
    changed.password.text = "new";
    configure(true);
    put_many();
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    configure(false);
    put_many();
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    redis_ask(server, "AUTH new");
    redis_ask(server, "CONFIG SET requirepass %b", "", (size_t)0);
    expect_each_once(server, "15000");
    close_all();
}

static void a_refused_password_is_replaced_at_once(void)
{
    server = redis_server_start("--requirepass", "right", NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.password.text = "wrong";
    sink_fixture_start(fixture);
    put_many();
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "WRONGPASS"));
    changed = fixture->options;
    changed.password.text = "right";
    configure(true);
    expect_all_done();
    redis_ask(server, "AUTH right");
    ASSERT_TEXT(redis_ask(server, "LLEN list"), "5000");
    close_all();
}

static void another_server_gets_what_was_not_sent(void)
{
    struct redis_server *other = redis_server_start(NULL);
    long first, second;

    open_connected();
    changed = fixture->options;
    changed.port = redis_server_port(other);
    put_many();
    sink_fixture_turn(fixture);
    configure(true);
    put_many();
    expect_all_done();
    CU_ASSERT_FALSE(fixture->unordered);
    first = atol(redis_ask(server, "LLEN list"));
    second = atol(redis_ask(other, "LLEN list"));
    CU_ASSERT(first > 0 && second >= COMMANDS);
    CU_ASSERT_EQUAL(first + second, 2 * COMMANDS);
    close_all();
    redis_server_free(other);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_limit_changes_without_a_new_connection),
        TEST(a_new_password_is_used_once_what_was_sent_is_answered),
        TEST(a_refused_password_is_replaced_at_once),
        TEST(another_server_gets_what_was_not_sent),
    };

    return SUITE("sink_configure", tests);
}
