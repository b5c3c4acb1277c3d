/*
 * test_units.c: records and their checkpoint as one transaction, on a real server.
 *
 * What every test asks in the end: is each partition's list 0, 1, 2, ... without a gap, a repeat or
 * a swap, and its sum exact?
 */
#include "suite.h"

#include "feeder.h"
#include "redis_server.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

static struct redis_server *server;
static struct feeder *feeder;

static void open_both(size_t partitions)
{
    server = redis_server_start(NULL);
    feeder = feeder_open(redis_server_port(server), partitions);
}

static void close_both(void)
{
    feeder_close(feeder);
    redis_server_free(server);
}

static const char *ask(const char *command, int partition)
{
    return redis_ask(server, command, partition);
}

/* The list holds each offset below @p end once, in order, and the sum is theirs. */
static void expect_exact(int partition, int64_t end)
{
    char wanted[64];
    int64_t next = 0;

    snprintf(wanted, sizeof(wanted), "%lld", (long long)(end * (end - 1) / 2));
    ASSERT_TEXT(ask("GET sum:%d", partition), wanted);
    const char *list = ask("LRANGE list:%d 0 -1", partition);
    for (const char *at = list + 1; *at && *at != ']'; at += strcspn(at, " ]"), at += *at == ' ')
        if (strtoll(at, NULL, 10) == next)
            next++;
        else {
            fprintf(stderr, "list:%d: %.12s where %lld was expected\n", partition, at,
                    (long long)next);
            break;
        }
    CU_ASSERT_EQUAL(next, end);
    snprintf(wanted, sizeof(wanted), "[%lld %lld]", (long long)end, (long long)end);
    ASSERT_TEXT(ask("HMGET penstock:{a%%20group}:rides:%d next settled", partition), wanted);
}

static void expect_all_exact(int64_t end)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        expect_exact((int)i, end);
}

static void records_and_their_checkpoint_are_written(void)
{
    open_both(1);
    CU_ASSERT_PTR_NOT_NULL(units_trouble(feeder->units)); /* not connected yet */
    feeder_claim_all(feeder);
    feeder_feed(feeder, 1000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_all_exact(1000);
    CU_ASSERT_EQUAL(feeder->done, 2000);
    CU_ASSERT_FALSE(feeder->partitions[0].found.found);
    CU_ASSERT_PTR_NULL(units_trouble(feeder->units));
    CU_ASSERT_EQUAL(units_trouble_since_ms(feeder->units), 0);
    CU_ASSERT(feeder->counters->units >= 1000 / 16);
    CU_ASSERT_EQUAL(feeder->counters->units_unsettled, 0);
    ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:0 v leader routes witness"),
                "[1 1 000000000000feed 999:4:5]");
    close_both();
}

static void eight_partitions_share_the_lanes(void)
{
    open_both(8);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 3000);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    expect_all_exact(3000);
    close_both();
}

static void a_claim_goes_on_where_the_checkpoint_says(void)
{
    open_both(3);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 500);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    feeder_close(feeder);
    feeder = feeder_open(redis_server_port(server), 3);
    feeder_claim_all(feeder);
    feeder_feed(feeder, 900);
    CU_ASSERT_TRUE(feeder_finish(feeder));
    CU_ASSERT_EQUAL(feeder->partitions[2].start, 500);
    CU_ASSERT_EQUAL(feeder->partitions[2].found.epoch, 1);
    expect_all_exact(900);
    close_both();
}

static const struct suite_test tests[] = {
    TEST(records_and_their_checkpoint_are_written),
    TEST(eight_partitions_share_the_lanes),
    TEST(a_claim_goes_on_where_the_checkpoint_says),
};

int main(void)
{
    return SUITE("units", tests);
}
