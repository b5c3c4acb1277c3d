/* test_template.c: commands with placeholders. */
#include "suite.h"

#include "expression_fixture.h"
#include "page_examples.h"

#include "base/text.h"
#include "expr/template.h"

#include <hiredis/sds.h>
#include <stdlib.h>

static char result[4096];

/* What @p template makes of the record, as redis-cli takes it, or "error: text". */
static const char *render_as(const char *text, bool split)
{
    struct err err = {ERR_NONE, ""};
    struct template *template = template_new(text, split, &err);
    struct slice *arguments;
    size_t count;
    FILE *out = fmemopen(result, sizeof(result), "w");

    if (!template || !template_render(template, &expression_scope, &arguments, &count, &err)) {
        fprintf(out, "%s: %s", err.kind == ERR_CONFIG ? "config" : "record", err.text);
    } else {
        for (size_t i = 0; i < count; i++) {
            fputs(i ? " " : "", out);
            text_quote(out, arguments[i]);
        }
    }
    fclose(out);
    template_free(template);
    return result;
}

static const char *render(const char *text)
{
    return render_as(text, true);
}

static const char *render_of(const char *text, const char *value)
{
    expression_is(SLICE("\"k1\""), slice_of(value));
    return render(text);
}

static void a_command_is_filled_from_the_record(void)
{
    ASSERT_TEXT(render_of("HSET driver:%{id} lat %{pos.lat} tag %{tags[1]}",
                          "{\"id\": 7, \"pos\": {\"lat\": -33.40}, \"tags\": [\"a\", \"b\"]}"),
                "HSET driver:7 lat -33.40 tag b");
    ASSERT_TEXT(
        render_of("SET %{id} %{pos.tags[0].x} ", "{\"pos\":{\"tags\":[{\"x\":1}]},\"id\":\"a\"}"),
        "SET a 1");
    ASSERT_TEXT(render_of("SET k %{[1].x}", "[1,{\"x\":true}]"), "SET k true");
    ASSERT_TEXT(render_of("SET k %{['a.b']['}']}", "{\"a.b\":{\"}\":\"v\"}}"), "SET k v");
}

static void metadata_has_names_of_its_own(void)
{
    expression_is(SLICE("{\"id\":\"k\\u0031\"}"), SLICE("bytes"));
    ASSERT_TEXT(render("SET %{$topic}:%{$partition}:%{$offset} %{$value} %{$key.id} %{$key}"),
                "SET rides:3:42 bytes k1 \"{\\\"id\\\":\\\"k\\\\u0031\\\"}\"");
    ASSERT_TEXT(
        render(
            "SET %{$timestamp} %{$now} %{$header.trace-id} %{$header['trace-id']} %{$tombstone}"),
        "SET 1767225600123 1767225601000 t1 t1 false");
    ASSERT_TEXT(render("SET k %{$header.none}"), "record: missing field '$header.none'");
    ASSERT_TEXT(render("SET k %{$header.nowhere|default('-')}"), "SET k -");
    expression_scope.view.timestamp_ms = -1;
    ASSERT_TEXT(render("SET k %{$timestamp}"), "record: missing field '$timestamp'");
}

static void a_field_never_becomes_two_arguments(void)
{
    ASSERT_TEXT(render_of("SET k %{v}", "{\"v\": \"a b\\\" \\u0000\\r\\n%{x}\"}"),
                "SET k \"a b\\\" \\x00\\r\\n%{x}\"");
}

static void quotes_are_those_of_redis_cli(void)
{
    expression_is(SLICE("k"), SLICE("{}"));
    ASSERT_TEXT(render("SET \"a b\\x41\\n\\q\" 'it\\'s \\n' a\"b c\" ''"),
                "SET \"a bA\\nq\" \"it's \\\\n\" \"ab c\" \"\"");
    ASSERT_TEXT(render("SET \"a\"b"),
                "config: column 8: expected a space behind the closing quote");
    ASSERT_TEXT(render("SET 'a'b"), "config: column 8: expected a space behind the closing quote");
    ASSERT_TEXT(render("SET \"a b"), "config: column 5: this quote is never closed");
    ASSERT_TEXT(render("SET 'a b"), "config: column 5: this quote is never closed");
    ASSERT_TEXT(render("SET \"a\\"), "config: column 5: this quote is never closed");
    ASSERT_TEXT(render("SET a\\x41 \\n"), "SET \"a\\\\x41\" \"\\\\n\"");
    ASSERT_TEXT(render("  \t SET\n a \r"), "SET a");
    ASSERT_TEXT(render("   "), "config: column 1: here is no command");
    ASSERT_TEXT(render(""), "config: column 1: here is no command");
}

