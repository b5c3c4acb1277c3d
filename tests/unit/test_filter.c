/* test_filter.c: what filters make of a field. */
#include "suite.h"

#include "expression_fixture.h"
#include "generated_page.h"
#include "page_examples.h"

#include "codec/json.h"
#include "expr/filter.h"
#include "expr/template.h"

static char result[4096];

/* The text of "%{placeholder}" on @p value, or what is wrong. */
static const char *render(const char *text, const char *value)
{
    struct err err = {ERR_NONE, ""};
    struct template *template = template_new(text, false, &err);
    struct slice *arguments;
    size_t count;

    expression_is(SLICE("key\xFF"), slice_of(value));
    if (!template || !template_render(template, &expression_scope, &arguments, &count, &err))
        snprintf(result, sizeof(result), "%s: %s", err.kind == ERR_CONFIG ? "config" : "record",
                 err.text);
    else
        snprintf(result, sizeof(result), "%.*s", SLICE_ARGS(arguments[0]));
    template_free(template);
    return result;
}

#define GIVES(placeholder, value, expected)                                                        \
    ASSERT_TEXT(render(placeholder, "{\"x\": " value "}"), expected)

static void every_example_of_the_reference_page_is_true(void)
{
    size_t count;
    const struct filter *filters = filter_all(&count);

    CU_ASSERT_TRUE(count >= 12);
    for (size_t i = 0; i < count; i++)
        ASSERT_TEXT(render(filters[i].example, filters[i].example_value),
                    filters[i].example_result);
}

static void the_reference_page_is_fresh(void)
{
    ASSERT_PAGE(filter_write_reference, SOURCE_DIR "/docs/reference/filters.md");
}

static void default_stands_in_for_missing_and_null_only(void)
{
    GIVES("%{y|default('a b')}", "1", "a b");
    GIVES("%{x|default(0)}", "null", "0");
    GIVES("%{x|default('-')}", "\"\"", "");
    GIVES("%{x|default('-')}", "false", "false");
    GIVES("%{x|default('-')}", "{}", "{}");
    GIVES("%{y|upper|round(2)|default('n')|upper}", "1", "N");
    GIVES("%{y|default('\\\\ \\' \\\" \\d')}", "1", "\\ ' \" \\d");
    GIVES("%{y|default(\"it's\")}", "1", "it's");
}

static void json_is_json_whatever_the_type(void)
{
    GIVES("%{x|json}", "\"a\\u0041\\n\"", "\"a\\u0041\\n\"");
    GIVES("%{x|json}", "\"caf\xC3\xA9\"", "\"caf\xC3\xA9\"");
    GIVES("%{x|json}", "[1, {\"a\":null}]", "[1, {\"a\":null}]");
    GIVES("%{x|json}", "null", "null");
    GIVES("%{x|json}", "1.0", "1.0");
    GIVES("%{y|json}", "1", "record: missing field 'y'");
    GIVES("%{y|json|default('null')}", "1", "null");
    GIVES("%{y|default('a\"\\\\')|json}", "1", "\"a\\\"\\\\\"");
    GIVES("%{y|default('\x01\n\x1F')|json}", "1", "\"\\u0001\\n\\u001f\"");
    GIVES("%{$topic|json}", "1", "\"rides\"");
    GIVES("%{$offset|json}", "1", "42");
    GIVES("%{$key|json}", "1", "record: field '$key': json: not UTF-8, so not a JSON string");
}

