/*
 * suite.h: what every CUnit program of the tests shares.
 *
 * A program lists its tests in one table and returns suite_run(). The last line it prints is "N
 * passed, N failed", counted in tests, which scripts/test adds up. A test's name is a sentence that
 * could be false.
 */
#pragma once
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/** What comes at once takes less, also on a machine that has much else to do; what waits for the
 * wrong thing takes longer. */
enum { AT_ONCE_MS = 30000 };

struct suite_test {
    const char *name;
    void (*run)(void);
};

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

/** Asserts that two C strings are equal and shows both if they are not. */
#define ASSERT_TEXT(actual, expected)                                                              \
    do {                                                                                           \
        const char *suite_actual_ = (actual), *suite_expected_ = (expected);                       \
        if (!suite_actual_ || strcmp(suite_actual_, suite_expected_) != 0)                         \
            fprintf(stderr, "\n%s:%d: got      '%s'\n%s:%d: expected '%s'\n", __FILE__, __LINE__,  \
                    suite_actual_ ? suite_actual_ : "(null)", __FILE__, __LINE__,                  \
                    suite_expected_);                                                              \
        CU_ASSERT(suite_actual_ &&strcmp(suite_actual_, suite_expected_) == 0);                    \
    } while (0)

/** Runs @p tests in order, prints the closing line; the exit status of the program. The environment
 * variable PENSTOCK_TEST_ONLY names one of them, to run that alone. */
int suite_run(const char *name, const struct suite_test *tests, size_t count);

/**
 * The same, each test in a process of its own, some at a time: for tests that wait more than they
 * work and share nothing but the program. Each process runs main() from its beginning.
 */
int suite_run_apart(const char *name, const struct suite_test *tests, size_t count);

#define SUITE(name, tests)       suite_run(name, tests, sizeof(tests) / sizeof((tests)[0]))
#define SUITE_APART(name, tests) suite_run_apart(name, tests, sizeof(tests) / sizeof((tests)[0]))
