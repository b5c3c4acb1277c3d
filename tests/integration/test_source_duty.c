/* test_source_duty.c: a member says when that which it ought to read is not read. */
#include "member_fixture.h"
#include "suite.h"

#include "base/log.h"

enum { LEADERLESS = -1 };

static bool is_in_trouble(struct member *member)
{
    return source_trouble(member->source);
}

static bool is_well(struct member *member)
{
    return !source_trouble(member->source);
}

static void a_partition_without_a_leader_is_told_and_is_well_again_with_one(void)
{
    struct member *member = member_new("leaderless");

    cluster_topic("leaderless");
    cluster_produce_all("leaderless", 0, 5);
    member_join(member, "leaderless");
    CU_ASSERT(member_run(member, 20));
    member_idle(member, 4000);
    CU_ASSERT_PTR_NULL(source_trouble(member->source));
    rd_kafka_mock_partition_set_leader(cluster, "leaderless", 0, LEADERLESS);
    CU_ASSERT_TRUE(member_until(member, is_in_trouble));
    const char *trouble = source_trouble(member->source);
    CU_ASSERT_PTR_NOT_NULL_FATAL(trouble);
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble, "Kafka does not tell the end of "));
    CU_ASSERT_PTR_NOT_NULL(strstr(trouble, "leaderless["));
    rd_kafka_mock_partition_set_leader(cluster, "leaderless", 0, 1);
    CU_ASSERT_TRUE(member_until(member, is_well));
    member_stop(member);
    member_free(member);
}

static void a_partition_that_cannot_start_keeps_no_commit_of_others(void)
{
    struct member *member = member_new("one-away");

    cluster_topic("one-away");
    cluster_produce_all("one-away", 0, 5);
    rd_kafka_mock_partition_set_leader(cluster, "one-away", 0, LEADERLESS);
    member_join(member, "one-away");
    CU_ASSERT(member_run(member, 15));
    for (int32_t number = 1; number < 4; number++)
        CU_ASSERT_TRUE(member_committed_comes(member, "one-away", number, 5));
    rd_kafka_mock_partition_set_leader(cluster, "one-away", 0, 1);
    member_stop(member);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_partition_that_cannot_start_keeps_no_commit_of_others),
        TEST(a_partition_without_a_leader_is_told_and_is_well_again_with_one),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    int status = SUITE_APART("source_duty", tests);
    cluster_end();
    return status;
}
