/* test_failpoint.c: a test build ends where it is told, and nowhere else. (This program brings the
 * failpoints with it: the library it is linked with has none.) */
#define PENSTOCK_FAILPOINTS
#include "base/failpoint.c"

#include "suite.h"

#include <sys/wait.h>
#include <unistd.h>

static void nothing_set(void)
{
    memset(deadly, 0, sizeof(deadly));
    memset(passed, 0, sizeof(passed));
}

/* How a process ends that passes @p point as often as said: a signal's number, or 0. */
static int signal_after(enum failpoint point, unsigned passes)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        for (unsigned i = 0; i < passes; i++)
            failpoint_pass(point);
        _exit(0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void the_process_ends_at_the_pass_that_was_named(void)
{
    struct err err;

    nothing_set();
    CU_ASSERT_TRUE(failpoint_set("after-send:3,in-revoke:1", &err));
    CU_ASSERT_EQUAL(signal_after(FAILPOINT_after_send, 2), 0);
    CU_ASSERT_EQUAL(signal_after(FAILPOINT_after_send, 3), SIGKILL);
    CU_ASSERT_EQUAL(signal_after(FAILPOINT_in_revoke, 1), SIGKILL);
    CU_ASSERT_EQUAL(signal_after(FAILPOINT_after_reply, 100), 0);
}

static void nothing_named_ends_nothing(void)
{
    struct err err;

    nothing_set();
    CU_ASSERT_TRUE(failpoint_set("", &err));
    for (int i = 0; i < FAILPOINT_COUNT; i++)
        CU_ASSERT_EQUAL(signal_after((enum failpoint)i, 10), 0);
}

static void every_place_can_be_named_with_either_dash(void)
{
    char text[64];
    struct err err;

    for (size_t i = 0; i < FAILPOINT_COUNT; i++) {
        snprintf(text, sizeof(text), "%s:7", names[i]);
        nothing_set();
        CU_ASSERT_TRUE(failpoint_set(text, &err));
        CU_ASSERT_EQUAL(deadly[i], 7);
        for (char *dash; (dash = strchr(text, '_'));)
            *dash = '-';
        nothing_set();
        CU_ASSERT_TRUE(failpoint_set(text, &err));
        CU_ASSERT_EQUAL(deadly[i], 7);
    }
}

static void a_wrong_text_is_told(void)
{
    static const char *const wrong[][2] = {
        {"after-sned:1", "there is no failpoint 'after-sned'"},
        {"after-send-x:1", "there is no failpoint 'after-send-x'"},
        {"after-send", "'after-send' is not NAME:N"},
        {"after-send:", "'after-send:' is not NAME:N"},
        {"after-send:0", "'after-send:0' is not NAME:N"},
        {"after-send:-1", "'after-send:-1' is not NAME:N"},
        {"after-send:1x", "'after-send:1x' is not NAME:N"},
        {"after-send:99999999999999999999", "'after-send:99999999999999999999' is not NAME:N"},
        {"after-send:1,,in-revoke:1", "'' is not NAME:N"},
        {":1", "there is no failpoint ''"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err;
        CU_ASSERT_FALSE(failpoint_set(wrong[i][0], &err));
        ASSERT_TEXT(err.text, wrong[i][1]);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_process_ends_at_the_pass_that_was_named),
        TEST(nothing_named_ends_nothing),
        TEST(every_place_can_be_named_with_either_dash),
        TEST(a_wrong_text_is_told),
    };

    return SUITE("failpoint", tests);
}
