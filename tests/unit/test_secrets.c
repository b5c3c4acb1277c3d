/* test_secrets.c: when secrets are read again without being asked. */
#include "suite.h"

#include "app/secrets.h"

enum { START_MS = 1000000 };

static void nothing_is_read_while_nothing_is_refused(void)
{
    struct secrets secrets = {0};

    for (int64_t ms = 0; ms < 100000; ms += 200)
        CU_ASSERT_FALSE(secrets_are_due(&secrets, 0, START_MS + ms));
}

static void a_refusal_has_them_read_at_once_and_then_from_time_to_time(void)
{
    struct secrets secrets = {0};

    CU_ASSERT_TRUE(secrets_are_due(&secrets, 3, START_MS));
    CU_ASSERT_FALSE(secrets_are_due(&secrets, 4, START_MS + 200)); /* however many there are */
    CU_ASSERT_FALSE(secrets_are_due(&secrets, 5, START_MS + SECRETS_AGAIN_MS - 1));
    CU_ASSERT_TRUE(secrets_are_due(&secrets, 5, START_MS + SECRETS_AGAIN_MS));
}

static void that_ends_a_while_after_the_last_refusal(void)
{
    struct secrets secrets = {0};
    int times = 0;

    for (int64_t ms = 0; ms < 4 * SECRETS_LAST_MS; ms += 200)
        times += secrets_are_due(&secrets, 1, START_MS + ms);
    CU_ASSERT_EQUAL(times, SECRETS_LAST_MS / SECRETS_AGAIN_MS);
    CU_ASSERT_TRUE(secrets_are_due(&secrets, 2, START_MS + 5 * (int64_t)SECRETS_LAST_MS));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(nothing_is_read_while_nothing_is_refused),
        TEST(a_refusal_has_them_read_at_once_and_then_from_time_to_time),
        TEST(that_ends_a_while_after_the_last_refusal),
    };

    return SUITE("secrets", tests);
}