/* Whether @p text is split as redis-cli's own function does it. */
static bool splits_as_redis_cli(const char *text)
{
    struct template *template = template_new(text, true, NULL);
    int count = 0;
    sds *theirs = sdssplitargs(text, &count);
    bool open, same;

    if (!theirs || !count)
        same = !template; /* no command is an error, too */
    else
        same = template && template_least_arguments(template, &open) == (size_t)count;
    for (int i = 0; same && i < count; i++) {
        struct slice ours;
        template_constant(template, (size_t)i, &ours);
        same = slice_equal(ours, (struct slice){theirs[i], sdslen(theirs[i])});
    }
    if (theirs)
        sdsfreesplitres(theirs, count);
    template_free(template);
    return same;
}

static void random_texts_split_as_in_redis_cli(void)
{
    static const char letters[] = "  \t\n\v\"\"\"'''\\\\\\xn4F%a{";
    uint64_t state = 88172645463325252u;

    for (int i = 0; i < 50000; i++) {
        char text[16] = "";
        size_t length = (size_t)i % (sizeof(text) - 1);
        for (size_t j = 0; j < length; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[j] = letters[(state >> 33) % (sizeof(letters) - 1)];
        }
        if (!strstr(text, "%{") && !splits_as_redis_cli(text)) {
            fprintf(stderr, "\n<%s>\n", text);
            CU_FAIL("split otherwise than by redis-cli");
        }
    }
}

static void a_placeholder_binds_tighter_than_a_quote(void)
{
    expression_is(SLICE("k"), SLICE("{}"));
    ASSERT_TEXT(render("SET k %{name|default('x y')}"), "SET k \"x y\"");
    ASSERT_TEXT(render("SET k \"<%{name|default(\"x }y\")}>\""), "SET k \"<x }y>\"");
    ASSERT_TEXT(render("SET k '<%{name|default('x')}>'"), "SET k <x>");
    ASSERT_TEXT(render("SET k %{ name | default( 'x' ) }"), "SET k x");
}

static void a_percent_sign_can_stand_for_itself(void)
{
    ASSERT_TEXT(render_of("SET %%{id} %%%{id}%% 50% %", "{\"id\": 7}"), "SET %{id} %7%% 50% %");
    ASSERT_TEXT(render("SET \"\\x25{id}\" %{id}%"), "SET %{id} 7%");
}

static void a_missing_field_or_a_null_is_a_record_error(void)
{
    ASSERT_TEXT(render_of("SET k %{a.b}", "{\"a\": {}}"), "record: missing field 'a.b'");
    ASSERT_TEXT(render_of("SET k %{a}", "{\"a\": null}"),
                "record: field 'a' is null; to write a text instead: %{a|default('')}");
    ASSERT_TEXT(render_of("SET k %{a|default('')}", "{\"a\": null}"), "SET k \"\"");
    ASSERT_TEXT(render_of("SET k %{a|default('-')}", "{\"a\": \"\"}"), "SET k \"\"");
    expression_is((struct slice){0}, (struct slice){0});
    ASSERT_TEXT(render("SET k %{a}"), "record: missing field 'a'");
    ASSERT_TEXT(render("SET k %{$value}"), "record: missing field '$value'");
    ASSERT_TEXT(render("SET k %{$key}"), "record: missing field '$key'");
    ASSERT_TEXT(render("SET k %{$key.id}"), "record: missing field '$key.id'");
    ASSERT_TEXT(render("SET k %{*|json}"), "record: missing field '*'");
    ASSERT_TEXT(render("SET k %{$key|default('none')} %{*|default('t')}"), "SET k none t");
}

