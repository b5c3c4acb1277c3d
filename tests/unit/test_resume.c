/* test_resume.c: where an exactly-once partition goes on. */
#include "suite.h"

#include "kafka/resume.h"

/* A log of 100 to 200 and a checkpoint at 150 that fits; each test changes what it is about. */
static struct resume_facts fitting(void)
{
    return (struct resume_facts){.found = true,
                                 .readable = true,
                                 .same_routes = true,
                                 .next = 150,
                                 .oldest_gap = -1,
                                 .record = {149, 1000, 2, 3},
                                 .missing = WITNESS_NONE,
                                 .low = 100,
                                 .high = 200};
}

static struct resume decided(struct resume_facts facts, enum conf_mismatch policy)
{
    facts.policy = policy;
    return resume_decide(&facts);
}

/* The outcome under stop, kafka and redis. */
static void expect(struct resume_facts facts, enum resume_kind stop, enum resume_kind kafka,
                   enum resume_kind redis)
{
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).kind, stop);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_KAFKA).kind, kafka);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_REDIS).kind, redis);
}

static void without_a_checkpoint_kafka_decides(void)
{
    struct resume_facts facts = fitting();

    facts.found = false;
    facts.readable = facts.same_routes = false;
    facts.next = 0;
    expect(facts, RESUME_KAFKA, RESUME_KAFKA, RESUME_KAFKA);
    CU_ASSERT_FALSE(decided(facts, MISMATCH_STOP).mismatch);
}

static void a_checkpoint_that_fits_decides(void)
{
    struct resume resume = decided(fitting(), MISMATCH_STOP);

    expect(fitting(), RESUME_REDIS, RESUME_REDIS, RESUME_REDIS);
    CU_ASSERT_EQUAL(resume.next, 150);
    CU_ASSERT_FALSE(resume.mismatch);
    ASSERT_TEXT(resume.text, "");
}

static void the_record_below_is_read_to_be_compared(void)
{
    struct resume_facts facts = fitting();

    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 149);
    facts.next = 100; /* the log no longer has 99 */
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 100);
    facts.next = 0;
    facts.low = 0;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 0);
}

static void the_oldest_gap_is_read_first(void)
{
    struct resume_facts facts = fitting();

    facts.oldest_gap = 120;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 120);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).next, 150);
    facts.oldest_gap = 149;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 149);
    facts.oldest_gap = 90; /* gone from the log */
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 100);
}

static void the_ends_of_the_log_fit(void)
{
    struct resume_facts facts = fitting();

    facts.next = 200;
    expect(facts, RESUME_REDIS, RESUME_REDIS, RESUME_REDIS);
    facts.next = 100;
    expect(facts, RESUME_REDIS, RESUME_REDIS, RESUME_REDIS);
}

static void ahead_of_the_log_is_a_mismatch(void)
{
    struct resume_facts facts = fitting();

    facts.next = 201;
    expect(facts, RESUME_HOLD, RESUME_KAFKA, RESUME_OUT_OF_RANGE);
    ASSERT_TEXT(decided(facts, MISMATCH_STOP).text,
                "the checkpoint in Redis says offset 201, and the log ends at 200: it was "
                "truncated or recreated; set on_checkpoint_mismatch = \"kafka\" to resume at the "
                "group's offset, \"redis\" at the checkpoint's, or delete the checkpoint");
}

static void behind_the_log_is_a_mismatch(void)
{
    struct resume_facts facts = fitting();

    facts.next = 99;
    expect(facts, RESUME_HOLD, RESUME_KAFKA, RESUME_OUT_OF_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(decided(facts, MISMATCH_STOP).text, "begins at 100"));
}

static void other_routes_are_a_mismatch(void)
{
    struct resume_facts facts = fitting();

    facts.same_routes = false;
    expect(facts, RESUME_HOLD, RESUME_KAFKA, RESUME_REDIS);
    CU_ASSERT(decided(facts, MISMATCH_REDIS).mismatch);
    facts.next = 300; /* and ahead */
    expect(facts, RESUME_HOLD, RESUME_KAFKA, RESUME_OUT_OF_RANGE);
}

static void another_record_is_a_mismatch(void)
{
    struct resume_facts facts = fitting();

    facts.missing = facts.record;
    expect(facts, RESUME_ANOTHER, RESUME_KAFKA, RESUME_REDIS);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_REDIS).from, 150);
}

static void what_was_seen_of_another_checkpoint_says_nothing_of_this_one(void)
{
    struct resume_facts facts = fitting();

    facts.missing = facts.record;
    facts.missing.timestamp_ms--;
    expect(facts, RESUME_REDIS, RESUME_REDIS, RESUME_REDIS);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).from, 149);
    facts.missing = facts.record;
    facts.missing.offset = facts.record.offset = -1; /* neither remembers one */
    expect(facts, RESUME_REDIS, RESUME_REDIS, RESUME_REDIS);
}

static void nothing_is_committed_before_the_record_below_is_compared(void)
{
    struct resume_facts facts = fitting();

    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).compared, 149);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_REDIS).compared, -1); /* it is not */
    facts.oldest_gap = 120;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).compared, 149);
    facts.low = 150; /* nobody can */
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).compared, -1);
    facts = fitting();
    facts.record = WITNESS_NONE;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).compared, -1);
    facts = fitting();
    facts.found = false;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).compared, -1);
}

static void a_checkpoint_of_another_log_is_no_position(void)
{
    struct resume_facts facts = fitting();

    facts.another = true;
    expect(facts, RESUME_ANOTHER, RESUME_KAFKA, RESUME_REDIS);
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_REDIS).from, 150); /* there is nothing to compare */
    facts.next = 300;
    expect(facts, RESUME_ANOTHER, RESUME_KAFKA, RESUME_OUT_OF_RANGE);
    facts.same_routes = false;
    CU_ASSERT_EQUAL(decided(facts, MISMATCH_STOP).kind, RESUME_ANOTHER);
}

static void what_cannot_be_read_is_never_believed(void)
{
    struct resume_facts facts = fitting();

    facts.readable = false;
    strcpy(facts.unreadable, "version 2");
    expect(facts, RESUME_HOLD, RESUME_KAFKA, RESUME_HOLD);
    ASSERT_TEXT(decided(facts, MISMATCH_REDIS).text,
                "the checkpoint in Redis cannot be read: version 2; set on_checkpoint_mismatch = "
                "\"kafka\" to resume at the group's offset, or delete the checkpoint");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(without_a_checkpoint_kafka_decides),
        TEST(a_checkpoint_that_fits_decides),
        TEST(the_record_below_is_read_to_be_compared),
        TEST(the_oldest_gap_is_read_first),
        TEST(the_ends_of_the_log_fit),
        TEST(ahead_of_the_log_is_a_mismatch),
        TEST(behind_the_log_is_a_mismatch),
        TEST(other_routes_are_a_mismatch),
        TEST(another_record_is_a_mismatch),
        TEST(what_was_seen_of_another_checkpoint_says_nothing_of_this_one),
        TEST(nothing_is_committed_before_the_record_below_is_compared),
        TEST(a_checkpoint_of_another_log_is_no_position),
        TEST(what_cannot_be_read_is_never_believed),
    };

    return SUITE("resume", tests);
}
