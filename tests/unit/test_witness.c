/* test_witness.c: records that are remembered. */
#include "kafka/witness.h"

#include "suite.h"

static struct record record_at(int64_t offset)
{
    return (struct record){
        .offset = offset, .timestamp_ms = 7, .key = SLICE("key"), .value = {NULL, 0}};
}

static void note(struct witnesses *witnesses, int64_t offset)
{
    struct record record = record_at(offset);

    witnesses_note(witnesses, &record);
}

static void the_last_record_goes_with_a_commit_behind_it(void)
{
    struct witnesses witnesses;

    witnesses_clear(&witnesses);
    CU_ASSERT_EQUAL(witnesses_settle(&witnesses, 5).offset, -1);
    note(&witnesses, 9);
    CU_ASSERT_EQUAL(witnesses_settle(&witnesses, 10).offset, 9);
}

static void a_record_above_the_commit_is_no_witness(void)
{
    struct witnesses witnesses;

    witnesses_clear(&witnesses);
    note(&witnesses, 9);
    CU_ASSERT_EQUAL(witnesses_settle(&witnesses, 9).offset, -1);
    note(&witnesses, 19);
    CU_ASSERT_EQUAL(witnesses_settle(&witnesses, 9).offset, -1);
}

static void batches_that_run_ahead_leave_one_behind(void)
{
    struct witnesses witnesses;
    int64_t settled = -1;

    witnesses_clear(&witnesses);
    for (int64_t taken = 10; taken < 1000; taken += 10) { /* a commit is 300 behind */
        note(&witnesses, taken - 1);
        settled = witnesses_settle(&witnesses, taken - 300).offset;
        CU_ASSERT_TRUE(settled < 0 || settled < taken - 300);
    }
    CU_ASSERT_TRUE(settled > 1000 - 3 * 300);
}

static void a_witness_fits_only_its_record(void)
{
    struct witnesses witnesses;
    struct record record = record_at(4);

    witnesses_clear(&witnesses);
    note(&witnesses, 4);
    CU_ASSERT_TRUE(witness_fits(&witnesses.latest, &record));
    record.value = SLICE(""); /* empty is not null */
    CU_ASSERT_FALSE(witness_fits(&witnesses.latest, &record));
    record = record_at(4);
    record.timestamp_ms++;
    CU_ASSERT_FALSE(witness_fits(&witnesses.latest, &record));
    record = record_at(4);
    record.key.length--;
    CU_ASSERT_FALSE(witness_fits(&witnesses.latest, &record));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_last_record_goes_with_a_commit_behind_it),
        TEST(a_record_above_the_commit_is_no_witness),
        TEST(batches_that_run_ahead_leave_one_behind),
        TEST(a_witness_fits_only_its_record),
    };

    return SUITE("witness", tests);
}
