/* test_durable.c: what must be known of a write before its record counts as done. */
#include "suite.h"

#include "conf/durable.h"

static struct conf_durable read_good(const char *text)
{
    struct conf_durable durable = {.kind = DURABLE_WAITAOF, .local = -1, .replicas = -1};
    struct err err = {0};

    CU_ASSERT_TRUE(durable_parse(text, &durable, &err));
    return durable;
}

static void durable_none_asks_for_nothing(void)
{
    CU_ASSERT_EQUAL(read_good("none").kind, DURABLE_NONE);
}

static void wait_names_replicas_and_a_timeout(void)
{
    struct conf_durable durable = read_good("wait(2, 500ms)");

    CU_ASSERT_EQUAL(durable.kind, DURABLE_WAIT);
    CU_ASSERT_EQUAL(durable.replicas, 2);
    CU_ASSERT_EQUAL(durable.timeout, 500);
    CU_ASSERT_EQUAL(durable.local, 0);
    CU_ASSERT_EQUAL(read_good("wait(1,1s)").timeout, 1000);
    CU_ASSERT_EQUAL(read_good("wait( 64 , 60s )").replicas, 64);
}

static void waitaof_names_the_own_disk_too(void)
{
    struct conf_durable durable = read_good("waitaof(1, 0, 2s)");

    CU_ASSERT_EQUAL(durable.kind, DURABLE_WAITAOF);
    CU_ASSERT_EQUAL(durable.local, 1);
    CU_ASSERT_EQUAL(durable.replicas, 0);
    CU_ASSERT_EQUAL(durable.timeout, 2000);
    CU_ASSERT_EQUAL(read_good("waitaof(0, 2, 1ms)").replicas, 2);
}

static void expect_bad(const char *text, const char *reason)
{
    struct conf_durable durable = {.replicas = 7};
    struct err err = {0};

    CU_ASSERT_FALSE(durable_parse(text, &durable, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, reason));
    if (!strstr(err.text, reason))
        fprintf(stderr, "\n%s: %s\n", text, err.text);
    CU_ASSERT_EQUAL(durable.replicas, 7);
}

static void other_texts_are_refused_with_their_reason(void)
{
    static const char *const strangers[] = {
        "", "None", "wait", "wait (1, 1s)", "WAIT(1, 1s)", " wait(1, 1s)", "waitaof", "fsync(1)"};

    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        expect_bad(strangers[i], "must be none, wait(");
    expect_bad("wait(", "must say wait(");
    expect_bad("wait()", "must say wait(");
    expect_bad("wait(1)", "must say wait(");
    expect_bad("wait(1, 500ms", "must say wait(");
    expect_bad("wait(1, 500ms) ", "must say wait(");
    expect_bad("wait(1, 500ms))", "must say wait(");
    expect_bad("wait(1), 500ms)", "must say wait(");
    expect_bad("wait(1, 500ms, 2)", "must say wait(");
    expect_bad("wait(1, 2, 3, 4)", "must say wait(");
    expect_bad("waitaof(1, 500ms)", "must say waitaof(");
    expect_bad("waitaof(1, 1, 1, 500ms)", "must say waitaof(");
}

static void numbers_have_their_limits(void)
{
    expect_bad("wait(0, 500ms)", "as REPLICAS");
    expect_bad("wait(-1, 500ms)", "as REPLICAS");
    expect_bad("wait(65, 500ms)", "as REPLICAS");
    expect_bad("wait(, 500ms)", "as REPLICAS");
    expect_bad("wait(1 1, 500ms)", "as REPLICAS");
    expect_bad("wait(99999999999999999999, 1s)", "as REPLICAS");
    expect_bad("wait(1, 500)", "as TIMEOUT");
    expect_bad("wait(1, 0ms)", "as TIMEOUT");
    expect_bad("wait(1, 61s)", "as TIMEOUT");
    expect_bad("wait(1, )", "as TIMEOUT");
    expect_bad("waitaof(2, 1, 1s)", "as LOCAL");
    expect_bad("waitaof(1, x, 1s)", "as REPLICAS");
    expect_bad("waitaof(0, 0, 1s)", "waits for nothing");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(durable_none_asks_for_nothing),  TEST(wait_names_replicas_and_a_timeout),
        TEST(waitaof_names_the_own_disk_too), TEST(other_texts_are_refused_with_their_reason),
        TEST(numbers_have_their_limits),
    };

    return SUITE("durable", tests);
}
