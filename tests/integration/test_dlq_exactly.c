/* test_dlq_exactly.c: dead letters of records that are carried out exactly once. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "dlq_fixture.h"

enum { RECORDS = 20, BROKEN = 5, REFUSED = 10 };

#define EXACTLY                                                                                    \
    "delivery = \"exactly_once\"; " JSON                                                           \
    "do = ( \"INCRBY sum %{n}\", \"RPUSH seen %{$offset}\" ); all = true; "

/* Numbers that add up to 18, one value that is no JSON, one that is too large to add. */
static void produce_numbers(const char *topic)
{
    for (int i = 0; i < RECORDS; i++) {
        struct slice value = i == BROKEN    ? SLICE("{")
                             : i == REFUSED ? SLICE("{\"n\":9223372036854775807}")
                                            : SLICE("{\"n\":1}");
        cluster_produce_record(topic, 1, SLICE("k"), value, 1700000000, rd_kafka_headers_new(0));
    }
}

/* What Redis refused within a transaction cannot be undone: the record's other command stands. */
static void expect_sum(void)
{
    ASSERT_TEXT(redis_ask(here, "GET sum"), "18");
    ASSERT_TEXT(redis_ask(here, "LRANGE seen 0 -1"),
                "[0 1 2 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19]");
}

static void bad_records_are_letters_and_the_others_count_once(void)
{
    bridge_open_servers();
    cluster_topic("exact");
    cluster_topic("dead.exact");
    produce_numbers("exact");
    bridge_open_two("exact", TOPIC_DLQ("dead.exact"), BRIDGE_ROUTE("near", "exact", EXACTLY));
    CU_ASSERT_TRUE(committed_comes("exact", "exact", 1, RECORDS));
    read_letters("dead.exact", 2);
    CU_ASSERT_EQUAL_FATAL(letter_count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool broken =
            strcmp(header_text(letters[i], DLQ_FACT_OFFSET), "__connect.errors.offset=5") == 0;
        ASSERT_TEXT(header_text(letters[i], DLQ_FACT_CLASS),
                    broken ? "__penstock.class=decode" : "__penstock.class=reject");
        ASSERT_TEXT(header_text(letters[i], DLQ_FACT_COMMAND),
                    "__penstock.command=INCRBY sum %{n}");
    }
    close_letters();
    CU_ASSERT_TRUE(checkpoint_comes(here, "exact", 1, "holes", ""));
    bridge_stop();
    expect_sum();
    ASSERT_TEXT(checkpoint(here, "exact", 1, "next"), "20");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 2);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), RECORDS - 2);
    bridge_close_two();
}

static void a_letter_that_nobody_took_is_written_after_a_restart(void)
{
    bridge_open_servers();
    redis_server_stop(there);
    cluster_topic("again");
    produce_numbers("again");
    bridge_open_two("again", STREAM_DLQ, BRIDGE_ROUTE("near", "again", EXACTLY));
    CU_ASSERT_TRUE(readyz_comes("[-]partition again[1]: dead letters wait: "));
    worker_stop(bridge.worker, clock_ms() + 500);
    bridge_join();
    CU_ASSERT_TRUE(cluster_committed("again", "again", 1) <= BROKEN);
    bridge_free();
    redis_server_restart(there);
    bridge_open_two("again", STREAM_DLQ, BRIDGE_ROUTE("near", "again", EXACTLY));
    CU_ASSERT_TRUE(committed_comes("again", "again", 1, RECORDS));
    CU_ASSERT_TRUE(checkpoint_comes(here, "again", 1, "holes", ""));
    bridge_stop();
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "2");
    for (int i = 0; i < 2; i++) /* only the refused one is sent again, and told */
        ASSERT_TEXT(redis_ask(there, "EVAL %s 0 %d",
                              "local e = redis.call('XRANGE', 'dead', '-', '+')[ARGV[1] + 1][2] "
                              "for i = 1, #e, 2 do if e[i] == '__penstock.command' "
                              "then return e[i + 1] end end",
                              i),
                    "INCRBY sum %{n}");
    expect_sum();
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(bad_records_are_letters_and_the_others_count_once),
        TEST(a_letter_that_nobody_took_is_written_after_a_restart),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("dlq_exactly", tests);
    cluster_end();
    return status;
}
