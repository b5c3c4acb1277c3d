/*
 * test_sink_retry.c: servers that cannot now, as their own replies tell.
 *
 * Each of these states is brought about on a real server; the commands wait, nothing is refused,
 * and when the state is over all of them are there in order.
 */
#include "suite.h"

#include "gave_up_after.h"
#include "sink_and_server.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The list "seq" holds exactly 0 to @p length - 1: what waited was done once, in order. */
static void expect_sequence(int length)
{
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0 %d",
                          "local l = redis.call('LRANGE', 'seq', 0, -1) "
                          "if #l ~= tonumber(ARGV[1]) then return 'length ' .. #l end "
                          "for i, n in ipairs(l) do "
                          "if tonumber(n) ~= i - 1 then return 'at ' .. i .. ': ' .. n end end "
                          "return 'good'",
                          length),
                "good");
}

static uint64_t errors_of(const char *label)
{
    return fixture->counters->errors[metrics_error_index(label)];
}

static void loading_is_waited_for(void)
{
    server = redis_server_start("--appendonly", "yes", "--aof-use-rdb-preamble", "no",
                                "--key-load-delay", "250", NULL);
    redis_ask(server, "EVAL %s 0", "for i = 1, 20000 do redis.call('set', i, i) end");
    redis_server_restart_loading(server);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_push_sequence(fixture, 0, 500);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "LOADING"));
    ASSERT_TEXT(redis_ask(server, "CONFIG SET key-load-delay 0"), "OK");
    expect_sequence(500);
    CU_ASSERT_TRUE(errors_of("LOADING") >= 1);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    close_all();
}

/* Whether it comes to answer so. */
static bool answers(const char *question, const char *text)
{
    for (int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS; clock_ms() < end_ms;) {
        if (strstr(redis_ask(server, question), text))
            return true;
        poll(NULL, 0, 5);
    }
    return false;
}

static void a_running_script_is_waited_for(void)
{
    struct redis_client *client;

    server = redis_server_start("--busy-reply-threshold", "50", NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    sink_fixture_push_sequence(fixture, 0, 10);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    client = redis_client_open(server);
    redis_client_send(client, "EVAL %s 0", "while true do end");
    CU_ASSERT_TRUE(answers("PING", "-BUSY"));
    sink_fixture_push_sequence(fixture, 10, 500);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "BUSY"));
    redis_ask(server, "SCRIPT KILL");
    expect_sequence(500);
    redis_client_close(client);
    close_all();
}

static void missing_replicas_are_waited_for(void)
{
    open_real();
    redis_ask(server, "CONFIG SET min-replicas-to-write 1");
    sink_fixture_push_sequence(fixture, 0, 300);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "NOREPLICAS"));
    sink_fixture_push_sequence(fixture, 300, 500);
    sink_fixture_run(fixture, 200);
    redis_ask(server, "CONFIG SET min-replicas-to-write 0");
    expect_sequence(500);
    close_all();
}

static bool one_is_answered(struct sink_fixture *of)
{
    return of->answered >= 1;
}

static bool two_are_answered(struct sink_fixture *of)
{
    return of->answered >= 2;
}

/* The second one's time begins when it is its turn. */
static void a_command_that_waits_for_too_long_is_refused_and_the_next_one_waits_anew(void)
{
    int64_t from_ms;

    open_real();
    fixture->retry_timeout_ms = 300;
    redis_ask(server, "CONFIG SET min-replicas-to-write 1");
    from_ms = clock_ms();
    sink_fixture_push_sequence(fixture, 0, 3);
    CU_ASSERT_TRUE(sink_fixture_until(fixture, one_is_answered));
    CU_ASSERT_TRUE(clock_ms() - from_ms >= 300);
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->class, REPLY_REJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture->text, "NOREPLICAS"));
    CU_ASSERT_TRUE(gave_up_after_ms(fixture->text) >= 300);
    CU_ASSERT_TRUE(gave_up_after_ms(fixture->text) < AT_ONCE_MS);
    CU_ASSERT_TRUE(sink_fixture_until(fixture, two_are_answered));
    CU_ASSERT_TRUE(clock_ms() - from_ms >= 600);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_REFUSED);
    redis_ask(server, "CONFIG SET min-replicas-to-write 0");
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[2], TICKET_DONE);
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    ASSERT_TEXT(redis_ask(server, "LRANGE seq 0 -1"), "[2]");
    close_all();
}

