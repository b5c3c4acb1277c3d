/* test_properties_page.c: docs/reference/librdkafka.md says what the rows say. */
#include "generated_page.h"

#include "kafka/properties.h"

static void the_page_of_properties_is_not_stale(void)
{
    ASSERT_PAGE(properties_write_reference, SOURCE_DIR "/docs/reference/librdkafka.md");
}

int main(void)
{
    static const struct suite_test tests[] = {TEST(the_page_of_properties_is_not_stale)};

    return SUITE("properties_page", tests);
}
