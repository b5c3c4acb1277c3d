/* test_barrier.c: what a barrier makes of a server's answers, and of a server that does not. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "fake_redis_server.h"
#include "real_redis_server.h"
#include "redis/barrier.h"
#include "sink_fixture.h"

enum { PATIENCE_MS = 60000, TIMEOUT_MS = 1000 };

static struct sink_fixture *fixture;
static struct fake_server *fake;
static struct barrier *barrier;
static const char *set_answer, *wait_answer; /* of the fake server */
static int64_t response_timeout = PATIENCE_MS;

static const char *say(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)context, (void)connection, (void)number;
    if (strcmp(name, "SET") == 0)
        return set_answer;
    return strncmp(name, "WAIT", 4) == 0 ? wait_answer : "+PONG\r\n";
}

static void open_barrier(struct conf_durable durable)
{
    fixture->options.durable = durable;
    fixture->options.response_timeout = response_timeout;
    sink_fixture_start(fixture);
    barrier = barrier_new(sink_setup(fixture->sink), "penstock:{group}:barrier:0");
}

static void open_fake(struct conf_durable durable)
{
    fixture = sink_fixture_new(0);
    fake = fake_server_open(fixture->loop.base, say, NULL);
    fixture->options.port = fake_server_port(fake);
    set_answer = "+OK\r\n";
    open_barrier(durable);
}

static void close_all(void)
{
    barrier_free(barrier);
    fake_server_close(fake);
    fake = NULL;
    sink_fixture_close(fixture);
}

static bool ready_comes(void)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!barrier_is_ready(barrier) && clock_ms() < until_ms)
        sink_fixture_turn(fixture);
    return barrier_is_ready(barrier);
}

/* Runs a barrier; how it ended, BARRIER_COUNT if it did not. */
static enum barrier_outcome run(void)
{
    enum barrier_outcome outcome = BARRIER_COUNT;
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    CU_ASSERT_TRUE_FATAL(ready_comes());
    barrier_begin(barrier);
    CU_ASSERT_FALSE(barrier_is_ready(barrier));
    while (!barrier_take(barrier, &outcome) && clock_ms() < until_ms)
        sink_fixture_turn(fixture);
    return outcome;
}

