/* test_codec.c: the formats, and the trees of a record's key and value, decoded once. */
#include "generated_page.h"
#include "suite.h"

#include "codec/codec.h"

static struct arena arena;

static struct record record_of(const char *key, const char *value)
{
    return (struct record){.key = slice_of(key), .value = slice_of(value), .topic = "t"};
}

static void formats_are_found_by_name(void)
{
    size_t count;
    const struct codec *const *all = codec_all(&count);

    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_PTR_EQUAL(codec_find("raw"), all[0]);
    ASSERT_TEXT(codec_find("json")->name, "json");
    CU_ASSERT_PTR_NULL(codec_find("jso"));
}

static void a_value_is_decoded_once(void)
{
    struct record record = record_of("[1]", "{\"a\":1}");
    const struct codec *json = codec_find("json");
    const struct value *tree = codec_value_tree(&record, json, &arena, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    CU_ASSERT_EQUAL(tree->type, VALUE_OBJECT);
    CU_ASSERT_PTR_EQUAL(codec_value_tree(&record, json, &arena, NULL), tree);
    CU_ASSERT_EQUAL(codec_key_tree(&record, json, &arena, NULL)->type, VALUE_ARRAY);
    CU_ASSERT_PTR_EQUAL(codec_value_tree(&record, json, &arena, NULL), tree);
}

static void another_format_does_not_get_the_tree_of_the_first(void)
{
    struct record record = record_of(NULL, "{}");
    struct err err = {0};

    CU_ASSERT_PTR_NOT_NULL(codec_value_tree(&record, codec_find("json"), &arena, NULL));
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, codec_find("raw"), &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "value: the format raw has no fields");
    CU_ASSERT_PTR_NOT_NULL(codec_value_tree(&record, codec_find("json"), &arena, NULL));
}

static void null_has_no_fields(void)
{
    struct record record = record_of(NULL, NULL);
    struct err err = {0};

    CU_ASSERT_PTR_NULL(codec_key_tree(&record, codec_find("json"), &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "key: null, which has no fields");
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, codec_find("json"), &arena, &err));
    ASSERT_TEXT(err.text, "value: null, which has no fields");
}

static void what_does_not_decode_says_where_and_not_what(void)
{
    struct record record = record_of("{\"secret\"", "");
    struct err err = {0};

    CU_ASSERT_PTR_NULL(codec_key_tree(&record, codec_find("json"), &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "key: json: byte 10: expected ':' after a member's name, not the end "
                          "of the text");
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, codec_find("json"), &arena, &err));
    ASSERT_TEXT(err.text, "value: json: byte 1: expected a value, not the end of the text");
}

static void the_reference_page_lists_every_format(void)
{
    ASSERT_PAGE(codec_write_reference, SOURCE_DIR "/docs/reference/formats.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(formats_are_found_by_name),
        TEST(a_value_is_decoded_once),
        TEST(another_format_does_not_get_the_tree_of_the_first),
        TEST(null_has_no_fields),
        TEST(what_does_not_decode_says_where_and_not_what),
        TEST(the_reference_page_lists_every_format),
    };
    int status = SUITE("codec", tests);

    arena_free(&arena);
    return status;
}
