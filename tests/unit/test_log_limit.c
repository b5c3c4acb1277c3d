/* test_log_limit.c: how often the reason of a lasting problem is logged. */
#include "suite.h"

#include "base/log_limit.h"

static void another_reason_is_logged_at_once(void)
{
    struct log_limit limit = {0};

    CU_ASSERT_TRUE(log_limit_admits(&limit, "connection refused", 1000));
    CU_ASSERT_TRUE(log_limit_admits(&limit, "WRONGPASS invalid username-password pair", 1001));
    CU_ASSERT_FALSE(log_limit_admits(&limit, "WRONGPASS invalid username-password pair", 2000));
}

static unsigned logged_in(struct log_limit *limit, const char *reason, int64_t from_ms,
                          int64_t until_ms)
{
    unsigned logged = 0;

    for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms += 1000)
        logged += log_limit_admits(limit, reason, now_ms);
    return logged;
}

static void a_lasting_reason_is_logged_after_ten_seconds_and_then_each_minute(void)
{
    struct log_limit limit = {0};

    CU_ASSERT_EQUAL(logged_in(&limit, "connection refused", 0, 10000), 1);
    CU_ASSERT_EQUAL(logged_in(&limit, "connection refused", 10000, 70000), 1);
    CU_ASSERT_EQUAL(logged_in(&limit, "connection refused", 70000, 70000 + 600000), 10);
}

static void a_reason_that_comes_back_is_logged_after_ten_seconds(void)
{
    struct log_limit limit = {0};

    logged_in(&limit, "connection refused", 0, 60000);
    log_limit_end(&limit);
    CU_ASSERT_EQUAL(logged_in(&limit, "connection refused", 60000, 70000), 1);
    CU_ASSERT_EQUAL(logged_in(&limit, "connection refused", 70000, 80000), 1);
}

static void ever_new_reasons_do_not_fill_the_log(void)
{
    struct log_limit limit = {0};
    unsigned logged = 0;
    char reason[32];

    for (int i = 0; i < 10000; i++) {
        snprintf(reason, sizeof(reason), "timed out after %d ms", i);
        logged += log_limit_admits(&limit, reason, i * 10);
    }
    CU_ASSERT_EQUAL(logged, 40);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(another_reason_is_logged_at_once),
        TEST(a_lasting_reason_is_logged_after_ten_seconds_and_then_each_minute),
        TEST(a_reason_that_comes_back_is_logged_after_ten_seconds),
        TEST(ever_new_reasons_do_not_fill_the_log),
    };

    return SUITE("log_limit", tests);
}
