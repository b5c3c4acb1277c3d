/* test_lag.c: what Kafka's answers say of a group's lag. */
#include "kafka/lag.h"

#include "kafka/offsets.h"
#include "suite.h"

enum { NOW_MS = 2000000000 };

static const struct conf_source earliest = {.start = {START_EARLIEST, 0}};

static struct offsets_item answer(int64_t committed, int64_t low, int64_t high)
{
    struct offsets_item item = {.committed = committed, .low = low, .high = high, .at_time = -1};

    item.note = commit_note_read((struct slice){NULL, 0}, -1);
    item.log = identity_read(SLICE("here/one"));
    return item;
}

static struct lag_partition judge(const struct conf_source *source, struct offsets_item item)
{
    struct lag_partition partition = {.topic = "rides"};

    lag_judge(&partition, source, &item, NOW_MS);
    return partition;
}

static void what_is_above_the_commit_is_the_lag(void)
{
    struct lag_partition partition = judge(&earliest, answer(70, 10, 100));

    CU_ASSERT_EQUAL(lag_of(&partition), 30);
    ASSERT_TEXT(partition.note, "");
}

static void without_a_commit_the_start_decides(void)
{
    const struct conf_source latest = {.start = {START_LATEST, 0}};
    const struct conf_source error = {.start = {START_ERROR, 0}};
    const struct conf_source time = {.start = {START_TIME, 5}};
    struct offsets_item item = answer(-1, 10, 100);
    struct lag_partition partition = judge(&earliest, item);

    CU_ASSERT_EQUAL(lag_of(&partition), 90);
    ASSERT_TEXT(partition.note, "nothing is committed: the bridge would begin at 10");
    partition = judge(&latest, item);
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
    ASSERT_TEXT(partition.note,
                "nothing is committed: the bridge would begin at the end that it finds");
    partition = judge(&error, item);
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
    item.at_time = 40;
    partition = judge(&time, item);
    CU_ASSERT_EQUAL(lag_of(&partition), 60);
}

static void a_partition_that_appeared_later_waits_as_a_whole(void)
{
    const struct conf_source latest = {.start = {START_LATEST, 0}};
    struct offsets_item item = answer(-1, 10, 100);
    struct lag_partition partition;

    item.number = 3;
    item.group = (struct beginning){true, true, 1000000, 3};
    partition = judge(&latest, item);
    CU_ASSERT_EQUAL(lag_of(&partition), 90);
    CU_ASSERT(strstr(partition.note, "it appeared after the group had begun") != NULL);
}

static void a_commit_of_another_log_says_nothing(void)
{
    struct offsets_item item = answer(70, 10, 100);
    struct lag_partition partition;

    item.note.log = identity_read(SLICE("here/other"));
    partition = judge(&earliest, item);
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
    CU_ASSERT(strstr(partition.note, "another log") != NULL);
    partition = judge(&earliest, answer(101, 10, 100));
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
}

static void records_that_are_gone_count_and_are_named(void)
{
    struct lag_partition partition = judge(&earliest, answer(3, 10, 100));

    CU_ASSERT_EQUAL(lag_of(&partition), 97);
    ASSERT_TEXT(partition.note, "7 records below the start of the log are gone");
}

static void an_answer_that_is_missing_is_not_zero(void)
{
    struct offsets_item item = answer(70, 10, 100);
    struct lag_partition partition;

    item.err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    partition = judge(&earliest, item);
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
    CU_ASSERT(strstr(partition.note, "authorization") != NULL);
    lag_checkpoint(&partition, 80, "");
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
}

static void the_checkpoint_is_the_position(void)
{
    struct lag_partition partition = judge(&earliest, answer(70, 10, 100));

    lag_checkpoint(&partition, 90, "here/one");
    CU_ASSERT_EQUAL(lag_of(&partition), 10);
    ASSERT_TEXT(partition.note, "the position is Redis' checkpoint; the commit in Kafka trails");
    lag_checkpoint(&partition, 70, "");
    CU_ASSERT_EQUAL(lag_of(&partition), 30);
    ASSERT_TEXT(partition.note, "");
    lag_checkpoint(&partition, 90, "here/other");
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
    lag_checkpoint(&partition, 101, "here/one");
    CU_ASSERT_EQUAL(lag_of(&partition), -1);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_is_above_the_commit_is_the_lag),
        TEST(without_a_commit_the_start_decides),
        TEST(a_partition_that_appeared_later_waits_as_a_whole),
        TEST(a_commit_of_another_log_says_nothing),
        TEST(records_that_are_gone_count_and_are_named),
        TEST(an_answer_that_is_missing_is_not_zero),
        TEST(the_checkpoint_is_the_position),
    };

    return SUITE("lag", tests);
}
