/* test_sink.c: one worker's way into one Redis, while the connection holds. */
#include "suite.h"

#include "sink_and_server.h"

#include "base/clock.h"
#include "base/mem.h"
#include "redis/units.h"

#include <stdlib.h>

static const char *say(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)connection, (void)number, (void)name;
    return context;
}

/* A server that answers every command so. */
static void open_answering(const char *answer)
{
    open_fake(say, (void *)answer);
    sink_fixture_start(fixture);
}

/* The last refusal is that of @p ticket. */
static void expect_refusal(uint32_t ticket, enum reply_class class, const char *text)
{
    CU_ASSERT_EQUAL(fixture->outcomes[ticket], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->class, class);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, text));
}

static void an_answered_command_is_done(void)
{
    open_real();
    CU_ASSERT_PTR_NOT_NULL(sink_trouble(fixture->sink)); /* not connected yet */
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 1);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "GET key"), "value");
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 1);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    CU_ASSERT_EQUAL(fixture->counters->commands[command_find(SLICE("SET"))->index * RESULT_COUNT],
                    1);
    close_all();
}

/* One answer takes 50 ms, which many others do not. */
static void the_time_to_an_answer_is_measured(void)
{
    open_real();
    int64_t from_us = clock_us();
    sink_fixture_put(fixture, "SET", "first", "1", NULL);
    expect_all_done();
    const struct sink_counters *counters = fixture->counters;
    CU_ASSERT(counters->round_trips >= 1);
    CU_ASSERT(counters->round_trip_us <= (uint64_t)(clock_us() - from_us));
    uint64_t before = counters->round_trip_us;
    sink_fixture_put(fixture, "WAIT", "1", "50", NULL);
    expect_all_done();
    CU_ASSERT(counters->round_trip_us - before >= 50000);
    before = counters->round_trips;
    sink_fixture_push_sequence(fixture, 0, 50000);
    expect_all_done();
    CU_ASSERT(counters->round_trips - before > 5);
    CU_ASSERT(counters->round_trips - before < 50000 / 2); /* not each command */
    close_all();
}

static void answers_of_every_shape_come_in_order(void)
{
    open_real();
    for (int i = 0; i < 500; i++) {
        sink_fixture_put(fixture, "RPUSH", "list", "a", "b", NULL);
        sink_fixture_put(fixture, "SET", "key", "value", NULL);
        sink_fixture_put(fixture, "SET", "key", "value", "GET", NULL);
        sink_fixture_put(fixture, "GETDEL", "none", NULL);
        sink_fixture_put(fixture, "XADD", "stream", "MAXLEN", "~", "10", "*", "f", "v", NULL);
        sink_fixture_put(fixture, "LRANGE", "list", "0", "3", NULL);
        sink_fixture_put(fixture, "EVAL", "return {1,{2,{3,{}}},false,'x'}", "0", NULL);
        sink_fixture_put(fixture, "INCRBYFLOAT", "float", "0.5", NULL);
        sink_fixture_turn(fixture);
    }
    expect_all_done();
    CU_ASSERT_FALSE(fixture->unordered);
    ASSERT_TEXT(redis_ask(server, "LLEN list"), "1000");
    close_all();
}

static void arguments_pass_unharmed(void)
{
    size_t length = 5 << 20;
    char *value = mem_alloc(length);
    struct slice arguments[] = {SLICE("SET"), SLICE("k\0\r\n*1"), {value, length}};

    for (size_t i = 0; i < length; i++)
        value[i] = (char)(i * 7);
    open_real();
    sink_fixture_stage(fixture, arguments[1], arguments, 3);
    arguments[0] = SLICE("SETEX");
    arguments[1] = SLICE("");
    arguments[2] = SLICE("100");
    struct slice empty[] = {arguments[0], arguments[1], arguments[2], SLICE("")};
    sink_fixture_stage(fixture, arguments[1], empty, 4);
    sink_commit(fixture->sink);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "STRLEN %b", "k\0\r\n*1", (size_t)6), "5242880");
    ASSERT_TEXT(redis_ask(server, "GETRANGE %b 0 2", "k\0\r\n*1", (size_t)6), "");
    ASSERT_TEXT(redis_ask(server, "STRLEN %b", "", (size_t)0), "0");
    ASSERT_TEXT(redis_ask(server, "EXISTS %b", "", (size_t)0), "1");
    close_all();
    free(value);
}

