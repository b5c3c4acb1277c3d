/* test_condition.c: conditions. */
#include "suite.h"

#include "expression_fixture.h"
#include "page_examples.h"

#include "expr/condition.h"

static char result[ERR_TEXT_BYTES + 16];

/* "true", "false", or what is wrong. */
static const char *decide(const char *text)
{
    struct err err = {ERR_NONE, ""};
    struct condition *condition = condition_new(text, &err);
    bool holds = false;

    if (condition && condition_holds(condition, &expression_scope, &holds, &err))
        snprintf(result, sizeof(result), "%s", holds ? "true" : "false");
    else
        snprintf(result, sizeof(result), "%s: %s", err.kind == ERR_CONFIG ? "config" : "record",
                 err.text);
    condition_free(condition);
    return result;
}

#define HOLDS(text) ASSERT_TEXT(decide(text), "true")
#define FAILS(text) ASSERT_TEXT(decide(text), "false")

static void ride(void)
{
    expression_is(
        SLICE("{\"id\":\"k1\"}"),
        SLICE("{\"status\":\"offline\",\"fare\":12.50,\"id\":9007199254740993,"
              "\"active\":true,\"left\":null,\"tags\":[\"a\",2,\"\\u0062\"],"
              "\"pos\":{\"lat\":-33.4},\"city\":\"S\\u00e3o\",\"empty\":\"\",\"true-id\":1}"));
}

static void fields_compare_with_literals(void)
{
    ride();
    HOLDS("status == 'offline'");
    HOLDS("status == \"offline\"");
    FAILS("status != 'offline'");
    HOLDS("status != 'on'");
    HOLDS("fare == 12.5");
    HOLDS("fare > 12 && fare < 13");
    HOLDS("fare >= 12.50 && fare <= 1.25e1");
    HOLDS("pos.lat < -33");
    HOLDS("tags[1] == 2");
    HOLDS("pos['lat'] == -33.4");
    HOLDS("['true-id'] == 1");
    HOLDS("status < 'online'");
    HOLDS("city == 'S\xC3\xA3o'");
    HOLDS("city == 'S\\u00e3o'");
    HOLDS("left == null");
    FAILS("left != null");
    HOLDS("status != null");
    HOLDS("active");
    HOLDS("active == true");
    FAILS("!active");
    FAILS("status");
    HOLDS("'offline' == status");
    HOLDS("1 == 1.0");
    HOLDS("empty == ''");
}

static void a_large_integer_is_not_rounded(void)
{
    ride();
    HOLDS("id == 9007199254740993");
    FAILS("id == 9007199254740992");
    HOLDS("id > 9007199254740992");
    HOLDS("9223372036854775807 < 9223372036854775808");
}

static void a_missing_field_makes_its_comparison_false(void)
{
    ride();
    FAILS("nowhere == 1");
    FAILS("nowhere != 1");
    FAILS("nowhere == null");
    FAILS("nowhere != null");
    FAILS("nowhere < 1 || nowhere >= 1");
    FAILS("nowhere in ['a']");
    FAILS("nowhere.startsWith('')");
    FAILS("size(nowhere) == 0");
    FAILS("nowhere == nowhere");
    HOLDS("!(nowhere == 1)");
    HOLDS("!nowhere");
    HOLDS("!has(nowhere) && has(status) && has(left) && has(pos.lat)");
    FAILS("has(pos.lon)");
}

static void types_are_never_converted(void)
{
    ride();
    FAILS("fare == '12.50'");
    HOLDS("fare != '12.50'");
    FAILS("status > 1");
    FAILS("tags == pos");
    FAILS("active == 'true'");
    FAILS("id.startsWith('9')");
}

static void the_operators_bind_as_cels_do(void)
{
    ride();
    HOLDS("true || false && false");
    FAILS("(true || false) && false");
    HOLDS("!false && true");
    FAILS("!(false || true)");
    HOLDS("!!active");
    HOLDS("status == 'x' || fare > 1 && active");
    HOLDS("(fare > 1) == active");
}

static void membership_is_asked_of_lists_and_fields(void)
{
    ride();
    HOLDS("status in ['on', 'offline']");
    FAILS("status in ['on']");
    FAILS("status in []");
    HOLDS("fare in [1, 12.5]");
    HOLDS("'a' in tags");
    HOLDS("'b' in tags");
    HOLDS("2.0 in tags");
    FAILS("'c' in tags");
    HOLDS("'lat' in pos");
    FAILS("'lon' in pos");
    FAILS("'a' in status");
    FAILS("'a' in nowhere");
    HOLDS("!(status in ['on'])");
    HOLDS("status in [city, 'offline']");
}

