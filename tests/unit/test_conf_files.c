/*
 * test_conf_files.c: whole files: what is told of every one of tests/conf/bad, word by word, and
 * that those of conf/ load.
 *
 * Each x.conf has an x.expected beside it. PENSTOCK_WRITE_EXPECTED=1 in the environment writes them
 * anew; read what changed before it is committed.
 */
#include "suite.h"

#include "conf/conf.h"
#include "conf/loader.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

static char *read_whole(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");

    if (!file)
        return NULL;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

/* What penstock tells of the file; free() ends it. */
static char *told_of(const char *path, size_t *errors)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf *conf = loader_read(path, problems, NULL);
    size_t length;
    char *text;
    FILE *out = open_memstream(&text, &length);

    conf_problems_write(problems, CONF_NOTE, out);
    *errors = conf_problems_count(problems);
    fclose(out);
    conf_free(conf);
    conf_problems_free(problems);
    return text;
}

static void compare(const char *path)
{
    char expected_path[256];
    size_t errors;
    char *told = told_of(path, &errors);

    snprintf(expected_path, sizeof(expected_path), "%.*s.expected",
             (int)(strlen(path) - strlen(".conf")), path);
    if (getenv("PENSTOCK_WRITE_EXPECTED")) {
        FILE *out = fopen(expected_path, "w");
        CU_ASSERT_FATAL(out != NULL);
        fputs(told, out);
        fclose(out);
    }
    char *expected = read_whole(expected_path);
    if (!expected)
        fprintf(stderr, "\n%s cannot be read\n", expected_path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    ASSERT_TEXT(told, expected);
    CU_ASSERT(errors > 0);
    CU_ASSERT_PTR_NULL(strstr(told, "hunter2"));
    free(expected);
    free(told);
}

static void every_mistake_is_told_as_it_is_written_down(void)
{
    glob_t files;

    CU_ASSERT_EQUAL_FATAL(chdir(TESTS_DIR "/conf/bad"), 0);
    CU_ASSERT_EQUAL_FATAL(glob("*.conf", 0, NULL, &files), 0);
    CU_ASSERT(files.gl_pathc >= 50);
    for (size_t i = 0; i < files.gl_pathc; i++)
        compare(files.gl_pathv[i]);
    globfree(&files);
}

static void every_example_loads(void)
{
    glob_t files;

    CU_ASSERT_EQUAL_FATAL(glob(SOURCE_DIR "/conf/*.conf", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t errors;
        char *told = told_of(files.gl_pathv[i], &errors);
        ASSERT_TEXT(told, "");
        free(told);
    }
    globfree(&files);
}

static void a_file_that_is_not_there_is_an_error_without_a_line(void)
{
    size_t errors;
    char *told = told_of("/nonexistent/penstock.conf", &errors);

    ASSERT_TEXT(told, "/nonexistent/penstock.conf: error: cannot read the file "
                      "/nonexistent/penstock.conf: No such file or directory\n");
    free(told);
}

static void a_folder_is_no_configuration(void)
{
    size_t errors;
    char *told = told_of("/", &errors);

    ASSERT_TEXT(told, "/: error: cannot read the file /: Is a directory\n");
    free(told);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_mistake_is_told_as_it_is_written_down),
        TEST(every_example_loads),
        TEST(a_file_that_is_not_there_is_an_error_without_a_line),
        TEST(a_folder_is_no_configuration),
    };

    unsetenv("PENSTOCK_TEST_UNSET");
    unsetenv("PENSTOCK_TEST_SET");
    unsetenv("CREDENTIALS_DIRECTORY");
    return SUITE("conf_files", tests);
}