static void what_was_rolled_back_is_never_sent(void)
{
    struct slice first[] = {SLICE("SET"), SLICE("a"), SLICE("1")};
    struct slice second[] = {SLICE("SET"), SLICE("b"), SLICE("1")};

    open_real();
    sink_fixture_put(fixture, "SET", "c", "1", NULL);
    sink_fixture_stage(fixture, first[1], first, 3);
    sink_fixture_stage(fixture, second[1], second, 3);
    while (fixture->outcomes[0] == TICKET_OPEN)
        sink_fixture_turn(fixture);
    sink_fixture_run(fixture, 50);
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 2);
    sink_rollback(fixture->sink);
    fixture->put = 1;
    sink_fixture_put(fixture, "SET", "d", "1", NULL);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "MGET a b c d"), "[(nil) (nil) 1 1]");
    close_all();
}

static void a_full_window_has_no_room_until_answers_came(void)
{
    open_real();
    for (int i = 0; i < 512; i++) {
        CU_ASSERT_TRUE(sink_has_room(fixture->sink));
        sink_fixture_put(fixture, "INCR", "n", NULL);
    }
    CU_ASSERT_FALSE(sink_has_room(fixture->sink));
    expect_all_done();
    CU_ASSERT_TRUE(sink_has_room(fixture->sink));
    ASSERT_TEXT(redis_ask(server, "GET n"), "512");
    close_all();
}

/* --- refusals --------------------------------------------------------------------------------- */

/* One command between two good ones: they stand, and are written once. */
static void expect_refused(const char *command, const char *key, const char *argument,
                           enum reply_class class, const char *text)
{
    open_real();
    redis_ask(server, "SET text abc");
    sink_fixture_put(fixture, "RPUSH", "list", "before", NULL);
    sink_fixture_put(fixture, command, key, argument, NULL);
    sink_fixture_put(fixture, "RPUSH", "list", "behind", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->outcomes[2], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->class, class);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, text));
    ASSERT_TEXT(redis_ask(server, "LRANGE list 0 -1"), "[before behind]");
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    close_all();
}

static void a_reject_leaves_its_neighbours_alone(void)
{
    expect_refused("INCR", "text", NULL, REPLY_REJECT, "ERR value is not an integer");
    expect_refused("SADD", "text", "x", REPLY_REJECT, "WRONGTYPE");
}

static void what_the_operator_must_mend_is_told_apart(void)
{
    expect_refused("NOSUCH", "key", NULL, REPLY_CONFIG, "ERR unknown command 'NOSUCH'");
}

static void an_error_that_nobody_knows_is_unknown(void)
{
    open_answering("-WEIRD thing\r\n");
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    expect_refusal(0, REPLY_UNKNOWN, "WEIRD thing");
    close_all();
}

static void a_script_s_own_word_is_the_record_s_fault(void)
{
    expect_refused("EVAL", "return redis.error_reply('WEIRD thing')", "0", REPLY_REJECT,
                   "WEIRD thing");
    expect_refused("EVAL", "error({err = 'STOCK is low'})", "0", REPLY_REJECT, "STOCK is low");
}

/* --- nothing was written ---------------------------------------------------------------------- */

static void a_value_that_was_written_nowhere_is_refused(void)
{
    open_real();
    redis_ask(server, "RPUSH list a");
    sink_fixture_put(fixture, "LINSERT", "list", "BEFORE", "none", "x", NULL);
    sink_fixture_put(fixture, "LINSERT", "none", "BEFORE", "a", "x", NULL);
    sink_fixture_put(fixture, "LINSERT", "list", "BEFORE", "a", "x", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_REFUSED);
    expect_refusal(1, REPLY_REJECT, "LINSERT answered 0: nothing was written");
    CU_ASSERT_EQUAL(fixture->outcomes[2], TICKET_DONE);
    ASSERT_TEXT(redis_ask(server, "LRANGE list 0 -1"), "[x a]");
    close_all();
}

static void a_condition_that_the_command_states_refuses_nothing(void)
{
    open_real();
    redis_ask(server, "SET text abc");
    sink_fixture_put(fixture, "SET", "text", "x", "NX", NULL);
    sink_fixture_put(fixture, "SETNX", "text", "x", NULL);
    sink_fixture_put(fixture, "LPUSHX", "none", "x", NULL);
    sink_fixture_put(fixture, "XADD", "none", "NOMKSTREAM", "*", "f", "v", NULL);
    sink_fixture_put(fixture, "DEL", "none", NULL);
    expect_all_done();
    close_all();
}