static void strings_have_functions(void)
{
    ride();
    HOLDS("status.startsWith('off')");
    FAILS("status.startsWith('offline!')");
    HOLDS("status.endsWith('line')");
    HOLDS("status.contains('flin')");
    HOLDS("status.contains('')");
    FAILS("status.contains('x')");
    HOLDS("status.matches('^off(line|day)$')");
    FAILS("status.matches('^line')");
    HOLDS("status.matches('lin')");
    HOLDS("'abc'.matches('b')");
    HOLDS("status.matches(r'\\w+')");
    HOLDS("pos.lat < 0 && city .startsWith ('S')");
    HOLDS("size(city) == 3 && city.size() == 3");
    HOLDS("size(tags) == 3 && size(pos) == 1 && size(empty) == 0");
    FAILS("size(fare) == 5");
}

/* It took a copy of the name for each element: a record of 200 KB needed 2.5 GB. */
static void an_escaped_string_is_compared_in_place(void)
{
    enum { ELEMENTS = 5000 };
    char *text = malloc(ELEMENTS * 5 + 400), *at = text;
    size_t taken;

    at += sprintf(at, "{\"name\":\"\\u0061%0300d\",\"tags\":[\"x\"", 0);
    for (int i = 0; i < ELEMENTS; i++)
        at += sprintf(at, ",\"a\"");
    sprintf(at, "]}");
    expression_is(SLICE("k"), slice_of(text));
    FAILS("size(tags) == 0");
    taken = expression_arena.taken;
    FAILS("name in tags");
    FAILS("name in ['a', 'b', 'c'] || name == 'a' || name < 'a' || name.contains('x')");
    HOLDS("name > 'a0' && name != 'a' && size(name) == 301 && name.startsWith('a0')");
    CU_ASSERT_EQUAL(expression_arena.taken, taken);
    expression_is(SLICE("k"), SLICE("{\"a\":\"\\u00e9\\n\",\"b\":\"\xC3\xA9\\u000a\"}"));
    HOLDS("a == b && b == '\\u00e9\\n' && !(a < b) && a < '\\u00e9\\n0' && a > '\\u00e9'");
    free(text);
}

static void what_is_read_too_often_is_a_record_error(void)
{
    ride();
    expression_arena.read_limit = 250;
    HOLDS("status.contains('l')");
    ASSERT_TEXT(decide("status.contains('x') || status.contains('y') || status.contains('z')"),
                "record: filters and conditions would read more than 250 bytes, each time counted");
    expression_arena.read_limit = 0;
}

static void metadata_can_be_asked(void)
{
    ride();
    HOLDS("$topic == 'rides' && $partition == 3 && $offset == 42");
    HOLDS("$timestamp == 1767225600123 && $now > $timestamp");
    HOLDS("$key.id == 'k1' && $key.startsWith('{') && $header.trace-id == 't1'");
    HOLDS("$header['trace-id'].startsWith('t')");
    FAILS("has($header.none) || has($header.nowhere)");
    HOLDS("has($key) && has($value) && !$tombstone");
    expression_is((struct slice){0}, (struct slice){0});
    FAILS("has($key) || has($value) || has(status) || has($key.id)");
    HOLDS("$tombstone");
    FAILS("$key == null");
}

