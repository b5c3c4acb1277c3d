/* suite.c: what every CUnit program of the tests shares. */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { APART = 4 }; /* processes of one program at a time */

/* Names the only test to run; also for a process of suite_run_apart(). */
#define ONLY "PENSTOCK_TEST_ONLY"

static int suite_run_all(const char *name, const struct suite_test *tests, size_t count)
{
    CU_pSuite suite;

    if (CU_initialize_registry() != CUE_SUCCESS || !(suite = CU_add_suite(name, NULL, NULL)))
        return 2;
    for (size_t i = 0; i < count; i++)
        if (!CU_add_test(suite, tests[i].name, tests[i].run))
            return 2;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_tests_failed();
    unsigned run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    printf("%u passed, %u failed\n", run - failed, failed);
    return failed == 0 && run == count ? 0 : 1;
}

static int suite_run_only(const char *name, const struct suite_test *tests, size_t count,
                          const char *only)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tests[i].name, only) == 0)
            return suite_run_all(name, &tests[i], 1);
    printf("%s has no test %s\n", name, only);
    return 2;
}

int suite_run(const char *name, const struct suite_test *tests, size_t count)
{
    const char *only = getenv(ONLY);

    return only ? suite_run_only(name, tests, count, only) : suite_run_all(name, tests, count);
}

/* --- each test in a process of its own -------------------------------------------------------- */

struct apart {
    const struct suite_test *test;
    FILE *output;
    pid_t pid;
    int status;
};

/* Between fork() and exec(): other threads may have held any lock. */
static _Noreturn void apart_exec(int output, pid_t parent)
{
    char name[] = "test", *const arguments[] = {name, NULL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(127);
}

static void apart_start(struct apart *apart)
{
    pid_t parent = getpid();

    apart->output = tmpfile();
    if (!apart->output || setenv(ONLY, apart->test->name, 1) != 0)
        exit(2);
    apart->pid = fork();
    if (apart->pid == 0)
        apart_exec(fileno(apart->output), parent);
    if (apart->pid < 0)
        exit(2);
}

/* Waits until one of them has ended. */
static void apart_wait(struct apart *aparts, size_t started)
{
    for (;;) {
        int status;
        pid_t pid = wait(&status);

        if (pid < 0 && errno != EINTR)
            exit(2);
        for (size_t i = 0; i < started; i++)
            if (pid > 0 && aparts[i].pid == pid) {
                aparts[i].status = status;
                return;
            }
    }
}

/* Copies what it said, and says how it ended; whether well. */
static bool apart_report(struct apart *apart)
{
    bool well = WIFEXITED(apart->status) && WEXITSTATUS(apart->status) == 0;

    rewind(apart->output);
    for (int byte; !well && (byte = fgetc(apart->output)) != EOF;)
        putchar(byte);
    fclose(apart->output);
    printf("%s %s\n", well ? "ok  " : "FAIL", apart->test->name);
    if (WIFSIGNALED(apart->status))
        printf("    ended by signal %d\n", WTERMSIG(apart->status));
    return well;
}

static int apart_run(struct apart *aparts, const struct suite_test *tests, size_t count)
{
    size_t started = 0, passed = 0;

    for (size_t ended = 0; ended < count; ended++) {
        for (; started < count && started - ended < APART; started++) {
            aparts[started].test = &tests[started];
            apart_start(&aparts[started]);
        }
        apart_wait(aparts, started);
    }
    for (size_t i = 0; i < count; i++)
        passed += apart_report(&aparts[i]);
    printf("%zu passed, %zu failed\n", passed, count - passed);
    return passed == count ? 0 : 1;
}

int suite_run_apart(const char *name, const struct suite_test *tests, size_t count)
{
    const char *only = getenv(ONLY);

    if (only)
        return suite_run_only(name, tests, count, only);
    struct apart *aparts = calloc(count, sizeof(*aparts));
    int status = aparts ? apart_run(aparts, tests, count) : 2;
    free(aparts);
    return status;
}