static void a_disk_that_fails_is_waited_for(void)
{
    char folder[300];

    server = redis_server_start("--enable-protected-configs", "yes", "--save", "3600 1", NULL);
    fixture = sink_fixture_open(redis_server_port(server));
    snprintf(folder, sizeof(folder), "%s/gone", redis_server_folder(server));
    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET dir %s", folder), "OK");
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    redis_ask(server, "BGSAVE");
    CU_ASSERT_TRUE(answers("INFO persistence", "rdb_last_bgsave_status:err"));
    sink_fixture_push_sequence(fixture, 0, 100);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "MISCONF"));
    redis_ask(server, "CONFIG SET stop-writes-on-bgsave-error no");
    expect_sequence(100);
    close_all();
}

/* A replica's connection is left: the address may lead to the master the next time. */
static void a_replica_is_left_until_it_is_a_master(void)
{
    open_real();
    sink_fixture_push_sequence(fixture, 0, 100);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    redis_ask(server, "REPLICAOF 127.0.0.1 1");
    sink_fixture_push_sequence(fixture, 100, 500);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "READONLY"));
    CU_ASSERT_EQUAL(fixture->counters->connections_up, 0);
    redis_ask(server, "REPLICAOF NO ONE");
    expect_sequence(500);
    CU_ASSERT_TRUE(fixture->counters->reconnects >= 1);
    close_all();
}

/* Ten at first, then three probes. */
static bool is_probed(struct sink_fixture *of)
{
    return of->counters->errors[metrics_error_index("OOM")] >= 13;
}

/* Out of memory for three tries and more. PUBLISH passes all the same, so it would be repeated with
 * every try if more than the refused command were sent. */
static void a_server_out_of_memory_is_probed_with_one_command(void)
{
    open_real();
    sink_fixture_put(fixture, "DEL", "none", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    redis_ask(server, "CONFIG SET maxmemory 1");
    for (int i = 0; i < 10; i++) {
        sink_fixture_push_sequence(fixture, i, i + 1);
        sink_fixture_put(fixture, "PUBLISH", "channel", "text", NULL);
    }
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "OOM"));
    CU_ASSERT_TRUE(sink_fixture_until(fixture, is_probed));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(redis_ask(server, "INFO commandstats"), "cmdstat_publish:calls=10,"));
    redis_ask(server, "CONFIG SET maxmemory 0");
    expect_sequence(10);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(redis_ask(server, "INFO commandstats"), "cmdstat_publish:calls=20,"));
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    close_all();
}

/* While the first SET is refused a later one of the same key may pass: sent again, both stand in
 * their order. */
static void a_later_write_never_stays_below_an_earlier_one(void)
{
    open_real();
    redis_ask(server, "CONFIG SET maxmemory 1");
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    sink_fixture_put(fixture, "DEL", "key", NULL); /* passes */
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "OOM"));
    CU_ASSERT_EQUAL(fixture->answered, 0);
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_DONE);
    ASSERT_TEXT(redis_ask(server, "EXISTS key"), "0");
    close_all();
}

static void a_reject_before_a_retry_is_told_once(void)
{
    open_real();
    redis_ask(server, "SET text abc");
    redis_ask(server, "CONFIG SET maxmemory 1");
    sink_fixture_put(fixture, "DEL", "none", NULL);
    sink_fixture_put(fixture, "SREM", "text", "x", NULL); /* WRONGTYPE, memory or not */
    sink_fixture_put(fixture, "SET", "key", "1", NULL);   /* OOM */
    sink_fixture_put(fixture, "SREM", "text", "x", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "OOM"));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_REFUSED);
    CU_ASSERT_EQUAL(fixture->outcomes[3], TICKET_OPEN);
    redis_ask(server, "CONFIG SET maxmemory 0");
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[2], TICKET_DONE);
    CU_ASSERT_EQUAL(fixture->outcomes[3], TICKET_REFUSED);
    close_all();
}

static void a_command_not_wanted_any_more_does_not_hold_up_the_others(void)
{
    open_real();
    redis_ask(server, "SET text abc");
    redis_ask(server, "CONFIG SET maxmemory 1");
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    sink_fixture_put(fixture, "DEL", "text", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "OOM"));
    fixture->unwanted_below = 1;
    sink_discard(fixture->sink);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture)); /* though memory is still short */
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DROPPED);
    CU_ASSERT_EQUAL(fixture->outcomes[1], TICKET_DONE);
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(loading_is_waited_for),
        TEST(a_running_script_is_waited_for),
        TEST(missing_replicas_are_waited_for),
        TEST(a_command_that_waits_for_too_long_is_refused_and_the_next_one_waits_anew),
        TEST(a_disk_that_fails_is_waited_for),
        TEST(a_replica_is_left_until_it_is_a_master),
        TEST(a_server_out_of_memory_is_probed_with_one_command),
        TEST(a_later_write_never_stays_below_an_earlier_one),
        TEST(a_reject_before_a_retry_is_told_once),
        TEST(a_command_not_wanted_any_more_does_not_hold_up_the_others),
    };

    return SUITE_APART("sink_retry", tests);
}