static void json_takes_utf8_only(void)
{
    GIVES("%{y|default('\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF')|json}", "1",
          "\"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"");
    GIVES("%{y|default('\xED\xA0\x80')|json|default('')}", "1",
          "record: field 'y': json: not UTF-8, so not a JSON string");
    GIVES("%{y|default('\xC0\x80')|json}", "1",
          "record: field 'y': json: not UTF-8, so not a JSON string");
    GIVES("%{y|default('\xF4\x90\x80\x80')|json}", "1",
          "record: field 'y': json: not UTF-8, so not a JSON string");
    GIVES("%{y|default('\xE2\x82')|json}", "1",
          "record: field 'y': json: not UTF-8, so not a JSON string");
}

/* Whether the json filter makes of @p bytes a text that json_decode() reads back; it must refuse
 * what json_decode() takes for no UTF-8. */
static bool comes_back_from_json(const struct template *template, struct slice bytes)
{
    struct slice *arguments;
    const struct value *tree;
    char plain[16];
    size_t count;

    expression_is(bytes, SLICE("{}"));
    if (template_render(template, &expression_scope, &arguments, &count, NULL)) {
        tree = json_decode(arguments[0], &expression_arena, NULL);
        return tree && slice_equal(value_text(tree, &expression_arena, NULL), bytes);
    }
    snprintf(plain, sizeof(plain), "\"%.*s\"", SLICE_ARGS(bytes));
    return !json_decode(slice_of(plain), &expression_arena, NULL);
}

static void random_bytes_are_json_or_refused(void)
{
    static const char bytes[] =
        "a\"\\\n\x01\x7F\x80\xBF\xC2\xE0\xA0\xED\x9F\xEF\xF0\x90\xF4\x8F\xF5";
    struct template *template = template_new("%{$key|json}", false, NULL);
    uint64_t state = 88172645463325252u;

    for (int i = 0; i < 50000; i++) {
        char text[6];
        size_t length = 1 + (size_t)i % sizeof(text);
        for (size_t j = 0; j < length; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[j] = bytes[(state >> 33) % (sizeof(bytes) - 1)];
        }
        if (!comes_back_from_json(template, (struct slice){text, length})) {
            CU_FAIL("not the same after a trip through JSON");
            fprintf(stderr, "\n<%.*s>\n", (int)length, text);
        }
    }
    template_free(template);
}

static void raw_leaves_escapes_alone(void)
{
    GIVES("%{x|raw}", "\"a\\u0041\\\"\"", "a\\u0041\\\"");
    GIVES("%{x|raw}", "[1, 2]", "[1, 2]");
    GIVES("%{x|raw}", "null", "null");
    GIVES("%{y|raw}", "1", "record: missing field 'y'");
}

static void letters_change_case_in_ascii_only(void)
{
    GIVES("%{x|upper}", "\"az{`\xC3\xA9\\u00e9\"", "AZ{`\xC3\xA9\xC3\xA9");
    GIVES("%{x|lower}", "\"AZ[@\"", "az[@");
    GIVES("%{x|upper}", "\"\"", "");
    GIVES("%{x|upper}", "true", "TRUE");
    GIVES("%{x|upper}", "null",
          "record: field 'x' is null; to write a text instead: %{x|default('')}");
    GIVES("%{y|upper}", "1", "record: missing field 'y'");
}

static void trim_takes_space_off_both_ends(void)
{
    GIVES("%{x|trim}", "\" \\t a b\\r\\n \"", "a b");
    GIVES("%{x|trim}", "\"  \"", "");
}

static void int_cuts_off_what_is_behind_the_point(void)
{
    GIVES("%{x|int}", "12", "12");
    GIVES("%{x|int}", "-12.99", "-12");
    GIVES("%{x|int}", "-0.99", "0");
    GIVES("%{x|int}", "\"12.0\"", "12");
    GIVES("%{x|int}", "1.5e3", "1500");
    GIVES("%{x|int}", "1e-999999999999", "0");
    GIVES("%{x|int}", "0e999999999999", "0");
    GIVES("%{x|int}", "99999999999999999999999.9", "99999999999999999999999");
    GIVES("%{x|int}", "1e1001", "record: field 'x': int: more than 1000 digits");
    GIVES("%{x|int}", "\"abc\"", "record: field 'x': int: not a number");
    GIVES("%{x|int}", "\"\"", "record: field 'x': int: not a number");
    GIVES("%{x|int}", "\" 1\"", "record: field 'x': int: not a number");
    GIVES("%{x|int}", "true", "record: field 'x': int: not a number");
    GIVES("%{x|int}", "[1]", "record: field 'x': int: not a number");
}

static void round_rounds_digits_and_not_doubles(void)
{
    GIVES("%{x|round}", "0.5", "1");
    GIVES("%{x|round}", "-0.5", "-1");
    GIVES("%{x|round}", "0.49999999999999999999", "0");
    GIVES("%{x|round}", "-0.4", "0");
    GIVES("%{x|round(2)}", "1.005", "1.01");
    GIVES("%{x|round(2)}", "1.5", "1.50");
    GIVES("%{x|round(2)}", "9.995", "10.00");
    GIVES("%{x|round(2)}", "-99.995", "-100.00");
    GIVES("%{x|round(2)}", "0.004", "0.00");
    GIVES("%{x|round(2)}", "0.005", "0.01");
    GIVES("%{x|round(2)}", "0.0005e1", "0.01");
    GIVES("%{x|round(2)}", "0.0004e1", "0.00");
    GIVES("%{x|round(1)}", "1e-999999999999", "0.0");
    GIVES("%{x|round(3)}", "12e2", "1200.000");
    GIVES("%{x|round(2)}", "0", "0.00");
    GIVES("%{x|round(2)}", "123456789012345678901234567890.125",
          "123456789012345678901234567890.13");
    GIVES("%{x|round(-1)}", "1", "config: column 11: round takes 0 to 100 places");
    GIVES("%{x|round(101)}", "1", "config: column 11: round takes 0 to 100 places");
}

static void strftime_writes_utc(void)
{
    GIVES("%{x|strftime('%Y-%m-%dT%H:%M:%SZ')}", "1767225599999", "2025-12-31T23:59:59Z");
    GIVES("%{x|strftime('%F %T', 's')}", "\"1767225600\"", "2026-01-01 00:00:00");
    GIVES("%{x|strftime('%F %T', 'us')}", "1767225600000001", "2026-01-01 00:00:00");
    GIVES("%{x|strftime('%F %T')}", "-1", "1969-12-31 23:59:59");
    GIVES("%{x|strftime('%%%j')}", "0", "%001");
    GIVES("%{$timestamp|strftime('%Y%m%d')}", "0", "20260101");
    GIVES("%{x|strftime('%F', 's')}", "253402300799", "9999-12-31");
    GIVES("%{x|strftime('%F', 's')}", "253402300800",
          "record: field 'x': strftime: not a time of the years 0 to 9999");
    GIVES("%{x|strftime('%F')}", "1e30",
          "record: field 'x': strftime: not a time of the years 0 to 9999");
    GIVES("%{x|strftime('%F')}", "\"now\"", "record: field 'x': strftime: not a number");
    GIVES("%{x|strftime('%Q')}", "0", "config: column 14: strftime has no '%Q' here");
    GIVES("%{x|strftime('%s')}", "0", "config: column 14: strftime has no '%s' here");
    GIVES("%{x|strftime('a%')}", "0", "config: column 14: the format ends within a '%'");
    GIVES("%{x|strftime('')}", "0", "config: column 14: the format must have 1 to 100 bytes");
    GIVES("%{x|strftime('%F', 'm')}", "0", "config: column 20: the unit must be 's', 'ms' or 'us'");
    GIVES("%{x|strftime}", "0", "config: column 5: strftime takes arguments: ('format'[, 'unit'])");
}

static void epoch_reads_rfc_3339(void)
{
    GIVES("%{x|epoch}", "\"2026-01-01T00:00:00Z\"", "1767225600000");
    GIVES("%{x|epoch('s')}", "\"2026-01-01t00:00:00.999z\"", "1767225600");
    GIVES("%{x|epoch('us')}", "\"2026-01-01 00:00:00.1234567Z\"", "1767225600123456");
    GIVES("%{x|epoch('ms')}", "\"2025-12-31T18:30:00-05:30\"", "1767225600000");
    GIVES("%{x|epoch('ms')}", "\"1969-12-31T23:59:59.999Z\"", "-1");
    GIVES("%{x|epoch('s')}", "\"2024-02-29T00:00:00Z\"", "1709164800");
    GIVES("%{x|epoch('s')}", "\"2016-12-31T23:59:60Z\"", "1483228800");
    GIVES("%{x|epoch('s')}", "\"0000-01-01T00:00:00Z\"", "-62167219200");
    GIVES("%{x|epoch|strftime('%F')}", "\"2026-03-04T00:00:00Z\"", "2026-03-04");
    GIVES("%{x|epoch('h')}", "1", "config: column 11: the unit must be 's', 'ms' or 'us'");
}

static void epoch_refuses_what_is_no_date(void)
{
    static const char *const dates[] = {
        "2025-02-29T00:00:00Z",      "1900-02-29T00:00:00Z",  "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",      "2026-01-00T00:00:00Z",  "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",      "2026-01-01T00:60:00Z",  "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00",       "2026-01-01T00:00Z",     "2026-01-01",
        "2026-01-01T00:00:00.Z",     "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00", "26-01-01T00:00:00Z",    "",
        "-026-01-01T00:00:00Z",      "2026-01-01T00:00:00 Z",
    };
    char value[128];

    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        snprintf(value, sizeof(value), "{\"x\": \"%s\"}", dates[i]);
        ASSERT_TEXT(render("%{x|epoch}", value),
                    "record: field 'x': epoch: not an RFC 3339 date and time");
    }
    GIVES("%{x|epoch}", "5", "record: field 'x': epoch: not an RFC 3339 date and time");
}

