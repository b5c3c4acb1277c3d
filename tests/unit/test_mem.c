/* test_mem.c: memory that is there or ends the process. */
#include "suite.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void fresh_memory_is_zero(void)
{
    char *bytes = mem_alloc(100);
    int64_t *numbers = mem_array(10, sizeof(*numbers));

    for (int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(bytes[i], 0);
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(numbers[i], 0);
    free(bytes);
    free(numbers);
}

static void an_allocation_of_no_bytes_is_not_null(void)
{
    void *nothing = mem_alloc(0), *none = mem_array(0, 8), *resized = mem_resize(NULL, 0);

    CU_ASSERT_PTR_NOT_NULL(nothing);
    CU_ASSERT_PTR_NOT_NULL(none);
    CU_ASSERT_PTR_NOT_NULL(resized);
    free(nothing);
    free(none);
    free(resized);
}

static void a_copy_has_a_nul_behind_it(void)
{
    char *bytes = mem_copy("a\0b", 3), *empty = mem_copy(NULL, 0), *text = mem_text("text");
    char *formatted = mem_format("%s-%d", "n", 7);

    CU_ASSERT_EQUAL(memcmp(bytes, "a\0b", 4), 0);
    ASSERT_TEXT(empty, "");
    ASSERT_TEXT(text, "text");
    ASSERT_TEXT(formatted, "n-7");
    free(bytes);
    free(empty);
    free(text);
    free(formatted);
}

static void growing_keeps_what_is_there(void)
{
    size_t capacity = 0;
    int *numbers = NULL;

    for (int i = 0; i < 1000; i++) {
        numbers = mem_grow(numbers, (size_t)i, &capacity, sizeof(*numbers));
        CU_ASSERT((size_t)i < capacity);
        numbers[i] = i;
    }
    CU_ASSERT_EQUAL(capacity, 1024);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(numbers[i], i);
    free(numbers);
}

static void more_than_there_is(void)
{
    volatile size_t size = SIZE_MAX / 4; /* volatile: the compiler would warn */

    mem_resize(NULL, size);
}

static void a_product_that_overflows(void)
{
    volatile size_t count = SIZE_MAX / 4;

    mem_array(count, 8);
}

static void an_array_grown_too_far(void)
{
    size_t capacity = SIZE_MAX / 4;

    mem_grow(NULL, capacity, &capacity, 16);
}

/* The exit status of a child that runs @p act. */
static int status_after(void (*act)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        close(STDERR_FILENO); /* its last words are for an operator */
        act();
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The sanitizers' allocators end the process by themselves, with statuses of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASSERT_ENDED(act) CU_ASSERT_NOT_EQUAL(status_after(act), 0)
#else
#define ASSERT_ENDED(act) CU_ASSERT_EQUAL(status_after(act), 70)
#endif

static void memory_that_is_not_there_ends_the_process(void)
{
    ASSERT_ENDED(more_than_there_is);
    ASSERT_ENDED(a_product_that_overflows);
    ASSERT_ENDED(an_array_grown_too_far);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(fresh_memory_is_zero),
        TEST(an_allocation_of_no_bytes_is_not_null),
        TEST(a_copy_has_a_nul_behind_it),
        TEST(growing_keeps_what_is_there),
        TEST(memory_that_is_not_there_ends_the_process),
    };

    return SUITE("mem", tests);
}