static void a_value_that_does_not_decode_is_a_record_error(void)
{
    expression_is(SLICE("k"), SLICE("{\"secret\": }"));
    CU_ASSERT_PTR_NOT_NULL(strstr(render("SET k %{a|default('x')}"), "record: value: "));
    CU_ASSERT_PTR_NULL(strstr(result, "secret"));
    ASSERT_TEXT(render("SET k %{$offset}"), "SET k 42");
    CU_ASSERT_PTR_NOT_NULL(strstr(render("SET k %{$key.a}"), "record: key: "));
}

static void each_type_has_its_text(void)
{
    ASSERT_TEXT(render_of("X %{b} %{n} %{s} %{o} %{a}",
                          "{\"b\": false, \"n\": 1.50e3, \"s\": \"\\u00e9\\/\", \"o\": {\"x\": 1}, "
                          "\"a\": [ 1,2 ]}"),
                "X false 1.50e3 \"\xC3\xA9/\" \"{\\\"x\\\": 1}\" \"[ 1,2 ]\"");
}

static void a_star_spreads_the_scalar_fields(void)
{
    ASSERT_TEXT(
        render_of(
            "HSET k %{*} end",
            "{\"a\": 1, \"b\": null, \"c\": [1], \"d\": {}, \"e\": \"x y\", \"f\\u0031\": true}"),
        "HSET k a 1 e \"x y\" f1 true end");
    ASSERT_TEXT(render_of("HSET k %{*}", "{\"a\": 1, \"b\": 2, \"\\u0061\": 3}"), "HSET k b 2 a 3");
    ASSERT_TEXT(render_of("HSET k %{*}", "{\"a\": 1, \"b\": 2, \"a\": null}"), "HSET k b 2");
    ASSERT_TEXT(render_of("HSET k %{*}", "{\"a\": null}"),
                "record: missing field '*': the value has no scalar field");
    ASSERT_TEXT(render_of("HSET k %{*}", "[1]"),
                "record: missing field '*': the value is no object");
    ASSERT_TEXT(render("HSET k x%{*}"), "config: column 9: %{*} must be an argument of its own; "
                                        "%{*|json} is the whole value as one text");
    ASSERT_TEXT(render_as("%{*}", false),
                "config: column 1: %{*} gives several arguments; here is room for one");
}

static void a_star_spreads_many_fields_as_it_does_few(void)
{
    char value[4096], expected[4096];
    size_t length = 0, wanted = 0;

    for (int i = 0; i < 100; i++)
        length += (size_t)snprintf(value + length, sizeof(value) - length, "%s\"n%d\":%d",
                                   i ? "," : "{", i % 60, i);
    snprintf(value + length, sizeof(value) - length, "}");
    for (int i = 40; i < 100; i++)
        wanted += (size_t)snprintf(expected + wanted, sizeof(expected) - wanted, "%sn%d %d",
                                   i > 40 ? " " : "", i % 60, i);
    ASSERT_TEXT(render_of("%{*}", value), expected);
}

static void a_star_with_json_is_the_value_as_it_came(void)
{
    ASSERT_TEXT(render_of("PUBLISH c %{*|json}", " {\"a\" : 1.0 , \"b\":\"\\u00e9\"}\n"),
                "PUBLISH c \"{\\\"a\\\" : 1.0 , \\\"b\\\":\\\"\\\\u00e9\\\"}\"");
    ASSERT_TEXT(render_of("PUBLISH c %{*|json}", "null"), "PUBLISH c null");
}

static void the_last_of_several_fields_of_one_name_counts(void)
{
    ASSERT_TEXT(render_of("SET k %{a}", "{\"a\": 1, \"a\": 2}"), "SET k 2");
    ASSERT_TEXT(render_of("SET k %{a}", "{\"a\": 1, \"\\u0061\": 2}"), "SET k 2");
    ASSERT_TEXT(render_of("SET k %{a.b}", "{\"a\": {\"b\": 1}, \"a\": {}}"),
                "record: missing field 'a.b'");
}

