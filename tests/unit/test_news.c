/* test_news.c: whether the reason of a trouble is worth a line in the log. */
#include "suite.h"

#include "base/news.h"

static void another_reason_is_told_at_once(void)
{
    struct news news = {0};

    CU_ASSERT_TRUE(news_tell(&news, "connection refused", 1000));
    CU_ASSERT_TRUE(news_tell(&news, "WRONGPASS invalid username-password pair", 1001));
    CU_ASSERT_FALSE(news_tell(&news, "WRONGPASS invalid username-password pair", 2000));
}

static unsigned told_in(struct news *news, const char *reason, int64_t from_ms, int64_t until_ms)
{
    unsigned told = 0;

    for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms += 1000)
        told += news_tell(news, reason, now_ms);
    return told;
}

static void what_lasts_is_told_after_ten_seconds_and_then_each_minute(void)
{
    struct news news = {0};

    CU_ASSERT_EQUAL(told_in(&news, "connection refused", 0, 10000), 1);
    CU_ASSERT_EQUAL(told_in(&news, "connection refused", 10000, 70000), 1);
    CU_ASSERT_EQUAL(told_in(&news, "connection refused", 70000, 70000 + 600000), 10);
}

static void what_ended_and_comes_back_is_told_after_ten_seconds(void)
{
    struct news news = {0};

    told_in(&news, "connection refused", 0, 60000);
    news_end(&news);
    CU_ASSERT_EQUAL(told_in(&news, "connection refused", 60000, 70000), 1);
    CU_ASSERT_EQUAL(told_in(&news, "connection refused", 70000, 80000), 1);
}

static void reasons_that_are_ever_new_do_not_fill_the_log(void)
{
    struct news news = {0};
    unsigned told = 0;
    char reason[32];

    for (int i = 0; i < 10000; i++) {
        snprintf(reason, sizeof(reason), "timed out after %d ms", i);
        told += news_tell(&news, reason, i * 10);
    }
    CU_ASSERT_EQUAL(told, 40);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(another_reason_is_told_at_once),
        TEST(what_lasts_is_told_after_ten_seconds_and_then_each_minute),
        TEST(what_ended_and_comes_back_is_told_after_ten_seconds),
        TEST(reasons_that_are_ever_new_do_not_fill_the_log),
    };

    return SUITE("news", tests);
}
