/* test_expand.c: "${HOME}", "${file:/run/secrets/redis:-}" in the strings of a configuration. */
#include "suite.h"

#include "base/mem.h"
#include "conf/expand.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/penstock-expand-XXXXXX";
static bool secret;

/* Asserts what @p text becomes. */
static void becomes(const char *text, const char *expected)
{
    struct err err = {0};

    secret = false;
    char *expanded = expand(text, NULL, &secret, &err);
    if (!expanded)
        fprintf(stderr, "\n%s: %s\n", text, err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expanded);
    ASSERT_TEXT(expanded, expected);
    free(expanded);
}

/* Asserts the error that @p text is. */
static void fails(const char *text, const char *expected)
{
    struct err err = {0};
    char *expanded;

    secret = false;
    expanded = expand(text, NULL, &secret, &err);
    CU_ASSERT_PTR_NULL(expanded);
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    ASSERT_TEXT(err.text, expected);
    free(expanded);
}

/* Writes a file into the folder; the text "${file:PATH" + @p rest. */
static char *file_reference(const char *name, const char *content, size_t length, const char *rest)
{
    char *path = mem_format("%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(content, 1, length, file), length);
    fclose(file);
    char *reference = mem_format("${file:%s%s", path, rest);
    free(path);
    return reference;
}

static void a_text_without_a_reference_stays_as_it_is(void)
{
    becomes("", "");
    becomes("SET ride:%{id} %{$key|replace('a','$')}", "SET ride:%{id} %{$key|replace('a','$')}");
    becomes("^ride$", "^ride$");
    becomes("a $ b $1 $x", "a $ b $1 $x");
}

static void two_dollars_stand_for_one(void)
{
    becomes("$$", "$");
    becomes("$${A}", "${A}");
    becomes("a$$b$$$", "a$b$$");
}

static void a_variable_is_filled_in(void)
{
    setenv("PENSTOCK_TEST_SET", "x${PENSTOCK_TEST_SET}$$", 1);
    becomes("<${PENSTOCK_TEST_SET}>", "<x${PENSTOCK_TEST_SET}$$>");
    CU_ASSERT_FALSE(secret);
    fails("${PENSTOCK_TEST_UNSET}", "${PENSTOCK_TEST_UNSET}: the variable is not set");
    setenv("PENSTOCK_TEST_EMPTY", "", 1);
    becomes("<${PENSTOCK_TEST_EMPTY}>", "<>");
}

static void a_default_stands_for_what_is_missing_or_empty(void)
{
    setenv("PENSTOCK_TEST_SET", "set", 1);
    setenv("PENSTOCK_TEST_EMPTY", "", 1);
    becomes("${PENSTOCK_TEST_SET:-other}", "set");
    becomes("${PENSTOCK_TEST_UNSET:-other}", "other");
    becomes("${PENSTOCK_TEST_UNSET:-}", "");
    becomes("${PENSTOCK_TEST_EMPTY:-a:-b}", "a:-b");
    becomes("${PENSTOCK_TEST_UNSET:-SET %{id} {x}", "SET %{id} {x");
    becomes("${PENSTOCK_TEST_UNSET:-${PENSTOCK_TEST_UNSET:-${PENSTOCK_TEST_SET}}!}", "set!");
}

static void a_question_mark_gives_the_message(void)
{
    fails("${PENSTOCK_TEST_UNSET:?name the broker}", "${PENSTOCK_TEST_UNSET}: name the broker");
    fails("${PENSTOCK_TEST_UNSET:?}", "${PENSTOCK_TEST_UNSET}: the variable is not set");
}

static void a_dollar_without_a_reference_is_an_error(void)
{
    fails("a${", "'${' without its '}'");
    fails("${A:-${B}", "'${' without its '}'");
    fails("${}", "'${}' names no variable, file: or cred:");
    fails("${1A}", "'${1A}' names no variable, file: or cred:");
    fails("${A B:-x}", "'${A B}' names no variable, file: or cred:");
    fails("${file:}", "'${file:}' names no variable, file: or cred:");
    fails("${A:-${B:-${C:-${D:-${E:-${F:-${G:-${H:-${I:-}}}}}}}}}", "'${' nested more than 8 deep");
}

static void a_files_content_loses_its_last_newlines_and_is_secret(void)
{
    char *reference = file_reference("secret", "pass\nword$$\r\n\n", 13, "}");

    becomes(reference, "pass\nword$$");
    CU_ASSERT_TRUE(secret);
    free(reference);
}

static void a_missing_or_empty_file_has_its_default(void)
{
    char *empty = file_reference("empty", "\n", 1, ":-none}");
    char *plain = file_reference("empty", "\n", 1, "}");

    becomes("${file:/nonexistent/secret:-none}", "none");
    CU_ASSERT_FALSE(secret);
    becomes(empty, "none");
    becomes(plain, "");
    fails("${file:/nonexistent/secret}", "${file:/nonexistent/secret}: No such file or directory");
    fails("${file:/nonexistent/secret:?mount it}", "${file:/nonexistent/secret}: mount it");
    free(empty);
    free(plain);
}

static void a_file_that_cannot_be_read_has_no_default(void)
{
    char *nul = file_reference("nul", "a\0b", 3, ":-x}");
    char *large = mem_alloc(EXPAND_FILE_BYTES_MAX + 1);
    struct err err = {0};

    fails("${file:/:-x}", "${file:/}: Is a directory");
    CU_ASSERT_PTR_NULL(expand(nul, NULL, &secret, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "it holds a NUL byte"));
    free(nul);
    memset(large, 'a', EXPAND_FILE_BYTES_MAX + 1);
    nul = file_reference("large", large, EXPAND_FILE_BYTES_MAX + 1, "}");
    CU_ASSERT_PTR_NULL(expand(nul, NULL, &secret, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than 65536 bytes"));
    free(nul);
    free(large);
}

static void a_credential_lies_in_its_folder_and_nowhere_else(void)
{
    free(file_reference("redis", "hunter2\n", 8, "}"));
    unsetenv("CREDENTIALS_DIRECTORY");
    fails("${cred:redis}", "${cred:redis}: CREDENTIALS_DIRECTORY is not set");
    becomes("${cred:redis:-}", "");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    becomes("${cred:redis}", "hunter2");
    CU_ASSERT_TRUE(secret);
    becomes("${cred:other:-none}", "none");
    fails("${cred:../redis}", "'${cred:../redis}' is no name of a credential");
    fails("${cred:..}", "'${cred:..}' is no name of a credential");
    fails("${cred:}", "'${cred:}' is no name of a credential");
}

static void a_variable_called_like_a_secret_is_one(void)
{
    setenv("PENSTOCK_TEST_PASSWORD", "hunter2", 1);
    becomes("x${PENSTOCK_TEST_PASSWORD}", "xhunter2");
    CU_ASSERT_TRUE(secret);
}

static void an_expanded_text_has_a_limit(void)
{
    char *value = mem_alloc(100001), *text = mem_alloc(200);
    struct err err = {0};

    memset(value, 'a', 100000);
    setenv("PENSTOCK_TEST_LONG", value, 1);
    strcpy(text, "${PENSTOCK_TEST_LONG}${PENSTOCK_TEST_LONG}");
    char *expanded = expand(text, NULL, &secret, &err);
    CU_ASSERT_PTR_NOT_NULL(expanded);
    free(expanded);
    strcat(text, "${PENSTOCK_TEST_LONG}");
    fails(text, "longer than 262144 bytes when expanded");
    unsetenv("PENSTOCK_TEST_LONG");
    free(value);
    free(text);
}

static void remove_folder(void)
{
    static const char *const names[] = {"secret", "empty", "nul", "large", "redis"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = mem_format("%s/%s", folder, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_text_without_a_reference_stays_as_it_is),
        TEST(two_dollars_stand_for_one),
        TEST(a_variable_is_filled_in),
        TEST(a_default_stands_for_what_is_missing_or_empty),
        TEST(a_question_mark_gives_the_message),
        TEST(a_dollar_without_a_reference_is_an_error),
        TEST(a_files_content_loses_its_last_newlines_and_is_secret),
        TEST(a_missing_or_empty_file_has_its_default),
        TEST(a_file_that_cannot_be_read_has_no_default),
        TEST(a_credential_lies_in_its_folder_and_nowhere_else),
        TEST(a_variable_called_like_a_secret_is_one),
        TEST(an_expanded_text_has_a_limit),
    };

    unsetenv("PENSTOCK_TEST_UNSET");
    if (!mkdtemp(folder))
        return 2;
    int status = SUITE("expand", tests);
    remove_folder();
    return status;
}