static void binary_bytes_pass_unharmed(void)
{
    struct err err;
    struct template *template = template_new("SET a%{$key}z %{$value}", true, &err);
    struct slice *arguments;
    size_t count;

    expression_is(SLICE("\0\r\n\xFF"), SLICE("*3\r\n\0"));
    CU_ASSERT_TRUE(template_render(template, &expression_scope, &arguments, &count, &err));
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_TRUE(slice_equal(arguments[1], SLICE("a\0\r\n\xFFz")));
    CU_ASSERT_PTR_EQUAL(arguments[2].data, expression_record.value.data);
    CU_ASSERT_EQUAL(arguments[2].length, 5);
    template_free(template);
}

static void a_plain_field_is_not_copied(void)
{
    static const char value[] = "{\"a\": \"text\", \"n\": 12}";
    struct err err;
    struct template *template = template_new("SET %{a} %{n}", true, &err);
    struct slice *arguments;
    size_t count;

    expression_is(SLICE("k"), SLICE(value));
    CU_ASSERT_TRUE(template_render(template, &expression_scope, &arguments, &count, &err));
    CU_ASSERT_PTR_EQUAL(arguments[1].data, value + 7);
    CU_ASSERT_PTR_EQUAL(arguments[2].data, value + 19);
    template_free(template);
}