/* RedisJSON's answers, of which Debian has no server. */
static void a_document_that_was_not_changed_is_refused(void)
{
    open_answering("$-1\r\n");
    sink_fixture_put(fixture, "JSON.SET", "doc", "$.no.such", "5", NULL);
    sink_fixture_put(fixture, "JSON.SET", "doc", "$.a", "5", "NX", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    expect_refusal(0, REPLY_REJECT, "JSON.SET answered nil: nothing was written");
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_DONE);
    close_all();
    open_answering("$6\r\n[null]\r\n");
    sink_fixture_put(fixture, "JSON.NUMINCRBY", "doc", "$.no", "5", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    expect_refusal(0, REPLY_REJECT, "no number matches the path");
    close_all();
}

static void an_error_inside_an_array_is_no_success(void)
{
    expect_refused("EVAL", "return {1, redis.pcall('INCR', 'text')}", "0", REPLY_REJECT,
                   "ERR value is not an integer");
    /* Half of the script is done: it is too late to try again. */
    expect_refused("EVAL", "return {1, redis.error_reply('LOADING')}", "0", REPLY_REJECT,
                   "LOADING");
}

/* "Later" to the second, then the table of a script that has an error in it. */
static const char *say_nested(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)context, (void)connection, (void)name;
    if (number < 2)
        return number == 0 ? "+OK\r\n" : "-OOM not now\r\n";
    return "*2\r\n:1\r\n-READONLY for its author\r\n";
}

static void an_error_inside_an_array_ends_no_connection(void)
{
    open_fake(say_nested, NULL);
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    sink_fixture_put(fixture, "EVAL", "one", "0", NULL);
    sink_fixture_put(fixture, "EVAL", "two", "0", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    expect_refusal(2, REPLY_REJECT, "READONLY for its author");
    CU_ASSERT_EQUAL(fake_server_connections(fake), 1);
    close_all();
}

/* --- who and where ---------------------------------------------------------------------------- */

static void a_password_opens_the_server_and_a_wrong_one_is_told(void)
{
    server = redis_server_start(NULL);
    redis_ask(server, "CONFIG SET requirepass right");
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.password.text = "wrong";
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "WRONGPASS"));
    CU_ASSERT_PTR_NULL(strstr(sink_trouble(fixture->sink), "wrong "));
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 1);
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 0);
    redis_ask(server, "CONFIG SET requirepass wrong"); /* the operator gives in */
    expect_all_done();
    close_all();
}

static void without_a_password_the_trouble_says_that_one_is_needed(void)
{
    server = redis_server_start(NULL);
    redis_ask(server, "CONFIG SET requirepass right");
    fixture = sink_fixture_open(redis_server_port(server));
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(
        fixture, "NOAUTH: the server wants a password and the sink has none: set 'password'"));
    close_all();
}

static void a_user_writes_where_it_may(void)
{
    server = redis_server_start(NULL);
    redis_ask(server, "ACL SETUSER bridge on >secret resetkeys ~app:* -@all +client|info "
                      "+client|kill +info +select +set");
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.username.text = "bridge";
    fixture->options.password.text = "secret";
    fixture->options.database = 3;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "app:1", "1", NULL);
    sink_fixture_put(fixture, "SET", "other", "1", NULL);
    sink_fixture_put(fixture, "DEL", "app:1", NULL);
    sink_fixture_put(fixture, "SET", "app:2", "1", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->outcomes[2], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->outcomes[3], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->class, REPLY_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, "NOPERM"));
    redis_ask(server, "SELECT 3");
    ASSERT_TEXT(redis_ask(server, "MGET app:1 app:2 other"), "[1 1 (nil)]");
    close_all();
}

static void a_database_that_is_not_there_is_told(void)
{
    server = redis_server_start("--databases", "2", NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.database = 2;
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "DB index is out of range"));
    close_all();
}

static void a_unix_socket_does_as_well(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(0);
    free(fixture->options.host);
    fixture->options.host = NULL;
    fixture->options.socket_path = mem_text(redis_server_socket(server));
    sink_fixture_start(fixture);
    for (int i = 0; i < 2000; i++)
        sink_fixture_put(fixture, "INCR", "n", NULL);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "GET n"), "2000");
    close_all();
}

