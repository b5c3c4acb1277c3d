/* test_path.c: "vehicle.tags[0].id", compiled once and followed in every record. */
#include "suite.h"

#include "codec/json.h"
#include "record/path.h"

#include <stdlib.h>

static struct arena arena;

/* The text of what @p path finds in @p json; "" if it finds nothing. */
static const char *found(const char *path, const char *json)
{
    static char text[256];
    struct err err = {0};
    struct path *compiled = path_new(slice_of(path), &err);
    const struct value *root = json_decode(slice_of(json), &arena, &err);

    if (!compiled || !root)
        return err.text[0] ? strcpy(text, err.text) : "?";
    const struct value *value = path_find(compiled, root);
    snprintf(text, sizeof(text), "%.*s", value ? (int)value->raw.length : 0,
             value ? value->raw.data : "");
    path_free(compiled);
    return text;
}

static const char *refused(const char *path)
{
    static struct err err;
    struct path *compiled = path_new(slice_of(path), &err);

    CU_ASSERT_PTR_NULL(compiled);
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    path_free(compiled);
    return err.text;
}

static void names_and_indexes_lead_to_what_they_name(void)
{
    static const char json[] = "{\"vehicle\":{\"tags\":[{\"id\":7},{\"id\":8}]},\"n\":1}";

    ASSERT_TEXT(found("n", json), "1");
    ASSERT_TEXT(found("vehicle.tags[1].id", json), "8");
    ASSERT_TEXT(found("vehicle.tags[0]", json), "{\"id\":7}");
    ASSERT_TEXT(found("[1][0]", "[1,[2]]"), "2");
}

static void a_name_may_be_odd_in_quotes(void)
{
    static const char json[] =
        "{\"a.b\":1,\"it's\":{\"\":2},\"\\\"\":3,\"\\\\\":4,\"\303\274\":5,\"@x-y$z:0\":6}";

    ASSERT_TEXT(found("[\"a.b\"]", json), "1");
    ASSERT_TEXT(found("['it\\'s'][\"\"]", json), "2");
    ASSERT_TEXT(found("[\"it's\"]['']", json), "2");
    ASSERT_TEXT(found("[\"\\\"\"]", json), "3");
    ASSERT_TEXT(found("['\\\\']", json), "4");
    ASSERT_TEXT(found("\303\274", json), "5");
    ASSERT_TEXT(found("@x-y$z:0", json), "6");
}

static void a_path_that_breaks_off_finds_nothing(void)
{
    ASSERT_TEXT(found("a.b.c", "{\"a\":{\"x\":{\"c\":1}}}"), "");
    ASSERT_TEXT(found("a.b", "{\"a\":\"b\"}"), "");
    ASSERT_TEXT(found("a[0]", "{\"a\":{\"0\":1}}"), "");
    ASSERT_TEXT(found("a.0", "{\"a\":[1]}"), "");
    ASSERT_TEXT(found("[2]", "[0,1]"), "");
    ASSERT_TEXT(found("[4294967295]", "[0,1]"), "");
}

static void a_text_that_is_not_a_path_is_refused_with_its_column(void)
{
    ASSERT_TEXT(refused(""), "column 1: expected a name");
    ASSERT_TEXT(refused(".a"), "column 1: expected a name");
    ASSERT_TEXT(refused("a."), "column 3: expected a name");
    ASSERT_TEXT(refused("a..b"), "column 3: expected a name");
    ASSERT_TEXT(refused("a b"), "column 2: expected '.', '[' or the end");
    ASSERT_TEXT(refused("a[0]b"), "column 5: expected '.', '[' or the end");
    ASSERT_TEXT(refused("a["), "column 3: expected an index or a quoted name");
    ASSERT_TEXT(refused("a[-1]"), "column 3: expected an index or a quoted name");
    ASSERT_TEXT(refused("a[1"), "column 4: expected ']'");
    ASSERT_TEXT(refused("a[4294967296]"), "column 12: expected an index below 4294967296");
    ASSERT_TEXT(refused("a[\"b]"), "column 6: expected the closing quote of a name");
    ASSERT_TEXT(refused("a['b\\n']"),
                "column 6: expected a quote or a backslash after a backslash");
    ASSERT_TEXT(refused("a['b\\"), "column 6: expected a quote or a backslash after a backslash");
    ASSERT_TEXT(refused("a['b'"), "column 6: expected ']'");
}

static void a_path_has_at_most_128_steps(void)
{
    char text[400] = "a";
    struct path *path;

    for (int i = 1; i < 128; i++)
        strcat(text, ".a");
    path = path_new(slice_of(text), NULL);
    CU_ASSERT_PTR_NOT_NULL(path);
    path_free(path);
    strcat(text, ".a");
    ASSERT_TEXT(refused(text), "column 256: expected no more than 128 steps");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(names_and_indexes_lead_to_what_they_name),
        TEST(a_name_may_be_odd_in_quotes),
        TEST(a_path_that_breaks_off_finds_nothing),
        TEST(a_text_that_is_not_a_path_is_refused_with_its_column),
        TEST(a_path_has_at_most_128_steps),
    };
    int status = SUITE("path", tests);

    arena_free(&arena);
    return status;
}
