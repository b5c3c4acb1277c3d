/* test_dlq_wait.c: dead letters that nobody takes, and too many of them. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "dlq_fixture.h"

#include <poll.h>
#include <stdlib.h>

/* --- nobody takes them ------------------------------------------------------------------------ */

#define POISON_5                                                                                   \
    "do = ( { when = \"$key == '5'\"; cmd = \"RPUSH seen:%{$partition} %{nothing}\"; },\n"         \
    "\"RPUSH seen:%{$partition} %{$offset}\" ); "

static void while_letters_wait_only_their_partition_does(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("wait");
    cluster_produce("wait", 0, 0, 10);
    cluster_produce("wait", 1, 0, 5);
    cluster_produce("wait", 2, 0, 5);
    bridge_open_two("wait", STREAM_DLQ, BRIDGE_ROUTE("near", "wait", JSON POISON_5));
    CU_ASSERT_TRUE(readyz_comes("[-]dlq: "));
    CU_ASSERT_TRUE(readyz_comes("[-]partition wait[0]: dead letters wait: "));
    CU_ASSERT_EQUAL(cluster_committed("wait", "wait", 0), 5);
    cluster_produce("wait", 1, 6, 20);
    cluster_produce("wait", 0, 10, 20);
    CU_ASSERT_TRUE(committed_comes("wait", "wait", 1, 19));
    CU_ASSERT_EQUAL(cluster_committed("wait", "wait", 0), 5);
    redis_server_restart(there);
    CU_ASSERT_TRUE(committed_comes("wait", "wait", 0, 20));
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "1");
    ASSERT_TEXT(redis_ask(here, "LRANGE seen:0 0 -1"),
                "[0 1 2 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19]");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    bridge_close_two();
}

/* Copies of far's records fill what there is for them long before the window is full. */
static void copies_for_a_sink_that_is_away_leave_the_others_room(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("copies.near");
    cluster_topic("copies.far");
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        for (int j = 0; j < 20; j++)
            cluster_produce_large("copies.far", i, 200000);
    bridge_open_two("copies", TOPIC_DLQ("dead"),
                    BRIDGE_ROUTE("near", "copies.near",
                                 "on_error = \"dlq\"; do = \"RPUSH seen:%{$partition} "
                                 "%{$offset}\"; ") ", " BRIDGE_ROUTE_TO("th"
                                                                        "er"
                                                                        "e",
                                                                        "fa"
                                                                        "r",
                                                                        "co"
                                                                        "pi"
                                                                        "es"
                                                                        ".f"
                                                                        "a"
                                                                        "r",
                                                                        "on"
                                                                        "_e"
                                                                        "rr"
                                                                        "or"
                                                                        " ="
                                                                        " "
                                                                        "\""
                                                                        "dl"
                                                                        "q"
                                                                        "\""
                                                                        "; "
                                                                        "do"
                                                                        " ="
                                                                        " "
                                                                        "\""
                                                                        "RP"
                                                                        "US"
                                                                        "H "
                                                                        "fa"
                                                                        "r:"
                                                                        "%{"
                                                                        "$p"
                                                                        "ar"
                                                                        "ti"
                                                                        "ti"
                                                                        "on"
                                                                        "} "
                                                                        "%{"
                                                                        "$o"
                                                                        "ff"
                                                                        "se"
                                                                        "t}"
                                                                        "\""
                                                                        ";"
                                                                        " "));
    CU_ASSERT_TRUE(readyz_comes("[-]partition copies.far["));
    cluster_produce("copies.near", 1, 0, 20);
    CU_ASSERT_TRUE(committed_comes("copies", "copies.near", 1, 20));
    redis_server_restart(there);
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        CU_ASSERT_TRUE(committed_comes("copies", "copies.far", i, 20));
    bridge_stop();
    ASSERT_TEXT(redis_ask(there, "EVAL %s 0",
                          "local n = 0 for p = 0, 3 do "
                          "n = n + redis.call('LLEN', 'far:' .. p) end "
                          "return n"),
                "80");
    bridge_close_two();
}