static void what_decides_ends_the_evaluation(void)
{
    expression_is(SLICE("k"), SLICE("{broken"));
    FAILS("$topic == 'x' && a == 1");
    HOLDS("$topic == 'rides' || a == 1");
    CU_ASSERT_PTR_NOT_NULL(strstr(decide("a == 1"), "record: value: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(decide("has(a)"), "record: value: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(decide("$key.a == 1"), "record: key: "));
}

static void an_error_names_the_column(void)
{
    ASSERT_TEXT(decide("status = 'x'"), "config: column 8: '=' is no operator; did you mean '=='?");
    ASSERT_TEXT(decide("a and b"), "config: column 3: 'and' is no operator; did you mean '&&'?");
    ASSERT_TEXT(decide("a & b"), "config: column 3: '&' is no operator; did you mean '&&'?");
    ASSERT_TEXT(decide("a b"), "config: column 3: expected an operator or the end");
    ASSERT_TEXT(decide("a - 1 > 2"),
                "config: column 3: conditions do not compute; a name with '-' is written ['a-b']");
    ASSERT_TEXT(decide("a-1 > 2"),
                "config: column 2: conditions do not compute; a name with '-' is written ['a-b']");
    ASSERT_TEXT(decide(""), "config: column 1: the condition ends where a value was expected");
    ASSERT_TEXT(decide("a =="), "config: column 5: the condition ends where a value was expected");
    ASSERT_TEXT(decide("a == )"), "config: column 6: expected a value");
    ASSERT_TEXT(decide("(a == 1"), "config: column 1: '(' is never closed");
    ASSERT_TEXT(decide("(a == 1 b"), "config: column 9: expected an operator or ')'");
    ASSERT_TEXT(decide("a == 'x"), "config: column 6: this quote is never closed");
    ASSERT_TEXT(decide("a == '\\d'"),
                "config: column 7: CEL has no such escape; a backslash is written twice");
    ASSERT_TEXT(decide("a in ['x' 'y']"), "config: column 11: expected ',' or ']'");
    ASSERT_TEXT(decide("a in 'abc'"),
                "config: column 6: expected a list or a field behind 'in', this is a string");
    ASSERT_TEXT(decide("a == 01"), "config: column 6: '01' is not a number");
    ASSERT_TEXT(decide("a == 1."), "config: column 6: '1.' is not a number");
    ASSERT_TEXT(decide("a == 5u"), "config: column 6: '5u' is not a number");
    ASSERT_TEXT(decide("startswith(a, 'x')"), "config: column 1: unknown function 'startswith'");
    ASSERT_TEXT(decide("a.startswith('x')"),
                "config: column 3: unknown function 'startswith'; did you mean 'startsWith'?");
    ASSERT_TEXT(decide("a.matches(b)"), "config: column 11: matches() takes a string in quotes");
    ASSERT_TEXT(decide("has(1)"), "config: column 5: has() asks for a name");
    ASSERT_TEXT(decide("$ofset == 1"),
                "config: column 1: unknown name '$ofset'; did you mean '$offset'?");
    ASSERT_TEXT(decide("a == 1 && $topc == 'x'"),
                "config: column 11: unknown name '$topc'; did you mean '$topic'?");
    ASSERT_TEXT(decide("a[x] == 1"),
                "config: column 3: expected an index or a quoted name, and ']'");
    ASSERT_TEXT(decide("1 < a < 3"),
                "config: column 7: comparisons do not follow each other; use parentheses");
}

static void a_condition_that_could_never_hold_is_an_error(void)
{
    ASSERT_TEXT(decide("$header.version > 2"),
                "config: column 17: a string does not compare with a number");
    ASSERT_TEXT(decide("!status == 'x'"),
                "config: column 9: true or false does not compare with a string");
    ASSERT_TEXT(decide("$offset == '5'"),
                "config: column 9: a number does not compare with a string");
    ASSERT_TEXT(decide("a < true"), "config: column 5: true or false has no order");
    ASSERT_TEXT(decide("a == 1 || 'x'"), "config: column 11: this is a string, not a condition");
    ASSERT_TEXT(decide("5"), "config: column 1: this is a number, not a condition");
    ASSERT_TEXT(decide("!5"), "config: column 2: this is a number, not a condition");
    ASSERT_TEXT(decide("$offset.startsWith('4')"),
                "config: column 1: this is a number, not a string");
}

static void nesting_has_a_limit(void)
{
    char text[600];

    memset(text, '(', 200);
    text[200] = '\0';
    ASSERT_TEXT(decide(text), "config: column 65: nested more than 64 deep");
    memset(text, '!', 200);
    strcpy(text + 200, "a");
    ASSERT_TEXT(decide(text), "config: column 64: nested more than 64 deep");
    memset(text, '(', 40);
    strcpy(text + 40, "true");
    memset(text + 44, ')', 40);
    text[84] = '\0';
    HOLDS(text);
}

static void note(void *context, const struct reference *reference)
{
    strcat(context, reference->text);
    strcat(context, ",");
}

static void what_a_condition_reads_is_known_at_load(void)
{
    struct err err;
    struct condition *condition =
        condition_new("a.b == 1 && ($key.c in ['x', $topic] || has($value))", &err);
    char names[64] = "";

    CU_ASSERT_EQUAL(condition_reads(condition),
                    READS_VALUE_INSIDE | READS_KEY_INSIDE | READS_META | READS_VALUE_BYTES);
    condition_visit(condition, note, names);
    ASSERT_TEXT(names, "a.b,$key.c,$topic,$value,");
    condition_free(condition);
}

static const char *example(const char *text, const char *value)
{
    expression_is(SLICE("{\"id\":\"k1\"}"), slice_of(value));
    decide(text);
    return strncmp(result, "config: ", 8) == 0 ? result + 8 : result;
}

static void every_example_of_the_reference_page_is_true(void)
{
    CU_ASSERT_TRUE(examples_check("conditions.md", example) > 20);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(fields_compare_with_literals),
        TEST(a_large_integer_is_not_rounded),
        TEST(a_missing_field_makes_its_comparison_false),
        TEST(types_are_never_converted),
        TEST(the_operators_bind_as_cels_do),
        TEST(membership_is_asked_of_lists_and_fields),
        TEST(strings_have_functions),
        TEST(an_escaped_string_is_compared_in_place),
        TEST(what_is_read_too_often_is_a_record_error),
        TEST(metadata_can_be_asked),
        TEST(what_decides_ends_the_evaluation),
        TEST(an_error_names_the_column),
        TEST(a_condition_that_could_never_hold_is_an_error),
        TEST(nesting_has_a_limit),
        TEST(what_a_condition_reads_is_known_at_load),
        TEST(every_example_of_the_reference_page_is_true),
    };
    int status = SUITE("condition", tests);

    arena_free(&expression_arena);
    return status;
}