static void replace_replaces_every_match(void)
{
    GIVES("%{x|replace('a', 'b')}", "\"banana\"", "bbnbnb");
    GIVES("%{x|replace('(a)(n)', '<\\2\\1\\0>')}", "\"banana\"", "b<naan><naan>a");
    GIVES("%{x|replace('^a', '')}", "\"aaa\"", "aa");
    GIVES("%{x|replace('a$', '!')}", "\"aaa\"", "aa!");
    GIVES("%{x|replace('z', '!')}", "\"aaa\"", "aaa");
    GIVES("%{x|replace('.', '')}", "\"aaa\"", "");
    GIVES("%{x|replace('\\.', ',')}", "1.5", "1,5");
    GIVES("%{x|replace('b*', '-')}", "\"abbc\"", "-a-c-");
    GIVES("%{x|replace('b*', '-')}", "\"bbc\"", "-c-");
    GIVES("%{x|replace('x*', '-')}", "\"\xC3\xA9\"", "-\xC3\xA9-");
    GIVES("%{x|replace('a|(b)', '[\\1]')}", "\"ab\"", "[][b]");
    GIVES("%{x|replace('(', '')}", "1",
          "config: column 13: bad pattern at '(': '(' is never closed");
    GIVES("%{x|replace('(a)', '\\2')}", "1", "config: column 20: \\2: the pattern has 1 groups");
    GIVES(
        "%{x|replace('(a)\\1', '')}", "1",
        "config: column 13: bad pattern at '\\1': a pattern may not refer back to its own groups");
    GIVES("%{x|replace('a')}", "1",
          "config: column 5: replace takes arguments: ('pattern', 'text')");
}

