/* test_start.c: where a partition without a committed offset begins. */
#include "suite.h"

#include "conf/start.h"

static int64_t time_of(const char *text)
{
    struct conf_start start = {START_EARLIEST, -1};

    CU_ASSERT_TRUE(start_parse(text, &start, NULL));
    CU_ASSERT_EQUAL(start.kind, START_TIME);
    return start.time_ms;
}

static void start_knows_earliest_latest_and_error(void)
{
    struct conf_start start = {START_TIME, -1};

    CU_ASSERT_TRUE(start_parse("earliest", &start, NULL));
    CU_ASSERT_EQUAL(start.kind, START_EARLIEST);
    CU_ASSERT_TRUE(start_parse("latest", &start, NULL));
    CU_ASSERT_EQUAL(start.kind, START_LATEST);
    CU_ASSERT_TRUE(start_parse("error", &start, NULL));
    CU_ASSERT_EQUAL(start.kind, START_ERROR);
}

static void a_time_is_milliseconds_since_1970(void)
{
    CU_ASSERT_EQUAL(time_of("@1970-01-01T00:00:00Z"), 0);
    CU_ASSERT_EQUAL(time_of("@2026-01-31T00:00:00Z"), 1769817600000);
    CU_ASSERT_EQUAL(time_of("@2026-01-31"), 1769817600000);
    CU_ASSERT_EQUAL(time_of("@2026-01-31T00:00Z"), 1769817600000);
    CU_ASSERT_EQUAL(time_of("@2026-01-31T00:00:00.125Z"), 1769817600125);
    CU_ASSERT_EQUAL(time_of("@2026-01-31T00:00:00.1259Z"), 1769817600125);
    CU_ASSERT_EQUAL(time_of("@2024-02-29T12:30:15Z"), 1709209815000);
}

static void a_zone_is_taken_off(void)
{
    CU_ASSERT_EQUAL(time_of("@2026-01-31T01:00:00+01:00"), 1769817600000);
    CU_ASSERT_EQUAL(time_of("@2026-01-30T20:30:00-03:30"), 1769817600000);
}

static void a_text_of_another_form_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "Earliest",
        "@",
        "@now",
        "@2026-1-31",
        "@2026-02-29",
        "@2100-02-29",
        "@2026-13-01",
        "@2026-00-01",
        "@2026-01-32",
        "@1969-12-31T23:59:59Z",
        "@2026-01-31T00:00:00",
        "@2026-01-31T24:00:00Z",
        "@2026-01-31T00:60:00Z",
        "@2026-01-31T00:00:00+1:00",
        "@2026-01-31T00:00:00Zx",
        "@2026-01-31T",
        "@2026-01-31TZ",
        "2026-01-31",
    };
    struct conf_start start = {START_LATEST, -1};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_FALSE(start_parse(texts[i], &start, NULL));
    CU_ASSERT_EQUAL(start.kind, START_LATEST);
    CU_ASSERT_EQUAL(start.time_ms, -1);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(start_knows_earliest_latest_and_error),
        TEST(a_time_is_milliseconds_since_1970),
        TEST(a_zone_is_taken_off),
        TEST(a_text_of_another_form_is_refused),
    };

    return SUITE("start", tests);
}