static void a_socket_whose_path_is_too_long_is_an_error_of_the_configuration(void)
{
    struct conf_sink options = {.name = "live", .connections = 1};
    struct event_base *base = event_base_new();
    struct err err = {0};
    static const char why[] =
        "sink \"live\": the socket's path has 201 bytes, at most 107 are possible";

    options.socket_path = mem_format("/%0200d", 1);
    CU_ASSERT_PTR_NULL(sink_new(
        &(struct sink_options){.conf = &options, .client_name = "test", .base = base}, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    ASSERT_TEXT(err.text, why);
    free(options.socket_path);
    event_base_free(base);
}

/* As behind a proxy that does not know HELLO. */
static void a_server_without_hello_is_greeted_the_old_way(void)
{
    server = redis_server_start("--rename-command", "HELLO", "NOHELLO", NULL);
    redis_ask(server, "CONFIG SET requirepass secret");
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.password.text = "secret";
    fixture->options.database = 2;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    expect_all_done();
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "CLIENT LIST"), "name=a-test "));
    redis_ask(server, "SELECT 2");
    ASSERT_TEXT(redis_ask(server, "GET key"), "value");
    close_all();
}

/* Both directions are full at once: who writes without reading would wait for ever. */
static void large_answers_are_read_while_large_commands_are_written(void)
{
    size_t length = 1 << 20;
    char *value = mem_alloc(length);
    struct slice arguments[] = {SLICE("SET"), SLICE("key"), {value, length}, SLICE("GET")};

    memset(value, 'v', length);
    open_real();
    for (int i = 0; i < 100; i++)
        sink_fixture_stage(fixture, arguments[1], arguments, 4);
    sink_commit(fixture->sink);
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    CU_ASSERT_TRUE(fixture->counters->received_bytes > 99 * length);
    close_all();
    free(value);
}

static void a_name_is_looked_up(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    free(fixture->options.host);
    fixture->options.host = mem_text("localhost"); /* perhaps ::1 first, where nobody listens */
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    expect_all_done();
    close_all();
}

static void the_client_list_shows_who_it_is(void)
{
    open_real();
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    expect_all_done();
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "CLIENT LIST"), "name=a-test "));
    close_all();
}

static void a_key_stays_on_its_connection(void)
{
    char key[16], number[16];

    server = redis_server_start(NULL);
    fixture = sink_fixture_new(redis_server_port(server));
    fixture->options.connections = 4;
    sink_fixture_start(fixture);
    for (int i = 0; i < 20000; i++) {
        while (!sink_has_room(fixture->sink))
            sink_fixture_turn(fixture);
        snprintf(key, sizeof(key), "seq:%d", i % 20);
        snprintf(number, sizeof(number), "%d", i);
        sink_fixture_put(fixture, "RPUSH", key, number, NULL);
    }
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 4);
    /* Every list rises. */
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0",
                          "for k = 0, 19 do local l = redis.call('LRANGE', 'seq:' .. k, 0, -1) "
                          "if #l ~= 1000 then return 'short' end "
                          "for i = 1, 1000 do if tonumber(l[i]) ~= (i - 1) * 20 + k then "
                          "return 'order' end end end return 'good'"),
                "good");
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(an_answered_command_is_done),
        TEST(the_time_to_an_answer_is_measured),
        TEST(answers_of_every_shape_come_in_order),
        TEST(arguments_pass_unharmed),
        TEST(what_was_rolled_back_is_never_sent),
        TEST(a_full_window_has_no_room_until_answers_came),
        TEST(a_reject_leaves_its_neighbours_alone),
        TEST(what_the_operator_must_mend_is_told_apart),
        TEST(an_error_that_nobody_knows_is_unknown),
        TEST(a_script_s_own_word_is_the_record_s_fault),
        TEST(a_value_that_was_written_nowhere_is_refused),
        TEST(a_condition_that_the_command_states_refuses_nothing),
        TEST(a_document_that_was_not_changed_is_refused),
        TEST(an_error_inside_an_array_is_no_success),
        TEST(an_error_inside_an_array_ends_no_connection),
        TEST(a_password_opens_the_server_and_a_wrong_one_is_told),
        TEST(without_a_password_the_trouble_says_that_one_is_needed),
        TEST(a_user_writes_where_it_may),
        TEST(a_database_that_is_not_there_is_told),
        TEST(a_unix_socket_does_as_well),
        TEST(a_socket_whose_path_is_too_long_is_an_error_of_the_configuration),
        TEST(a_server_without_hello_is_greeted_the_old_way),
        TEST(large_answers_are_read_while_large_commands_are_written),
        TEST(a_name_is_looked_up),
        TEST(the_client_list_shows_who_it_is),
        TEST(a_key_stays_on_its_connection),
    };

    return SUITE("sink", tests);
}
