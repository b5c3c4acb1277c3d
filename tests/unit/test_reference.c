/* test_reference.c: docs/reference/configuration.md says what the rows say. */
#include "generated_page.h"

#include "conf/option_page.h"

static void the_reference_page_is_not_stale(void)
{
    ASSERT_PAGE(option_page_write, SOURCE_DIR "/docs/reference/configuration.md");
}

static void the_list_of_options_has_a_line_for_each_one(void)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    option_page_list(out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "source.workers INTEGER default \"1\"  change restart  "));
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