static void substr_counts_characters(void)
{
    GIVES("%{x|substr(1)}", "\"\xC3\xA9t\xC3\xA9\"", "t\xC3\xA9");
    GIVES("%{x|substr(0, 1)}", "\"\xC3\xA9t\xC3\xA9\"", "\xC3\xA9");
    GIVES("%{x|substr(-1)}", "\"\xC3\xA9t\xC3\xA9\"", "\xC3\xA9");
    GIVES("%{x|substr(-9, 2)}", "\"abc\"", "ab");
    GIVES("%{x|substr(5)}", "\"abc\"", "");
    GIVES("%{x|substr(1, 9)}", "\"abc\"", "bc");
    GIVES("%{x|substr(1, 0)}", "\"abc\"", "");
    GIVES("%{x|substr(-9223372036854775807)}", "12345", "12345");
    GIVES("%{x|substr(0, -1)}", "1", "config: column 15: substr takes no negative length");
    GIVES("%{x|substr('1')}", "1", "config: column 12: substr takes an integer here");
}

static void wrong_arguments_are_errors_of_the_file(void)
{
    GIVES("%{x|upper('a')}", "1", "config: column 5: upper takes no arguments");
    GIVES("%{x|upper()}", "\"a\"", "A");
    GIVES("%{x|default}", "1", "config: column 5: default takes arguments: ('text')");
    GIVES("%{x|default()}", "1", "config: column 5: default takes arguments: ('text')");
    GIVES("%{x|default(x)}", "1", "config: column 13: expected a text in quotes or an integer");
    GIVES("%{x|default(007)}", "1", "config: column 13: expected a text in quotes or an integer");
    GIVES("%{x|default('a' 'b')}", "1", "config: column 17: expected ',' or ')'");
    GIVES("%{x|default('a', 'b')}", "1", "config: column 5: default takes arguments: ('text')");
    GIVES("%{x|replace('a','b','c')}", "1",
          "config: column 21: replace takes no more than 2 arguments");
    GIVES("%{x|default('a'}", "1", "config: column 16: expected ',' or ')'");
    GIVES("%{x|defualt('a')}", "1",
          "config: column 5: unknown filter 'defualt'; did you mean 'default'?");
    GIVES("%{x|geohash}", "1", "config: column 5: unknown filter 'geohash'");
    GIVES("%{x|round('2')}", "1", "config: column 11: round takes an integer here");
    GIVES("%{x|strftime(5)}", "1", "config: column 14: strftime takes a text in quotes here");
}

