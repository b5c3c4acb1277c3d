/*
 * test_reference.c: docs/reference/configuration.md says what the rows say.
 *
 * UPDATE=1 in the environment writes the page anew.
 */
#include "suite.h"

#include "conf/conf.h"

#include <stdlib.h>

static const char page[] = SOURCE_DIR "/docs/reference/configuration.md";

static char *written_by(void (*write)(FILE *out))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    write(out);
    fclose(out);
    return text;
}

static void the_reference_page_is_not_stale(void)
{
    char *expected = written_by(conf_write_reference), *text = NULL;
    size_t size = 0;
    FILE *file = fopen(page, getenv("UPDATE") ? "w+" : "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (getenv("UPDATE")) {
        fputs(expected, file);
        rewind(file);
    }
    CU_ASSERT(getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    CU_ASSERT(text && strcmp(text, expected) == 0);
    if (!text || strcmp(text, expected) != 0)
        fputs("\ndocs/reference/configuration.md is stale: UPDATE=1 build/tests/unit_reference\n",
              stderr);
    free(text);
    free(expected);
}

static void the_list_of_options_has_a_line_for_each_one(void)
{
    char *text = written_by(conf_write_options);

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "source.workers INTEGER default \"1\" "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "route.do COMMANDS required "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "log.format auto|logfmt|json default \"auto\" "));
    free(text);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_reference_page_is_not_stale),
        TEST(the_list_of_options_has_a_line_for_each_one),
    };

    return SUITE("reference", tests);
}
