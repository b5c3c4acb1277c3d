/* test_difference.c: how a log was found to be another one. */
#include "kafka/difference.h"

#include "suite.h"

static const char *found(const char *before, const char *log, const char *now)
{
    struct identity one = identity_read(slice_of(log)), other = identity_read(slice_of(now));

    return difference_of(before, &one, &other);
}

static void what_differs_is_named(void)
{
    CU_ASSERT_PTR_NULL(found(NULL, "c/t", "c/t"));
    CU_ASSERT_PTR_NULL(found(NULL, "c/t", "c/"));
    ASSERT_TEXT(found(NULL, "c/t", "c/u"), "its id is another one");
    ASSERT_TEXT(found(NULL, "c/", "d/"), "the cluster is another one");
}

static void what_was_found_before_stands_where_ids_do_not_tell(void)
{
    CU_ASSERT_PTR_EQUAL(found(difference_offset, "c/", "c/"), difference_offset);
    CU_ASSERT_PTR_EQUAL(found(difference_noted, "c/t", "c/u"), difference_noted);
    CU_ASSERT_PTR_EQUAL(found(difference_record, "", "c/u"), difference_record);
}

static void the_same_id_refutes_it(void)
{
    CU_ASSERT_PTR_NULL(found(difference_offset, "c/t", "c/t"));
    CU_ASSERT_PTR_NULL(found(difference_noted, "c/t", "c/t"));
}

static void a_log_that_was_cut_and_has_grown_again_keeps_its_id(void)
{
    CU_ASSERT_PTR_EQUAL(found(difference_record, "c/t", "c/t"), difference_record);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_differs_is_named),
        TEST(what_was_found_before_stands_where_ids_do_not_tell),
        TEST(the_same_id_refutes_it),
        TEST(a_log_that_was_cut_and_has_grown_again_keeps_its_id),
    };

    return SUITE("difference", tests);
}