static void expect(const char *answer, enum barrier_outcome outcome, const char *text)
{
    uint64_t before = fixture->counters->barriers[outcome];

    wait_answer = answer;
    CU_ASSERT_EQUAL(run(), outcome);
    ASSERT_TEXT(barrier_text(barrier), text);
    CU_ASSERT_EQUAL(fixture->counters->barriers[outcome], before + 1);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void wait_is_reached_with_enough_replicas_and_short_below(void)
{
    open_fake((struct conf_durable){DURABLE_WAIT, 0, 2, 100});
    expect(":2\r\n", BARRIER_REACHED, "");
    expect(":3\r\n", BARRIER_REACHED, "");
    expect(":1\r\n", BARRIER_SHORT, "wait(2): 1 replica acknowledged");
    expect(":0\r\n", BARRIER_SHORT, "wait(2): 0 replicas acknowledged");
    expect(":2\r\n", BARRIER_REACHED, "");
    ASSERT_TEXT(barrier_run_id(barrier), "fake");
    ASSERT_TEXT(barrier_history(barrier), "fakehistory");
    CU_ASSERT_PTR_NULL(barrier_trouble(barrier));
    close_all();
}

static void waitaof_counts_the_own_disk_and_those_of_replicas(void)
{
    open_fake((struct conf_durable){DURABLE_WAITAOF, 1, 1, 100});
    expect("*2\r\n:1\r\n:1\r\n", BARRIER_REACHED, "");
    expect("*2\r\n:0\r\n:2\r\n", BARRIER_SHORT,
           "waitaof(1, 1): on 0 local disks and those of 2 replicas");
    expect("*2\r\n:1\r\n:0\r\n", BARRIER_SHORT,
           "waitaof(1, 1): on 1 local disk and those of 0 replicas");
    close_all();
}

static void an_older_server_is_told_that_it_is_too_old(void)
{
    open_fake((struct conf_durable){DURABLE_WAITAOF, 1, 0, 100});
    expect("-ERR unknown command 'WAITAOF', with args beginning with: '1' '0' '100' \r\n",
           BARRIER_FAILED,
           "waitaof needs Redis 7.2 or newer: ERR unknown command 'WAITAOF', with args beginning "
           "with: '1' '0' '100' ");
    expect("-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n",
           BARRIER_FAILED,
           "waitaof: ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    CU_ASSERT_PTR_NULL(barrier_trouble(barrier)); /* the connection is well */
    close_all();
}

static void an_answer_of_another_shape_is_no_barrier(void)
{
    open_fake((struct conf_durable){DURABLE_WAIT, 0, 1, 100});
    expect("+OK\r\n", BARRIER_FAILED, "WAIT was not answered with a number");
    expect("*2\r\n:1\r\n:1\r\n", BARRIER_FAILED, "WAIT was not answered with a number");
    expect("$-1\r\n", BARRIER_FAILED, "WAIT was not answered with a number");
    close_all();
    open_fake((struct conf_durable){DURABLE_WAITAOF, 1, 1, 100});
    expect(":1\r\n", BARRIER_FAILED, "WAITAOF was not answered with two numbers");
    expect("*1\r\n:1\r\n", BARRIER_FAILED, "WAITAOF was not answered with two numbers");
    expect("*2\r\n$1\r\n1\r\n:1\r\n", BARRIER_FAILED, "WAITAOF was not answered with two numbers");
    close_all();
}

/* WAIT alone says nothing: it counts from the connection's own last write, and there was none. */
static void a_barrier_whose_write_was_refused_is_not_reached(void)
{
    open_fake((struct conf_durable){DURABLE_WAIT, 0, 1, 100});
    set_answer = "-NOPERM no permissions to access a key\r\n";
    expect(":5\r\n", BARRIER_FAILED, "wait: NOPERM no permissions to access a key");
    set_answer = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    expect(":5\r\n", BARRIER_FAILED,
           "wait: OOM command not allowed when used memory > 'maxmemory'.");
    set_answer = "+OK\r\n";
    expect(":5\r\n", BARRIER_REACHED, "");
    close_all();
}

/* --- no answers ------------------------------------------------------------------------------- */

static void a_silent_server_ends_the_barrier_and_the_connection(void)
{
    response_timeout = TIMEOUT_MS;
    open_fake((struct conf_durable){DURABLE_WAIT, 0, 1, 100});
    CU_ASSERT_TRUE(ready_comes());
    int64_t from_ms = clock_ms();
    expect(NULL, BARRIER_FAILED, "the connection for barriers was lost");
    CU_ASSERT_TRUE(clock_ms() - from_ms >= TIMEOUT_MS);
    CU_ASSERT_TRUE(clock_ms() - from_ms < AT_ONCE_MS);
    CU_ASSERT_PTR_NOT_NULL(strstr(barrier_trouble(barrier), "no answer for "));
    expect(":1\r\n", BARRIER_REACHED, "");
    CU_ASSERT_PTR_NULL(barrier_trouble(barrier));
    close_all();
}

static void a_lost_connection_ends_the_barrier(void)
{
    open_fake((struct conf_durable){DURABLE_WAIT, 0, 1, 100});
    expect("", BARRIER_FAILED, "the connection for barriers was lost");
    expect("not Redis\r\n", BARRIER_FAILED, "the connection for barriers was lost");
    expect(":1\r\n:1\r\n", BARRIER_REACHED, ""); /* one answer too many comes too late */
    expect(":1\r\n", BARRIER_REACHED, "");
    close_all();
}

/* --- a real server ---------------------------------------------------------------------------- */

static bool is_met_a_replica(struct sink_fixture *of)
{
    (void)of;
    return loop_fixture_is_trouble(barrier_trouble(barrier), "READONLY: the server is a replica");
}

static void a_demoted_server_ends_the_barrier_it_was_asked_for(void)
{
    struct redis_server *server = redis_server_start(NULL);
    enum barrier_outcome outcome = BARRIER_REACHED;
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    fixture = sink_fixture_new(redis_server_port(server));
    open_barrier((struct conf_durable){DURABLE_WAIT, 0, 1, PATIENCE_MS});
    CU_ASSERT_TRUE(ready_comes());
    barrier_begin(barrier);
    while (!strstr(redis_ask(server, "INFO clients"), "blocked_clients:1") && clock_ms() < until_ms)
        sink_fixture_turn(fixture);
    ASSERT_TEXT(redis_ask(server, "REPLICAOF 127.0.0.1 1"), "OK");
    while (!barrier_take(barrier, &outcome) && clock_ms() < until_ms)
        sink_fixture_turn(fixture);
    CU_ASSERT_EQUAL(outcome, BARRIER_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(barrier_text(barrier), "wait: UNBLOCKED"));
    CU_ASSERT_PTR_NOT_NULL(strstr(barrier_trouble(barrier), "UNBLOCKED")); /* where is it now? */
    CU_ASSERT_TRUE(sink_fixture_until(fixture, is_met_a_replica));
    CU_ASSERT_FALSE(barrier_is_ready(barrier));
    ASSERT_TEXT(redis_ask(server, "REPLICAOF NO ONE"), "OK");
    CU_ASSERT_TRUE(ready_comes());
    close_all();
    redis_server_free(server);
}

/* WAIT is silent for as long as it was told to be, which is no trouble. */
static void a_wait_longer_than_the_response_timeout_is_waited_for(void)
{
    struct redis_server *server = redis_server_start(NULL);

    fixture = sink_fixture_new(redis_server_port(server));
    response_timeout = TIMEOUT_MS;
    open_barrier((struct conf_durable){DURABLE_WAIT, 0, 1, 2 * TIMEOUT_MS});
    CU_ASSERT_EQUAL(run(), BARRIER_SHORT);
    ASSERT_TEXT(barrier_text(barrier), "wait(1): 0 replicas acknowledged");
    CU_ASSERT_PTR_NULL(barrier_trouble(barrier));
    close_all();
    redis_server_free(server);
}

static void the_data_is_answered_while_a_barrier_waits(void)
{
    struct redis_server *server = redis_server_start(NULL);
    enum barrier_outcome outcome;

    fixture = sink_fixture_new(redis_server_port(server));
    open_barrier((struct conf_durable){DURABLE_WAIT, 0, 1, PATIENCE_MS});
    CU_ASSERT_TRUE(ready_comes());
    barrier_begin(barrier);
    int64_t from_ms = clock_ms();
    sink_fixture_push_sequence(fixture, 0, 2000);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_TRUE(clock_ms() - from_ms < AT_ONCE_MS);
    CU_ASSERT_FALSE(barrier_take(barrier, &outcome));
    CU_ASSERT_FALSE(barrier_is_ready(barrier));
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    close_all();
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(wait_is_reached_with_enough_replicas_and_short_below),
        TEST(waitaof_counts_the_own_disk_and_those_of_replicas),
        TEST(an_older_server_is_told_that_it_is_too_old),
        TEST(an_answer_of_another_shape_is_no_barrier),
        TEST(a_barrier_whose_write_was_refused_is_not_reached),
        TEST(a_silent_server_ends_the_barrier_and_the_connection),
        TEST(a_lost_connection_ends_the_barrier),
        TEST(a_demoted_server_ends_the_barrier_it_was_asked_for),
        TEST(a_wait_longer_than_the_response_timeout_is_waited_for),
        TEST(the_data_is_answered_while_a_barrier_waits),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE_APART("barrier", tests);
}
