/* test_codec.c: the formats, and the trees of a record's key and value, decoded once. */
#include "generated_page.h"
#include "suite.h"

#include "codec/codec.h"
#include "codec/json.h"

#include <stdlib.h>

static struct arena arena;
static struct decoder json, raw;

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
    const struct value *tree = codec_value_tree(&record, &json, &arena, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    CU_ASSERT_EQUAL(tree->type, VALUE_OBJECT);
    CU_ASSERT_PTR_EQUAL(codec_value_tree(&record, &json, &arena, NULL), tree);
    CU_ASSERT_EQUAL(codec_key_tree(&record, &json, &arena, NULL)->type, VALUE_ARRAY);
    CU_ASSERT_PTR_EQUAL(codec_value_tree(&record, &json, &arena, NULL), tree);
}

static void another_format_does_not_get_the_tree_of_the_first(void)
{
    struct record record = record_of(NULL, "{}");
    struct err err = {0};

    CU_ASSERT_PTR_NOT_NULL(codec_value_tree(&record, &json, &arena, NULL));
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, &raw, &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "value: the format raw has no fields");
    CU_ASSERT_PTR_NOT_NULL(codec_value_tree(&record, &json, &arena, NULL));
}

static void null_has_no_fields(void)
{
    struct record record = record_of(NULL, NULL);
    struct err err = {0};

    CU_ASSERT_PTR_NULL(codec_key_tree(&record, &json, &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "key: null, which has no fields");
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, &json, &arena, &err));
    ASSERT_TEXT(err.text, "value: null, which has no fields");
}

/* --- a codec with a state -------------------------------------------------------------------- */

/* As many times as its state says the answer is "not yet", and then the tree of JSON. */
static void *open_later(const struct conf_route *route, struct err *err)
{
    if (!route)
        err_set(err, ERR_CONFIG, "needs a route");
    return route ? calloc(1, sizeof(int)) : NULL;
}

static const struct value *decode_later(void *state, struct slice bytes, struct arena *memory,
                                        struct err *err)
{
    int *left = state;

    if (!*left)
        return json_codec_decode(NULL, bytes, memory, err);
    --*left;
    err_set(err, ERR_RETRY, "schema 7 is not here yet");
    return NULL;
}

static const struct codec later = {"later", "", open_later, decode_later, free};

static const struct decoder *later_open(struct decoder *decoder, int times)
{
    static const char route[] = "any";

    CU_ASSERT_TRUE_FATAL(decoder_open(decoder, &later, (const struct conf_route *)route, NULL));
    *(int *)decoder->state = times;
    return decoder;
}

static void what_cannot_be_decoded_yet_is_asked_again(void)
{
    struct record record = record_of(NULL, "{}");
    struct decoder decoder;
    struct err err = {0};

    later_open(&decoder, 2);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_PTR_NULL(codec_value_tree(&record, &decoder, &arena, &err));
        CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
        ASSERT_TEXT(err.text, "value: schema 7 is not here yet");
    }
    CU_ASSERT_PTR_NOT_NULL(codec_value_tree(&record, &decoder, &arena, &err));
    decoder_close(&decoder);
    CU_ASSERT_PTR_NULL(decoder.state);
}

static void a_tree_is_shared_by_those_that_decode_alike(void)
{
    struct record record = record_of(NULL, "{}");
    const struct decoder same = json;
    struct decoder one, other;

    later_open(&one, 0);
    later_open(&other, 0);
    const struct value *tree = codec_value_tree(&record, &json, &arena, NULL);
    CU_ASSERT_PTR_EQUAL(codec_value_tree(&record, &same, &arena, NULL), tree);
    tree = codec_value_tree(&record, &one, &arena, NULL);
    CU_ASSERT_PTR_NOT_EQUAL(codec_value_tree(&record, &other, &arena, NULL), tree);
    decoder_close(&one);
    decoder_close(&other);
}

static void a_codec_that_cannot_be_opened_says_which(void)
{
    struct decoder decoder = {0};
    struct err err = {0};

    CU_ASSERT_FALSE(decoder_open(&decoder, &later, NULL, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    ASSERT_TEXT(err.text, "later: needs a route");
    CU_ASSERT_PTR_NULL(decoder.codec);
    decoder_close(&decoder);
}

static void what_does_not_decode_says_where_and_not_what(void)
{
    struct record record = record_of("{\"secret\"", "");
    struct err err = {0};

    CU_ASSERT_PTR_NULL(codec_key_tree(&record, &json, &arena, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "key: json: byte 10: expected ':' after a member's name, not the end "
                          "of the text");
    CU_ASSERT_PTR_NULL(codec_value_tree(&record, &json, &arena, &err));
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
        TEST(what_cannot_be_decoded_yet_is_asked_again),
        TEST(a_tree_is_shared_by_those_that_decode_alike),
        TEST(a_codec_that_cannot_be_opened_says_which),
        TEST(what_does_not_decode_says_where_and_not_what),
        TEST(the_reference_page_lists_every_format),
    };

    json.codec = codec_find("json");
    raw.codec = codec_find("raw");
    int status = SUITE("codec", tests);

    arena_free(&arena);
    return status;
}
