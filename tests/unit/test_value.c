/* test_value.c: questions about the tree: strings without escapes, members, elements. */
#include "suite.h"

#include "codec/json.h"
#include "record/value.h"

static struct arena arena;

static const struct value *tree(const char *text)
{
    struct err err = {0};
    const struct value *value = json_decode(slice_of(text), &arena, &err);

    if (!value)
        fprintf(stderr, "\n%s: %s\n", text, err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

static const struct value *member(const struct value *value, const char *name)
{
    return value_member(value, slice_of(name));
}

#define ASSERT_SLICE(actual, expected) CU_ASSERT(slice_equal(actual, SLICE(expected)))

static void a_string_without_escapes_is_the_payloads_own_bytes(void)
{
    const char *text = "\"K\303\266ln\"";
    struct slice string = value_text(tree(text), &arena, NULL);

    CU_ASSERT_PTR_EQUAL(string.data, text + 1);
    ASSERT_SLICE(string, "K\303\266ln");
}

static void every_escape_becomes_what_it_means(void)
{
    ASSERT_SLICE(value_text(tree("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), &arena, NULL),
                 "\"\\/\b\f\n\r\t");
    ASSERT_SLICE(value_text(tree("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000!\""), &arena, NULL),
                 "A\303\251\342\202\254\360\237\230\200\0!");
}

static void half_a_surrogate_pair_becomes_the_replacement_character(void)
{
    ASSERT_SLICE(value_text(tree("\"a\\ud83dz\""), &arena, NULL), "a\357\277\275z");
    ASSERT_SLICE(value_text(tree("\"\\ude00\""), &arena, NULL), "\357\277\275");
    ASSERT_SLICE(value_text(tree("\"\\ud83d\\ud83d\\ude00\""), &arena, NULL),
                 "\357\277\275\360\237\230\200");
    ASSERT_SLICE(value_text(tree("\"\\ud83d\\n\""), &arena, NULL), "\357\277\275\n");
    ASSERT_SLICE(value_text(tree("\"\\ud83d\\u0041\""), &arena, NULL), "\357\277\275A");
    ASSERT_SLICE(value_text(tree("\"\\ude00\\ude00\""), &arena, NULL), "\357\277\275\357\277\275");
    ASSERT_SLICE(value_text(tree("\"\\ud83d\\ue000\""), &arena, NULL), "\357\277\275\356\200\200");
}

static void numbers_keep_their_text(void)
{
    const struct value *array = tree("[-0, 1.50, 1E+400, 12345678901234567890.10]");

    ASSERT_SLICE(value_element(array, 0)->raw, "-0");
    ASSERT_SLICE(value_element(array, 1)->raw, "1.50");
    ASSERT_SLICE(value_element(array, 2)->raw, "1E+400");
    ASSERT_SLICE(value_element(array, 3)->raw, "12345678901234567890.10");
    CU_ASSERT_EQUAL(value_element(array, 3)->type, VALUE_NUMBER);
}

static void containers_keep_their_text_with_its_brackets(void)
{
    const struct value *value = tree(" { \"a\" : [ 1 , {} ] } ");

    ASSERT_SLICE(value->raw, "{ \"a\" : [ 1 , {} ] }");
    ASSERT_SLICE(member(value, "a")->raw, "[ 1 , {} ]");
    ASSERT_SLICE(value_element(member(value, "a"), 1)->raw, "{}");
}

/* --- as text ---------------------------------------------------------------------------------- */

static void text_of_a_payload_is_its_own_bytes_however_it_is_asked_for(void)
{
    const char *text = "[1.50,true,null,{ \"a\" : 1 }]";
    const struct value *array = tree(text);

    for (size_t i = 0; i < 4; i++) {
        const struct value *value = value_element(array, i);
        CU_ASSERT_PTR_EQUAL(value_text(value, &arena, NULL).data, value->raw.data);
        CU_ASSERT_PTR_EQUAL(value_raw(value, &arena, NULL).data, value->raw.data);
        CU_ASSERT_PTR_EQUAL(value_json(value, &arena, NULL).data, value->raw.data);
    }
}

static void a_string_keeps_its_escapes_as_it_is_and_as_json(void)
{
    const struct value *value = tree("\"a\\t\\u0062\"");

    ASSERT_SLICE(value_text(value, &arena, NULL), "a\tb");
    ASSERT_SLICE(value_raw(value, &arena, NULL), "a\\t\\u0062");
    ASSERT_SLICE(value_json(value, &arena, NULL), "\"a\\t\\u0062\"");
}

static void a_string_without_escapes_gets_those_that_json_needs(void)
{
    struct value value = value_of(VALUE_STRING, SLICE("a\"b\\c\n\001"));

    ASSERT_SLICE(value_json(&value, &arena, NULL), "\"a\\\"b\\\\c\\n\\u0001\"");
    ASSERT_SLICE(value_text(&value, &arena, NULL), "a\"b\\c\n\001");
}

static void a_string_that_is_not_utf8_is_no_json(void)
{
    struct value value = value_of(VALUE_STRING, SLICE("a\377"));
    struct err err = {0};

    CU_ASSERT_PTR_NULL(value_json(&value, &arena, &err).data);
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "not UTF-8, so not a JSON string");
}

static void literals_need_no_text_of_their_own(void)
{
    struct value literals[] = {value_of(VALUE_NULL, (struct slice){0}),
                               value_of(VALUE_FALSE, (struct slice){0}),
                               value_of(VALUE_TRUE, (struct slice){0})};

    ASSERT_SLICE(value_text(&literals[0], &arena, NULL), "null");
    ASSERT_SLICE(value_raw(&literals[1], &arena, NULL), "false");
    ASSERT_SLICE(value_json(&literals[2], &arena, NULL), "true");
    CU_ASSERT_PTR_NULL(literals[2].raw.data); /* shared by threads, perhaps: never written */
}

static void integers_are_written_to_the_last_digit(void)
{
    struct value least = value_integer(INT64_MIN, &arena), none = value_integer(0, &arena);

    ASSERT_SLICE(value_text(&least, &arena, NULL), "-9223372036854775808");
    ASSERT_SLICE(value_text(&none, &arena, NULL), "0");
}

/* A copy of a tree whose containers have no text, as a tree made of parts has none. */
static struct value *without_text(const char *text)
{
    const struct value *read = tree(text);
    struct value *made = arena_alloc(&arena, read->span * sizeof(*made));

    memcpy(made, read, read->span * sizeof(*made));
    for (uint32_t i = 0; i < read->span; i++)
        if (made[i].type >= VALUE_ARRAY)
            made[i].raw = (struct slice){0};
    return made;
}

static void a_container_without_text_is_written_once(void)
{
    struct value *made =
        without_text("{ \"a\\n\" : [ 1.0 , \"x\\/\" , [ ] , null ] , \"b\" : { } }");
    struct slice text = value_text(made, &arena, NULL);

    ASSERT_SLICE(text, "{\"a\\n\":[1.0,\"x\\/\",[],null],\"b\":{}}");
    CU_ASSERT_PTR_EQUAL(value_text(made, &arena, NULL).data, text.data);
    CU_ASSERT_PTR_EQUAL(value_raw(made, &arena, NULL).data, text.data);
    CU_ASSERT_PTR_EQUAL(value_json(made, &arena, NULL).data, text.data);
}

static void a_text_that_the_arena_has_no_room_for_is_an_error(void)
{
    struct value *made = without_text("[\"0123456789\"]");
    struct arena small = {.limit = 1};
    struct err err = {0};

    CU_ASSERT_PTR_NULL(value_text(made, &small, &err).data);
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_SLICE(value_text(made, &arena, NULL), "[\"0123456789\"]");
    arena_free(&small);
}

static void a_span_counts_the_nodes_of_the_whole_subtree(void)
{
    const struct value *value = tree("{\"a\":[1,[2,[]],3],\"b\":{\"c\":null},\"d\":{}}");

    CU_ASSERT_EQUAL(value->span, 10);
    CU_ASSERT_EQUAL(value->count, 3);
    CU_ASSERT_EQUAL(member(value, "a")->span, 6);
    CU_ASSERT_EQUAL(member(value, "a")->count, 3);
    CU_ASSERT_EQUAL(member(value, "b")->span, 2);
    CU_ASSERT_EQUAL(member(value, "d")->span, 1);
    CU_ASSERT_EQUAL(member(value, "d")->count, 0);
    ASSERT_SLICE(value_name(value_next(value_first(value)), &arena, NULL), "b");
}

static void the_last_member_of_a_name_wins_and_all_stay_in_the_tree(void)
{
    const struct value *value = tree("{\"a\":1,\"b\":2,\"a\":3}");

    ASSERT_SLICE(member(value, "a")->raw, "3");
    CU_ASSERT_EQUAL(value->count, 3);
    ASSERT_SLICE(value_first(value)->raw, "1");
}

static void an_escaped_name_is_found_by_what_it_means(void)
{
    const struct value *value =
        tree("{\"a\":1,\"\\u0061\":2,\"x\\ny\":3,\"\\ud800\":4,\"a\\\"\":5}");

    ASSERT_SLICE(member(value, "a")->raw, "2");
    ASSERT_SLICE(member(value, "x\ny")->raw, "3");
    ASSERT_SLICE(member(value, "\357\277\275")->raw, "4");
    ASSERT_SLICE(value_name(member(value, "a\""), &arena, NULL), "a\"");
    CU_ASSERT_PTR_NULL(member(value, "x"));
    CU_ASSERT_PTR_NULL(member(value, "\\u0061"));
    CU_ASSERT_PTR_NULL(member(value, "x\nyz"));
}

static void names_are_compared_whole(void)
{
    const struct value *value = tree("{\"\":1,\"ab\":2,\"abc\":3}");

    ASSERT_SLICE(member(value, "")->raw, "1");
    ASSERT_SLICE(member(value, "abc")->raw, "3");
    CU_ASSERT_PTR_NULL(member(value, "a"));
    CU_ASSERT_PTR_NULL(member(value, "abd"));
    CU_ASSERT_PTR_NULL(member(value, "abcd"));
}

static void what_is_not_there_is_null(void)
{
    CU_ASSERT_PTR_NULL(member(tree("[1]"), "a"));
    CU_ASSERT_PTR_NULL(member(tree("\"a\""), "a"));
    CU_ASSERT_PTR_NULL(member(tree("{}"), "a"));
    CU_ASSERT_PTR_NULL(value_element(tree("{\"a\":1}"), 0));
    CU_ASSERT_PTR_NULL(value_element(tree("[]"), 0));
    CU_ASSERT_PTR_NULL(value_element(tree("[1,[2]]"), 2));
    CU_ASSERT_PTR_NULL(value_element(tree("[1]"), SIZE_MAX));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_string_without_escapes_is_the_payloads_own_bytes),
        TEST(every_escape_becomes_what_it_means),
        TEST(half_a_surrogate_pair_becomes_the_replacement_character),
        TEST(numbers_keep_their_text),
        TEST(containers_keep_their_text_with_its_brackets),
        TEST(text_of_a_payload_is_its_own_bytes_however_it_is_asked_for),
        TEST(a_string_keeps_its_escapes_as_it_is_and_as_json),
        TEST(a_string_without_escapes_gets_those_that_json_needs),
        TEST(a_string_that_is_not_utf8_is_no_json),
        TEST(literals_need_no_text_of_their_own),
        TEST(integers_are_written_to_the_last_digit),
        TEST(a_container_without_text_is_written_once),
        TEST(a_text_that_the_arena_has_no_room_for_is_an_error),
        TEST(a_span_counts_the_nodes_of_the_whole_subtree),
        TEST(the_last_member_of_a_name_wins_and_all_stay_in_the_tree),
        TEST(an_escaped_name_is_found_by_what_it_means),
        TEST(names_are_compared_whole),
        TEST(what_is_not_there_is_null),
    };
    int status = SUITE("value", tests);

    arena_free(&arena);
    return status;
}
