/* test_claim_record.c: what finding out costs whether a record was carried out before. */
#include "suite.h"

#include "redis/gaps.h"
#include "redis/lane_parts.h"

#include <time.h>

/* Looking through all of them for each record takes some 6 s. */
static void many_gaps_cost_each_record_a_few_steps(void)
{
    enum { GAPS = 100000 };
    struct claim claim = {.next = 2 * GAPS};
    size_t found = 0;

    for (int64_t i = 0; i < GAPS; i++)
        gaps_add(&claim.gaps, 2 * i, CHECKPOINT_WHOLE);
    clock_t began = clock();
    for (int64_t i = 0; i < 2 * GAPS; i++)
        found += claim_begin(&claim, &(struct unit_record){i, -1, {0}});
    CU_ASSERT(clock() - began < CLOCKS_PER_SEC);
    CU_ASSERT_EQUAL(found, GAPS);
    gaps_clear(&claim.gaps);
}

static const struct suite_test tests[] = {
    TEST(many_gaps_cost_each_record_a_few_steps),
};

int main(void)
{
    return SUITE("claim_record", tests);
}
