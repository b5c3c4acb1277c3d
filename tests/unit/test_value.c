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
    struct slice string = value_string(tree(text), &arena, NULL);

    CU_ASSERT_PTR_EQUAL(string.data, text + 1);
    ASSERT_SLICE(string, "K\303\266ln");
}

static void every_escape_becomes_what_it_means(void)
{
    ASSERT_SLICE(value_string(tree("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), &arena, NULL),
                 "\"\\/\b\f\n\r\t");
    ASSERT_SLICE(
        value_string(tree("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000!\""), &arena, NULL),
        "A\303\251\342\202\254\360\237\230\200\0!");
}

static void half_a_surrogate_pair_becomes_the_replacement_character(void)
{
    ASSERT_SLICE(value_string(tree("\"a\\ud83dz\""), &arena, NULL), "a\357\277\275z");
    ASSERT_SLICE(value_string(tree("\"\\ude00\""), &arena, NULL), "\357\277\275");
    ASSERT_SLICE(value_string(tree("\"\\ud83d\\ud83d\\ude00\""), &arena, NULL),
                 "\357\277\275\360\237\230\200");
    ASSERT_SLICE(value_string(tree("\"\\ud83d\\n\""), &arena, NULL), "\357\277\275\n");
    ASSERT_SLICE(value_string(tree("\"\\ud83d\\u0041\""), &arena, NULL), "\357\277\275A");
    ASSERT_SLICE(value_string(tree("\"\\ude00\\ude00\""), &arena, NULL),
                 "\357\277\275\357\277\275");
    ASSERT_SLICE(value_string(tree("\"\\ud83d\\ue000\""), &arena, NULL),
                 "\357\277\275\356\200\200");
}

static void numbers_keep_their_text(void)
{
    const struct value *array = tree("[-0, 1.50, 1E+400, 12345678901234567890.10]");

    ASSERT_SLICE(value_element(array, 0)->text, "-0");
    ASSERT_SLICE(value_element(array, 1)->text, "1.50");
    ASSERT_SLICE(value_element(array, 2)->text, "1E+400");
    ASSERT_SLICE(value_element(array, 3)->text, "12345678901234567890.10");
    CU_ASSERT_EQUAL(value_element(array, 3)->type, VALUE_NUMBER);
}

static void containers_keep_their_text_with_its_brackets(void)
{
    const struct value *value = tree(" { \"a\" : [ 1 , {} ] } ");

    ASSERT_SLICE(value->text, "{ \"a\" : [ 1 , {} ] }");
    ASSERT_SLICE(member(value, "a")->text, "[ 1 , {} ]");
    ASSERT_SLICE(value_element(member(value, "a"), 1)->text, "{}");
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

    ASSERT_SLICE(member(value, "a")->text, "3");
    CU_ASSERT_EQUAL(value->count, 3);
    ASSERT_SLICE(value_first(value)->text, "1");
}

static void an_escaped_name_is_found_by_what_it_means(void)
{
    const struct value *value =
        tree("{\"a\":1,\"\\u0061\":2,\"x\\ny\":3,\"\\ud800\":4,\"a\\\"\":5}");

    ASSERT_SLICE(member(value, "a")->text, "2");
    ASSERT_SLICE(member(value, "x\ny")->text, "3");
    ASSERT_SLICE(member(value, "\357\277\275")->text, "4");
    ASSERT_SLICE(value_name(member(value, "a\""), &arena, NULL), "a\"");
    CU_ASSERT_PTR_NULL(member(value, "x"));
    CU_ASSERT_PTR_NULL(member(value, "\\u0061"));
    CU_ASSERT_PTR_NULL(member(value, "x\nyz"));
}

static void names_are_compared_whole(void)
{
    const struct value *value = tree("{\"\":1,\"ab\":2,\"abc\":3}");

    ASSERT_SLICE(member(value, "")->text, "1");
    ASSERT_SLICE(member(value, "abc")->text, "3");
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
