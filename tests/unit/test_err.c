/* test_err.c: what went wrong, and who has to act. */
#include "suite.h"

#include "base/err.h"

static void a_failing_function_can_end_with_it(void)
{
    struct err err = {0};

    CU_ASSERT_FALSE(err_set(&err, ERR_RETRY, "timed out after %d ms", 2000));
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
    ASSERT_TEXT(err.text, "timed out after 2000 ms");
}

static void each_level_puts_its_context_in_front(void)
{
    struct err err = {0};

    err_set(&err, ERR_CONFIG, "timed out");
    CU_ASSERT_FALSE(err_wrap(&err, "connect %s:%d", "10.0.0.5", 6379));
    CU_ASSERT_FALSE(err_wrap(&err, "redis"));
    ASSERT_TEXT(err.text, "redis: connect 10.0.0.5:6379: timed out");
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
}

static void an_err_may_be_null(void)
{
    CU_ASSERT_FALSE(err_set(NULL, ERR_FATAL, "text"));
    CU_ASSERT_FALSE(err_wrap(NULL, "context"));
}

static void a_text_that_is_too_long_is_cut(void)
{
    struct err err = {0};
    char longest[2 * ERR_TEXT_BYTES];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    err_set(&err, ERR_RECORD, "%s", longest);
    CU_ASSERT_EQUAL(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_wrap(&err, "context");
    CU_ASSERT_EQUAL(strlen(err.text), ERR_TEXT_BYTES - 1);
    CU_ASSERT_EQUAL(strncmp(err.text, "context: xxx", 12), 0);
    err_wrap(&err, "%s", longest);
    CU_ASSERT_EQUAL(strlen(err.text), ERR_TEXT_BYTES - 1);
}

static void an_errs_own_text_may_be_an_argument(void)
{
    struct err err = {0};

    err_set(&err, ERR_RECORD, "inner");
    err_set(&err, ERR_RECORD, "outer %s", err.text);
    ASSERT_TEXT(err.text, "outer inner");
    err_wrap(&err, "again %s", err.text);
    ASSERT_TEXT(err.text, "again outer inner: outer inner");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_failing_function_can_end_with_it),
        TEST(each_level_puts_its_context_in_front),
        TEST(an_err_may_be_null),
        TEST(a_text_that_is_too_long_is_cut),
        TEST(an_errs_own_text_may_be_an_argument),
    };

    return SUITE("err", tests);
}
