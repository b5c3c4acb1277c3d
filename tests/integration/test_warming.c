/* test_warming.c: a member knows how far its partitions are from the ends of its start. */
#include "member_fixture.h"
#include "suite.h"

#include "base/log.h"

enum { RECORDS = 100, ALL = CLUSTER_PARTITIONS * RECORDS, TOLD_MS = 400 };

static struct source_warming sum;
static unsigned wanted_cold;   /* partitions */
static int64_t wanted_records; /* of the way from where they began to their ends */

/* A member that has taken all records and finished none. */
static struct member *begin(const char *topic, int64_t lag, int64_t age_ms)
{
    struct member *member = member_new(topic);

    cluster_topic(topic);
    cluster_produce_all(topic, 0, RECORDS);
    member->conf.admin.startup_lag = lag;
    member->conf.admin.startup_age = age_ms;
    member->finishes = false;
    member_join(member, topic);
    CU_ASSERT(member_run(member, ALL));
    return member;
}

static bool is_so_cold(struct member *member)
{
    source_warming(member->source, &sum);
    return sum.partitions == CLUSTER_PARTITIONS && sum.cold == wanted_cold &&
           sum.records == wanted_records;
}

/* So many partitions come to be cold, their ends known, and stay so. */
static void expect_cold(struct member *member, unsigned count, int64_t way)
{
    wanted_cold = count;
    wanted_records = way;
    CU_ASSERT_TRUE(member_until(member, is_so_cold));
    member_idle(member, TOLD_MS);
    CU_ASSERT_TRUE(is_so_cold(member));
}

static void end(struct member *member)
{
    member_finish_all(member);
    member_stop(member);
    member_free(member);
}

static void a_partition_is_warm_when_what_it_had_at_the_start_is_acknowledged(void)
{
    struct member *member = begin("warm", 0, 0);

    expect_cold(member, CLUSTER_PARTITIONS, ALL);
    CU_ASSERT_EQUAL(sum.remaining, ALL);
    cluster_produce_all("warm", RECORDS, 2 * RECORDS); /* after the start: they do not count */
    CU_ASSERT(member_run(member, 2 * ALL));
    for (size_t i = 0; i < ALL; i++)
        source_finish(member->tickets[i]);
    expect_cold(member, 0, ALL);
    CU_ASSERT_EQUAL(sum.remaining, 0);
    for (size_t i = ALL; i < member->ticket_count; i++)
        source_finish(member->tickets[i]);
    member->ticket_count = 0;
    end(member);
}

static void one_record_that_is_not_acknowledged_keeps_its_partition_cold(void)
{
    struct member *member = begin("one", 0, 0);

    for (size_t i = 1; i < member->ticket_count; i++)
        source_finish(member->tickets[i]);
    member->ticket_count = 1;
    expect_cold(member, 1, ALL);
    CU_ASSERT_EQUAL(sum.remaining, RECORDS);
    end(member);
}

static void a_partition_may_be_warm_some_records_before_the_end(void)
{
    struct member *member = begin("lag", RECORDS, 0);

    expect_cold(member, 0, ALL);
    end(member);
    member = begin("lag-less", RECORDS - 1, 0);
    expect_cold(member, CLUSTER_PARTITIONS, ALL);
    end(member);
}

static void a_partition_may_be_warm_when_what_waits_is_young(void)
{
    struct member *member = begin("age", 0, 600000); /* produced a moment before the start */

    expect_cold(member, 0, ALL);
    end(member);
}

static void an_empty_partition_is_warm(void)
{
    struct member *member = member_new("empty");

    cluster_topic("empty");
    cluster_produce("empty", 0, 0, RECORDS);
    member_join(member, "empty");
    CU_ASSERT(member_run(member, RECORDS));
    expect_cold(member, 0, RECORDS);
    end(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_partition_is_warm_when_what_it_had_at_the_start_is_acknowledged),
        TEST(a_partition_may_be_warm_some_records_before_the_end),
        TEST(a_partition_may_be_warm_when_what_waits_is_young),
        TEST(an_empty_partition_is_warm),
        TEST(one_record_that_is_not_acknowledged_keeps_its_partition_cold),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    int status = SUITE_APART("warming", tests);
    cluster_end();
    return status;
}