static void a_stop_waits_for_letters(void)
{
    bridge_open_servers();
    cluster_topic("stop");
    bridge_open_two("stop", STREAM_DLQ, BRIDGE_ROUTE("near", "stop", JSON POISON_5));
    CU_ASSERT_TRUE(ready_comes());
    redis_server_pause(there);
    cluster_produce("stop", 0, 0, 10);
    CU_ASSERT_TRUE(committed_comes("stop", "stop", 0, 5));
    worker_stop(bridge.worker, clock_ms() + BRIDGE_STOP_MS);
    poll(NULL, 0, 300);
    redis_server_resume(there);
    bridge_join();
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 0);
    CU_ASSERT_EQUAL(cluster_committed("stop", "stop", 0), 10);
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "1");
    bridge_close_two();
}

static void a_stop_without_the_dlq_keeps_its_deadline_and_commits_nothing_of_it(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("stopped");
    cluster_produce("stopped", 0, 0, 10);
    bridge_open_two("stopped", STREAM_DLQ, BRIDGE_ROUTE("near", "stopped", JSON POISON_5));
    CU_ASSERT_TRUE(committed_comes("stopped", "stopped", 0, 5));
    int64_t from_ms = clock_ms();
    worker_stop(bridge.worker, from_ms + 1000);
    bridge_join();
    CU_ASSERT_TRUE(clock_ms() - from_ms < 1000 + AT_ONCE_MS);
    CU_ASSERT_EQUAL(worker_left(bridge.worker), 5);
    CU_ASSERT_EQUAL(cluster_committed("stopped", "stopped", 0), 5);
    bridge_close_two();
}

/* The mock's answer makes librdkafka give the producer up for good. */
static void a_producer_that_fails_for_good_is_made_anew(void)
{
    bridge_open_servers();
    cluster_topic("fatal");
    cluster_topic("dead.fatal");
    cluster_produce("fatal", 1, 0, 30);
    rd_kafka_mock_push_request_errors(cluster, 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    bridge_open_two("fatal", TOPIC_DLQ("dead.fatal"),
                    BRIDGE_ROUTE("near", "fatal", JSON "do = \"SET x %{nothing}\"; "));
    CU_ASSERT_TRUE(committed_comes("fatal", "fatal", 1, 30));
    read_letters("dead.fatal", 30);
    CU_ASSERT_TRUE(letter_count >= 30);
    bool seen[30] = {false};
    for (size_t i = 0; i < letter_count; i++)
        seen[atoi(header_text(letters[i], 1 + DLQ_FACT_OFFSET) +
                  strlen("__connect.errors.offset="))] = true;
    for (int i = 0; i < 30; i++)
        CU_ASSERT_TRUE(seen[i]);
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 30);
    bridge_close_two();
}

/* --- how many --------------------------------------------------------------------------------- */

static void a_route_stops_where_more_fail_than_it_tolerates(void)
{
    bridge_open_servers();
    cluster_topic("tolerance");
    cluster_produce_all("tolerance", 0, 10);
    bridge_open_two(
        "tolerance", STREAM_DLQ,
        BRIDGE_ROUTE("near", "tolerance",
                     JSON
                     "tolerance = { records = 7; per = \"1m\"; }; do = \"SET x %{nothing}\"; "));
    for (int i = 0; i < CLUSTER_PARTITIONS; i++) {
        char text[100];
        snprintf(text, sizeof(text), "[-]partition tolerance[%d]: offset ", i);
        CU_ASSERT_TRUE(readyz_comes(text));
    }
    CU_ASSERT_TRUE(readyz_comes(": route near: more than 7 records failed within 1m"));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 7);
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "7");
    int64_t committed = 0;
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (cluster_committed("tolerance", "tolerance", i) > 0)
            committed += cluster_committed("tolerance", "tolerance", i);
    CU_ASSERT_EQUAL(committed, 7);
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(while_letters_wait_only_their_partition_does),
        TEST(copies_for_a_sink_that_is_away_leave_the_others_room),
        TEST(a_stop_waits_for_letters),
        TEST(a_stop_without_the_dlq_keeps_its_deadline_and_commits_nothing_of_it),
        TEST(a_producer_that_fails_for_good_is_made_anew),
        TEST(a_route_stops_where_more_fail_than_it_tolerates),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("dlq_wait", tests);
    cluster_end();
    return status;
}
