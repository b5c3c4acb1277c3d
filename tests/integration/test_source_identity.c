/* test_source_identity.c: commits that say which log they are of, and logs that are another one. */
#include "base/log.h"
#include "member_fixture.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

enum { MS = 1700000000 };

/* Ten records a partition, whose timestamps are known, and commits at five with these notes. */
static struct member *member_of(const char *topic, const char *const notes[CLUSTER_PARTITIONS])
{
    struct member *member = member_new(topic);

    cluster_topic(topic);
    for (int32_t partition = 0; partition < CLUSTER_PARTITIONS; partition++) {
        for (int number = 0; number < 10; number++) {
            char key[] = {(char)('0' + number), '\0'};
            cluster_produce_record(topic, partition, slice_of(key), SLICE("v"), MS, NULL);
        }
        cluster_commit_note(topic, topic, partition, 5, notes[partition]);
    }
    return member;
}

/* What tells in each of the four partitions. */
static const char *const differing[CLUSTER_PARTITIONS] = {
    "at=5 log=another-cluster/", "at=5 record=4:1:1:1", "at=5 another", "at=5 record=4:0:-1:1"};

static void a_position_of_another_log_begins_anew_where_the_file_says_so(void)
{
    struct member *member = member_of("anew", differing);

    member->options.on_out_of_range = OUT_OF_RANGE_EARLIEST;
    member_join(member, "anew");
    CU_ASSERT(member_run(member, 40)); /* all ten of each */
    member_idle(member, 300);
    for (int partition = 0; partition < CLUSTER_PARTITIONS; partition++)
        for (int number = 0; number < 10; number++)
            CU_ASSERT_EQUAL(member->seen[partition][number], 1);
    CU_ASSERT_EQUAL(member->counts->source.replaced, 4);
    member_finish_all(member);
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("anew", "anew", 0), 10);
    member_free(member);
}

static void a_position_of_another_log_stops_its_partition(void)
{
    struct member *member = member_of("stops", differing);

    member->options.on_out_of_range = OUT_OF_RANGE_STOP;
    member_join(member, "stops");
    CU_ASSERT_TRUE(member_held_comes(member, 4));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(member->reason, "offset 5 is of another log than the topic has"));
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("stops", "stops", 0), 5);
    member_free(member);
}

static void a_position_that_nothing_speaks_against_goes_on(void)
{
    char fitting[64];
    const char *const notes[CLUSTER_PARTITIONS] = {
        fitting, "at=5 record=2:", "at=9 log=another-cluster/", "of some other program"};
    snprintf(fitting, sizeof(fitting), "at=5 record=4:%d:1:1", MS);
    struct member *member = member_of("fits", notes);

    member->options.on_out_of_range = OUT_OF_RANGE_EARLIEST;
    member_join(member, "fits");
    CU_ASSERT(member_run(member, 20));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 20); /* what was read to be compared was not taken */
    CU_ASSERT_EQUAL(member->counts->source.replaced, 0);
    member_stop(member);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_position_of_another_log_begins_anew_where_the_file_says_so),
        TEST(a_position_of_another_log_stops_its_partition),
        TEST(a_position_that_nothing_speaks_against_goes_on),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    int status = SUITE_APART("source_identity", tests);
    cluster_end();
    return status;
}