static void an_error_names_the_column_and_the_likely_word(void)
{
    expression_is(SLICE("k"), SLICE("{}"));
    ASSERT_TEXT(render("SET k %{$ofset}"),
                "config: column 9: unknown name '$ofset'; did you mean '$offset'?");
    ASSERT_TEXT(render("SET k %{$headers.x}"),
                "config: column 9: unknown name '$headers'; did you mean '$header'?");
    ASSERT_TEXT(render("SET k %{a|uper}"),
                "config: column 11: unknown filter 'uper'; did you mean 'upper'?");
    ASSERT_TEXT(render("SET k %{a"), "config: column 7: '%{' has no '}'");
    ASSERT_TEXT(render("SET k %{a|upper"), "config: column 7: '%{' has no '}'");
    ASSERT_TEXT(render("SET k %{a|default('x}"), "config: column 19: this quote is never closed");
    ASSERT_TEXT(render("SET k %{}"), "config: column 9: expected the name of a field");
    ASSERT_TEXT(render("SET k %{ | upper}"), "config: column 10: expected the name of a field");
    ASSERT_TEXT(render("SET k %{a|}"), "config: column 11: expected the name of a filter");
    ASSERT_TEXT(render("SET k %{a|upper lower}"), "config: column 17: expected '|' or '}'");
    ASSERT_TEXT(render("SET k %{$value.x}"),
                "config: column 15: $value is the value's bytes; a field is named without it");
    ASSERT_TEXT(render("SET k %{$topic.x}"), "config: column 15: this name has no fields");
    ASSERT_TEXT(render("SET k %{$header}"),
                "config: column 16: expected the name of a header, as in $header.trace_id");
    ASSERT_TEXT(render("SET k %{$header[x]}"),
                "config: column 17: expected the quoted name of a header");
    CU_ASSERT_PTR_NOT_NULL(strstr(render("SET k %{a..b}"), "config: column 11: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(render("SET k %{$key.a.}"), "config: column 16: "));
}

static unsigned reads_of(const char *text)
{
    struct err err;
    struct template *template = template_new(text, true, &err);
    unsigned reads = template_reads(template);

    template_free(template);
    return reads;
}

static void what_a_template_reads_is_known_at_load(void)
{
    CU_ASSERT_EQUAL(reads_of("SET k v"), 0);
    CU_ASSERT_EQUAL(reads_of("SET %{$key} %{$value}"), READS_KEY_BYTES | READS_VALUE_BYTES);
    CU_ASSERT_EQUAL(reads_of("SET %{$key.a} %{b}"), READS_KEY_INSIDE | READS_VALUE_INSIDE);
    CU_ASSERT_EQUAL(reads_of("SET %{$topic} x"), READS_META);
    CU_ASSERT_EQUAL(reads_of("HSET k %{*}"), READS_VALUE_INSIDE);
}

static void note(void *context, const struct reference *reference)
{
    strcat(context, reference->text);
    strcat(context, ",");
}

static void arguments_can_be_asked_about_one_by_one(void)
{
    struct err err;
    struct template *template = template_new("HSET k:%{$key} '' %{*} %{a.b}", true, &err);
    struct slice text;
    char names[64] = "";
    bool open;

    CU_ASSERT_EQUAL(template_least_arguments(template, &open), 6);
    CU_ASSERT_TRUE(open);
    template_constant(template, 0, &text);
    CU_ASSERT_TRUE(slice_is(text, "HSET"));
    template_constant(template, 1, &text);
    CU_ASSERT_PTR_NULL(text.data);
    template_constant(template, 2, &text);
    CU_ASSERT_TRUE(text.data && text.length == 0);
    template_constant(template, 9, &text);
    CU_ASSERT_PTR_NULL(text.data);
    template_visit(template, note, names);
    ASSERT_TEXT(names, "$key,*,a.b,");
    template_free(template);
}

static void one_argument_is_rendered_though_another_is_missing(void)
{
    struct err err;
    struct template *template = template_new("SET k:%{$key} %{a} %{b}", true, &err);
    struct slice text;

    expression_is(SLICE("7"), (struct slice){0});
    CU_ASSERT_TRUE(template_render_argument(template, 1, &expression_scope, &text, &err));
    CU_ASSERT_TRUE(slice_is(text, "k:7"));
    CU_ASSERT_FALSE(template_render_argument(template, 2, &expression_scope, &text, &err));
    expression_is(SLICE("7"), SLICE("{\"b\":1}"));
    CU_ASSERT_TRUE(template_render_argument(template, 3, &expression_scope, &text, &err));
    CU_ASSERT_TRUE(slice_is(text, "1"));
    expression_is(SLICE("7"), SLICE("{broken"));
    CU_ASSERT_TRUE(template_render_argument(template, 1, &expression_scope, &text, &err));
    CU_ASSERT_FALSE(template_render_argument(template, 3, &expression_scope, &text, &err));
    template_free(template);
}

static void a_single_text_is_not_split(void)
{
    expression_is(SLICE("k"), SLICE("{\"a\": 5}"));
    ASSERT_TEXT(render_as("%{a}s", false), "5s");
    ASSERT_TEXT(render_as("'a b' \"%{a}", false), "\"'a b' \\\"5\"");
    ASSERT_TEXT(render_as("", false), "\"\"");
}

static const char *example(const char *text, const char *value)
{
    static char shown[sizeof(result) + 16];

    render_of(text, value);
    if (strncmp(result, "config: ", 8) == 0)
        return result + 8;
    if (strncmp(result, "record: ", 8) != 0)
        return result;
    snprintf(shown, sizeof(shown), "record error: %s", result + 8);
    return shown;
}

static void every_example_of_the_reference_page_is_true(void)
{
    CU_ASSERT_TRUE(examples_check("templates.md", example) > 20);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_is_filled_from_the_record),
        TEST(metadata_has_names_of_its_own),
        TEST(a_field_never_becomes_two_arguments),
        TEST(quotes_are_those_of_redis_cli),
        TEST(random_texts_split_as_in_redis_cli),
        TEST(a_placeholder_binds_tighter_than_a_quote),
        TEST(a_percent_sign_can_stand_for_itself),
        TEST(a_missing_field_or_a_null_is_a_record_error),
        TEST(a_value_that_does_not_decode_is_a_record_error),
        TEST(each_type_has_its_text),
        TEST(a_star_spreads_the_scalar_fields),
        TEST(a_star_spreads_many_fields_as_it_does_few),
        TEST(a_star_with_json_is_the_value_as_it_came),
        TEST(the_last_of_several_fields_of_one_name_counts),
        TEST(binary_bytes_pass_unharmed),
        TEST(a_plain_field_is_not_copied),
        TEST(an_error_names_the_column_and_the_likely_word),
        TEST(what_a_template_reads_is_known_at_load),
        TEST(arguments_can_be_asked_about_one_by_one),
        TEST(one_argument_is_rendered_though_another_is_missing),
        TEST(a_single_text_is_not_split),
        TEST(every_example_of_the_reference_page_is_true),
    };
    int status = SUITE("template", tests);

    arena_free(&expression_arena);
    return status;
}
