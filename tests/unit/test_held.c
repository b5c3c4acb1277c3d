/* test_held.c: what helps a partition that is held. */
#include "suite.h"

#include "handwritten_page.h"
#include "kafka/held.h"

static void each_reason_finds_its_own_row(void)
{
    const struct held_remedy *row;

    for (unsigned i = 0; (row = held_remedy_at(i)); i++) {
        ASSERT_TEXT(held_remedy(row->shown)->shown, row->shown);
        CU_ASSERT_PTR_NOT_NULL(strstr(row->shown, row->words));
    }
    CU_ASSERT_PTR_NULL(held_remedy("something new"));
}

static void the_row_that_says_more_comes_first(void)
{
    ASSERT_TEXT(held_remedy("the checkpoint in Redis cannot be read: no JSON")->shown,
                "the checkpoint in Redis ...");
    ASSERT_TEXT(
        held_remedy("ERR The ID specified in XADD is equal or smaller than the target stream "
                    "top item; whether its entry is there cannot be asked: XRANGE: NOPERM x")
            ->words,
        "cannot be asked");
    ASSERT_TEXT(held_remedy("json: more than 900 values: raise memory")->words, "json: more");
    CU_ASSERT_FALSE(held_remedy("sink live: 127.0.0.1:6379: Connection refused")->is_operators);
}

static void the_page_has_each_row(void)
{
    const char *page = handwritten_read("docs/how-to/stopped-partition.md");
    const struct held_remedy *row;
    char line[1024];

    for (unsigned i = 0; (row = held_remedy_at(i)); i++) {
        snprintf(line, sizeof(line), "\n| %s | %s |\n", row->shown, row->remedy);
        if (!handwritten_has(page, line))
            fprintf(stderr, "\ndocs/how-to/stopped-partition.md lacks the row:%s", line);
        CU_ASSERT_TRUE(handwritten_has(page, line));
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(each_reason_finds_its_own_row),
        TEST(the_row_that_says_more_comes_first),
        TEST(the_page_has_each_row),
    };

    return SUITE("held", tests);
}
