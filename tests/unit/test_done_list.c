/* test_done_list.c: what was done out of order, and its text. */
#include "kafka/done_list.h"

#include "suite.h"

static const char *text_of(const struct done_list *list)
{
    static char text[DONE_LIST_BYTES + 1];

    return done_list_write(list, text) ? text : "too long";
}

static void ranges_that_meet_become_one(void)
{
    struct done_list list = {.below = 10};

    done_list_add(&list, 12);
    done_list_add(&list, 14);
    done_list_add(&list, 20);
    ASSERT_TEXT(text_of(&list), "12,14,20");
    done_list_add(&list, 13);
    ASSERT_TEXT(text_of(&list), "12-14,20");
    done_list_add(&list, 13);
    ASSERT_TEXT(text_of(&list), "12-14,20");
    done_list_add(&list, 11);
    ASSERT_TEXT(text_of(&list), "11-14,20");
    done_list_free(&list);
}

static void what_reaches_down_to_the_end_of_all_is_below(void)
{
    struct done_list list = {.below = 10};

    done_list_add(&list, 11);
    done_list_add(&list, 10);
    CU_ASSERT_EQUAL(list.below, 12);
    ASSERT_TEXT(text_of(&list), "");
    CU_ASSERT(done_list_has(&list, 11));
    CU_ASSERT(!done_list_has(&list, 12));
    done_list_free(&list);
}

static void a_gap_of_the_log_is_no_gap(void)
{
    struct done_list list = {.below = 3};

    done_list_add(&list, 7);
    done_list_skip(&list, 4, 6);
    ASSERT_TEXT(text_of(&list), "4-7");
    done_list_skip(&list, 9, 8); /* nothing */
    ASSERT_TEXT(text_of(&list), "4-7");
    done_list_skip(&list, 2, 12);
    CU_ASSERT_EQUAL(list.below, 13);
    done_list_free(&list);
}

static void what_is_written_is_read_again(void)
{
    struct done_list list;

    CU_ASSERT(done_list_read(&list, 5, SLICE("7,9-12,20")));
    ASSERT_TEXT(text_of(&list), "7,9-12,20");
    CU_ASSERT(done_list_has(&list, 4) && done_list_has(&list, 10) && !done_list_has(&list, 8));
    done_list_free(&list);
    CU_ASSERT(done_list_read(&list, -1001, SLICE("")));
    CU_ASSERT_EQUAL(list.below, 0);
    done_list_free(&list);
    CU_ASSERT(done_list_read(&list, 9, SLICE("2-4,7-12"))); /* some of it is below by now */
    CU_ASSERT_EQUAL(list.below, 13);
    done_list_free(&list);
}

static void a_text_of_another_form_is_an_empty_done_list(void)
{
    static const char *const texts[] = {"x",
                                        "1-",
                                        "-2",
                                        "4-3",
                                        "1,,2",
                                        "1, 2",
                                        "1,",
                                        "1-2-3",
                                        "0x1",
                                        "+1",
                                        "9223372036854775807",
                                        ",",
                                        "99999999999999999999",
                                        "NONE"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct done_list list;
        bool read = done_list_read(&list, 5, slice_of(texts[i]));
        if (read && strcmp(texts[i], "1,") != 0)
            fprintf(stderr, "\n'%s' was read\n", texts[i]);
        CU_ASSERT(!read || strcmp(texts[i], "1,") == 0);
        CU_ASSERT_EQUAL(list.below, 5);
        done_list_free(&list);
    }
}

static void more_than_kafka_takes_is_refused(void)
{
    struct done_list list = {0};

    for (int64_t offset = 1; offset < 4000; offset += 2)
        done_list_add(&list, offset);
    ASSERT_TEXT(text_of(&list), "too long");
    done_list_free(&list);
}

static void a_done_list_knows_what_still_fits(void)
{
    struct done_list list = {0};
    int64_t offset = 1;

    for (; done_list_takes(&list, offset); offset += 2)
        done_list_add(&list, offset);
    CU_ASSERT(offset > 500);
    CU_ASSERT(strlen(text_of(&list)) > DONE_LIST_BYTES - 6);
    CU_ASSERT(done_list_takes(&list, 2)); /* two ranges become one: the text is shorter */
    CU_ASSERT(!done_list_has(&list, 2));
    done_list_add(&list, offset);
    ASSERT_TEXT(text_of(&list), "too long");
    done_list_free(&list);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(ranges_that_meet_become_one),
        TEST(what_reaches_down_to_the_end_of_all_is_below),
        TEST(a_gap_of_the_log_is_no_gap),
        TEST(what_is_written_is_read_again),
        TEST(a_text_of_another_form_is_an_empty_done_list),
        TEST(more_than_kafka_takes_is_refused),
        TEST(a_done_list_knows_what_still_fits),
    };

    return SUITE("done_list", tests);
}