static void bytes_are_counted_where_a_value_may_be_no_text(void)
{
    struct slice framed = SLICE("\0\0\0\xC3\xA9{}");
    struct err err;
    struct template *template = template_new("%{$value|substr(5)}", false, &err);
    struct slice *arguments;
    size_t count;

    expression_is(SLICE("k"), framed); /* a registry's frame of schema 50089 */
    CU_ASSERT_TRUE(template_render(template, &expression_scope, &arguments, &count, &err));
    CU_ASSERT_TRUE(slice_is(arguments[0], "{}"));
    template_free(template);
    GIVES("%{x|substr(1)}", "\"\xC3\xA9t\xC3\xA9\"", "t\xC3\xA9");
    GIVES("%{$key|substr(-1)}", "1", "\xFF");
    GIVES("%{x|replace('.', '-')}", "\"\xC3\xA9t\xC3\xA9\"", "---");
    GIVES("%{$header.trace-id|replace('[^0-9]', '-')}", "1", "-1");
    GIVES("%{$key|replace('\\xFF', '!')}", "1", "key!");
}

static void replace_refuses_a_text_above_its_limit(void)
{
    struct slice text = {calloc(1, 1 << 21), 1 << 21};
    struct err err;
    struct template *template = template_new("%{$value|replace('a', 'b')}", false, &err);
    struct slice *arguments;
    size_t count;

    expression_is(SLICE("k"), text);
    CU_ASSERT_FALSE(template_render(template, &expression_scope, &arguments, &count, &err));
    ASSERT_TEXT(err.text,
                "field '$value': replace: a text of 2097152 bytes; at most 1048576 are searched");
    template_free(template);
    free((char *)text.data);
}

/* Of a page: without the kind of the error. */
static const char *example(const char *text, const char *value)
{
    const char *given = render(text, value);
    const char *kind = strncmp(given, "config: ", 8) == 0 ? given + 8 : given;

    return kind;
}

static void every_example_of_the_page_on_patterns_is_true(void)
{
    CU_ASSERT_TRUE(examples_check("patterns.md", example) > 5);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_example_of_the_reference_page_is_true),
        TEST(the_reference_page_is_fresh),
        TEST(default_stands_in_for_missing_and_null_only),
        TEST(json_is_json_whatever_the_type),
        TEST(json_takes_utf8_only),
        TEST(random_bytes_are_json_or_refused),
        TEST(raw_leaves_escapes_alone),
        TEST(letters_change_case_in_ascii_only),
        TEST(trim_takes_space_off_both_ends),
        TEST(int_cuts_off_what_is_behind_the_point),
        TEST(round_rounds_digits_and_not_doubles),
        TEST(strftime_writes_utc),
        TEST(epoch_reads_rfc_3339),
        TEST(epoch_refuses_what_is_no_date),
        TEST(replace_replaces_every_match),
        TEST(substr_counts_characters),
        TEST(wrong_arguments_are_errors_of_the_file),
        TEST(bytes_are_counted_where_a_value_may_be_no_text),
        TEST(replace_refuses_a_text_above_its_limit),
        TEST(every_example_of_the_page_on_patterns_is_true),
    };
    int status = SUITE("filter", tests);

    arena_free(&expression_arena);
    return status;
}
