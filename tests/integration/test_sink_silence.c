/*
 * test_sink_silence.c: answers that are cut, wrong, late or do not come.
 *
 * The server is a script on the test's own loop, or a slow proxy before a real one.
 */
#include "suite.h"

#include "sink_and_server.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- a server of our own ---------------------------------------------------------------------- */

struct script {
    unsigned bad_connections; /* the first of all connections do as `answer` says */
    unsigned from;            /* from this command on */
    const char *answer;
};

static const char *follow_script(void *context, unsigned connection, unsigned number,
                                 const char *name)
{
    const struct script *script = context;

    (void)name;
    return connection < script->bad_connections && number >= script->from ? script->answer
                                                                          : "+OK\r\n";
}

static void open_script(struct script *script, int64_t response_timeout)
{
    open_fake(follow_script, script);
    fixture->options.response_timeout = response_timeout;
    sink_fixture_start(fixture);
}

/* Whatever "done" is about, it is not about a command of which the server has a part. */
static void what_is_answered_before_it_was_sent_is_sent_again(void)
{
    struct script script = {0};
    char *value = mem_alloc((16 << 20) + 1);

    memset(value, 'v', 16 << 20);
    value[16 << 20] = '\0';
    open_script(&script, 60000);
    fake_server_hurry(fake, 1000);
    sink_fixture_put(fixture, "SET", "key", value, NULL);
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    CU_ASSERT_EQUAL(fake_server_commands(fake), 1);
    free(value);
    close_all();
}

static void an_answer_in_pieces_of_a_byte_is_an_answer(void)
{
    struct script script = {1, 0, "*2\r\n$3\r\na\r\n\r\n*1\r\n:1\r\n"};

    open_script(&script, 60000);
    fake_server_slice(fake, 1);
    sink_fixture_push_sequence(fixture, 0, 300);
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    close_all();
}

static void an_end_within_an_answer_is_no_answer(void)
{
    struct script script = {1, 7, ""};

    open_script(&script, 60000);
    sink_fixture_push_sequence(fixture, 0, 20);
    expect_all_done();
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 1);
    close_all();
}

static void garbage_ends_the_connection_and_costs_no_command(void)
{
    static const char *const garbage[] = {"HTTP/1.1 400 Bad Request\r\n", "$3\r\nabcde\r\n", "\r\n",
                                          ":x\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"};

    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        struct script script = {2, 5, garbage[i]};
        open_script(&script, 60000);
        sink_fixture_push_sequence(fixture, 0, 20);
        expect_all_done();
        CU_ASSERT_EQUAL(fixture->counters->reconnects, 2);
        close_all();
    }
}

static void a_redirection_tells_that_this_is_a_cluster(void)
{
    struct script script = {1, 0, "-MOVED 866 10.0.0.7:6379\r\n"};

    open_script(&script, 60000);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->class, REPLY_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, "MOVED 866 10.0.0.7:6379"));
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, "Cluster"));
    close_all();
}

static void a_server_that_falls_silent_is_left(void)
{
    struct script script = {1, 5, NULL};

    open_script(&script, 150);
    int64_t began_ms = clock_ms();
    sink_fixture_push_sequence(fixture, 0, 20);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "no answer for"));
    int64_t waited_ms = clock_ms() - began_ms;
    CU_ASSERT_TRUE(waited_ms >= 150 && waited_ms < AT_ONCE_MS);
    expect_all_done();
    close_all();
}

static void a_peer_that_vanished_while_idle_is_found_by_a_ping(void)
{
    struct script script = {0, 0, NULL};

    open_script(&script, 1500);
    sink_fixture_push_sequence(fixture, 0, 2);
    expect_all_done();
    sink_fixture_run(fixture, 10500); /* a PING has gone to and fro */
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    CU_ASSERT_EQUAL(fake_server_connections(fake), 1);
    fake_server_freeze(fake);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "no answer for"));
    close_all();
}

/* --- slow, but alive -------------------------------------------------------------------------- */

static void slow_is_not_silent(void)
{
    char *value = mem_alloc(2001);

    memset(value, 'v', 2000);
    open_proxied(400000);
    fixture->options.response_timeout = 2000;
    sink_fixture_start(fixture);
    for (int i = 0; i < 500; i++) /* 1 MB, in flight for 2.5 s */
        sink_fixture_put(fixture, "RPUSH", "list", value, NULL);
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "LLEN list"), "500");
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    free(value);
    close_all();
}

/* Nothing tells that the bytes are on their way: each try is more patient than the one before. */
static void a_command_that_takes_longer_than_the_timeout_gets_through(void)
{
    char *value = mem_alloc((1 << 20) + 1);

    memset(value, 'v', 1 << 20);
    open_proxied(1000000);
    fixture->options.response_timeout = 250;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", value, NULL); /* a second and more */
    expect_all_done();
    ASSERT_TEXT(redis_ask(server, "STRLEN key"), "1048576");
    free(value);
    close_all();
}

/* --- the log ---------------------------------------------------------------------------------- */

/* Lines of stderr with @p text until the port refuses and for so long behind that. */
static unsigned count_lines(const char *text, int64_t milliseconds)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    char line[2048];
    unsigned count = 0;

    dup2(fileno(file), STDERR_FILENO);
    sink_fixture_wait_trouble(fixture, "Connection refused");
    sink_fixture_run(fixture, milliseconds);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    while (fgets(line, sizeof(line), file))
        count += strstr(line, text) != NULL;
    fclose(file);
    return count;
}

static void of_many_connections_the_first_ones_tell(void)
{
    fixture = sink_fixture_new(1); /* nobody listens there */
    fixture->options.connections = 64;
    sink_fixture_start(fixture);
    CU_ASSERT_EQUAL(count_lines("redis does not accept commands", 1000), 20);
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(of_many_connections_the_first_ones_tell), /* before others have told something */
        TEST(what_is_answered_before_it_was_sent_is_sent_again),
        TEST(an_answer_in_pieces_of_a_byte_is_an_answer),
        TEST(an_end_within_an_answer_is_no_answer),
        TEST(garbage_ends_the_connection_and_costs_no_command),
        TEST(a_redirection_tells_that_this_is_a_cluster),
        TEST(a_server_that_falls_silent_is_left),
        TEST(a_peer_that_vanished_while_idle_is_found_by_a_ping),
        TEST(slow_is_not_silent),
        TEST(a_command_that_takes_longer_than_the_timeout_gets_through),
    };

    return SUITE_APART("sink_silence", tests);
}
