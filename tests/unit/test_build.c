/* test_build.c: trees made of parts of others. */
#include "suite.h"

#include "base/mem.h"
#include "codec/json.h"
#include "record/build.h"

static struct arena arena;
static struct builder builder;
static struct err err;

static const struct value *tree(const char *text)
{
    const struct value *value = json_decode(slice_of(text), &arena, &err);

    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

static void begin(void)
{
    err = (struct err){0};
    builder = builder_new(&arena, &err);
}

static void member(const char *name, enum value_type type, const char *text)
{
    builder_member(&builder, slice_of(name));
    builder_scalar(&builder, type, slice_of(text));
}

/* Whether what was built is @p json, and reads as a tree that was decoded from it does. */
static bool built_is(const char *json)
{
    const struct value *built = builder_end(&builder), *read = tree(json);
    struct slice text = built ? value_text(built, &arena, &err) : SLICE("");

    if (!slice_is(text, json))
        fprintf(stderr, "\n%.*s, not %s\n", SLICE_ARGS(text), json);
    return slice_is(text, json) && built->span == read->span && built->count == read->count &&
           built->type == read->type;
}

static void a_scalar_alone_is_a_tree(void)
{
    begin();
    builder_scalar(&builder, VALUE_NUMBER, SLICE("1.50"));
    CU_ASSERT_TRUE(built_is("1.50"));
    begin();
    builder_scalar(&builder, VALUE_NULL, (struct slice){0});
    CU_ASSERT_TRUE(built_is("null"));
}

static void objects_and_arrays_lie_within_each_other(void)
{
    begin();
    builder_open(&builder, VALUE_OBJECT);
    member("id", VALUE_NUMBER, "7");
    builder_member(&builder, SLICE("tags"));
    builder_open(&builder, VALUE_ARRAY);
    builder_scalar(&builder, VALUE_STRING, SLICE("a\"b"));
    builder_open(&builder, VALUE_ARRAY);
    builder_close(&builder);
    builder_close(&builder);
    member("last", VALUE_TRUE, NULL);
    builder_close(&builder);
    CU_ASSERT_TRUE(built_is("{\"id\":7,\"tags\":[\"a\\\"b\",[]],\"last\":true}"));
}

static void members_are_found_in_what_was_built(void)
{
    const struct value *built;

    begin();
    builder_open(&builder, VALUE_OBJECT);
    member("a", VALUE_NUMBER, "1");
    builder_copy(&builder, value_first(tree("{\"\\u0062\":[2,3]}")));
    builder_close(&builder);
    built = builder_end(&builder);
    CU_ASSERT(slice_is(value_text(value_member(built, SLICE("a")), &arena, NULL), "1"));
    CU_ASSERT(slice_is(value_text(value_member(built, SLICE("b")), &arena, NULL), "[2,3]"));
    CU_ASSERT_PTR_NULL(value_member(built, SLICE("c")));
}

static void a_copy_keeps_its_name_and_its_own_text(void)
{
    const struct value *from = tree("{ \"a\" : { \"x\" : [ 1 , 2 ] } , \"b\" : \"\\u0041\" }");

    begin();
    builder_open(&builder, VALUE_OBJECT);
    builder_copy(&builder, value_member(from, SLICE("b")));
    builder_copy(&builder, value_member(from, SLICE("a")));
    builder_close(&builder);
    const struct value *built = builder_end(&builder);
    CU_ASSERT_EQUAL(built->span, 6);
    CU_ASSERT(slice_is(value_text(built, &arena, NULL),
                       "{\"b\":\"\\u0041\",\"a\":{ \"x\" : [ 1 , 2 ] }}"));
}

static void a_copy_takes_another_name(void)
{
    begin();
    builder_open(&builder, VALUE_OBJECT);
    builder_member(&builder, SLICE("new\n"));
    builder_copy(&builder, value_first(tree("{\"ol\\u0064\":[true]}")));
    builder_close(&builder);
    CU_ASSERT_TRUE(built_is("{\"new\\n\":[true]}"));
    CU_ASSERT_FALSE(builder.nodes->member_escaped);
}

static void a_tree_grows_beyond_its_first_room(void)
{
    enum { MEMBERS = 5000 };
    static char names[MEMBERS][8];

    begin();
    builder_open(&builder, VALUE_ARRAY);
    builder_open(&builder, VALUE_OBJECT);
    for (int i = 0; i < MEMBERS; i++) {
        snprintf(names[i], sizeof(names[i]), "f%d", i);
        member(names[i], VALUE_NUMBER, names[i] + 1);
    }
    builder_close(&builder);
    builder_scalar(&builder, VALUE_FALSE, (struct slice){0});
    builder_close(&builder);
    const struct value *built = builder_end(&builder);
    CU_ASSERT_EQUAL(built->span, MEMBERS + 3);
    CU_ASSERT_EQUAL(built->count, 2);
    CU_ASSERT_EQUAL(value_first(built)->count, MEMBERS);
    CU_ASSERT(slice_is(value_text(value_member(value_first(built), SLICE("f4999")), &arena, NULL),
                       "4999"));
    CU_ASSERT_EQUAL(value_element(built, 1)->type, VALUE_FALSE);
}

static void what_the_arena_cannot_hold_is_an_error_at_the_end(void)
{
    struct arena small = {.limit = 1};

    begin();
    builder.arena = &small;
    builder_open(&builder, VALUE_ARRAY);
    for (int i = 0; i < 5000; i++)
        builder_scalar(&builder, VALUE_NUMBER, SLICE("1"));
    builder_close(&builder);
    CU_ASSERT_PTR_NULL(builder_end(&builder));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    arena_free(&small);
}

/* @p count open brackets, and as many that close them. */
static const struct value *nested(size_t count)
{
    char *text = arena_alloc(&arena, 2 * count + 1);

    memset(text, '[', count);
    memset(text + count, ']', count);
    text[2 * count] = '\0';
    return tree(text);
}

static const struct value *nested_in_two(size_t count)
{
    begin();
    builder_open(&builder, VALUE_ARRAY);
    builder_open(&builder, VALUE_ARRAY);
    builder_copy(&builder, nested(count));
    builder_close(&builder);
    builder_close(&builder);
    return builder_end(&builder);
}

static void a_tree_is_no_deeper_than_a_decoded_one(void)
{
    begin();
    for (int i = 0; i <= BUILD_DEPTH; i++)
        builder_open(&builder, VALUE_ARRAY);
    CU_ASSERT_PTR_NULL(builder_end(&builder));
    ASSERT_TEXT(err.text, "more than 128 containers within each other");
    CU_ASSERT_PTR_NOT_NULL(nested_in_two(BUILD_DEPTH - 2));
    CU_ASSERT_PTR_NULL(nested_in_two(BUILD_DEPTH - 1));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_scalar_alone_is_a_tree),
        TEST(objects_and_arrays_lie_within_each_other),
        TEST(members_are_found_in_what_was_built),
        TEST(a_copy_keeps_its_name_and_its_own_text),
        TEST(a_copy_takes_another_name),
        TEST(a_tree_grows_beyond_its_first_room),
        TEST(what_the_arena_cannot_hold_is_an_error_at_the_end),
        TEST(a_tree_is_no_deeper_than_a_decoded_one),
    };
    int status = SUITE("build", tests);

    arena_free(&arena);
    return status;
}
