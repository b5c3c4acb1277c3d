/* test_json_writer.c: JSON by RFC 8259, piece by piece. */
#include "suite.h"

#include "base/json_writer.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static char *text;
static size_t length;
static struct json_writer json;

static void begin(void)
{
    free(text);
    json = (struct json_writer){.out = open_memstream(&text, &length)};
}

static const char *written(void)
{
    fclose(json.out);
    return text;
}

static void values_within_brackets_have_commas_between_them(void)
{
    begin();
    json_write_open(&json, NULL, '{');
    json_write_open(&json, "empty", '[');
    json_write_close(&json, ']');
    json_write_open(&json, "list", '[');
    json_write_open(&json, NULL, '{');
    json_write_close(&json, '}');
    json_write_bool(&json, NULL, true);
    json_write_bool(&json, NULL, false);
    json_write_null(&json, NULL);
    json_write_close(&json, ']');
    json_write_text(&json, "a\"b", "c");
    json_write_raw(&json, "raw", SLICE("[1, 2]"));
    json_write_close(&json, '}');
    ASSERT_TEXT(written(),
                "{\"empty\":[],\"list\":[{},true,false,null],\"a\\\"b\":\"c\",\"raw\":[1, 2]}");
}

static void integers_keep_all_their_digits(void)
{
    begin();
    json_write_open(&json, NULL, '[');
    json_write_integer(&json, NULL, INT64_MIN);
    json_write_integer(&json, NULL, INT64_MAX);
    json_write_close(&json, ']');
    ASSERT_TEXT(written(), "[-9223372036854775808,9223372036854775807]");
}

static void numbers_are_whole_or_have_six_decimals_or_are_null(void)
{
    begin();
    json_write_open(&json, NULL, '[');
    json_write_number(&json, NULL, 123456789012);
    json_write_number(&json, NULL, -0.12345649);
    json_write_number(&json, NULL, NAN);
    json_write_number(&json, NULL, INFINITY);
    json_write_close(&json, ']');
    ASSERT_TEXT(written(), "[123456789012,-0.123456,null,null]");
}

static void what_is_not_there_is_null_and_what_is_empty_is_not(void)
{
    begin();
    json_write_open(&json, NULL, '[');
    json_write_bytes(&json, NULL, (struct slice){0});
    json_write_text(&json, NULL, NULL);
    json_write_bytes(&json, NULL, SLICE(""));
    json_write_close(&json, ']');
    ASSERT_TEXT(written(), "[null,null,\"\"]");
}

static void control_characters_are_escaped(void)
{
    begin();
    json_write_bytes(&json, NULL, SLICE("\0\x01\b\t\n\f\r\x1f \"\\/\x7f"));
    ASSERT_TEXT(written(), "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f \\\"\\\\/\\u007f\"");
}

static void bytes_that_are_not_utf8_keep_their_form(void)
{
    static const char *const pairs[][2] = {
        {"\xff", "{\"base64\":\"/w==\"}"},     {"caf\xe9", "{\"base64\":\"Y2Fm6Q==\"}"},
        {"\xc0\xaf", "{\"base64\":\"wK8=\"}"}, {"\xed\xa0\x80", "{\"base64\":\"7aCA\"}"},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        begin();
        json_write_text(&json, NULL, pairs[i][0]);
        ASSERT_TEXT(written(), pairs[i][1]);
    }
}

/* Each character of U+0000 to U+00FF, by another reader. */
static void another_reader_finds_each_character_again(void)
{
    for (int character = 0; character < 256; character++) {
        char utf8[2] = {(char)character};
        struct slice given = {utf8, 1};
        if (character >= 0x80) {
            utf8[0] = (char)(0xc0 | character >> 6);
            utf8[1] = (char)(0x80 | (character & 0x3f));
            given.length = 2;
        }
        begin();
        json_write_bytes(&json, NULL, given);
        json_t *read = json_loads(written(), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        CU_ASSERT_TRUE(
            slice_equal((struct slice){json_string_value(read), json_string_length(read)}, given));
        json_decref(read);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(values_within_brackets_have_commas_between_them),
        TEST(integers_keep_all_their_digits),
        TEST(numbers_are_whole_or_have_six_decimals_or_are_null),
        TEST(what_is_not_there_is_null_and_what_is_empty_is_not),
        TEST(control_characters_are_escaped),
        TEST(bytes_that_are_not_utf8_keep_their_form),
        TEST(another_reader_finds_each_character_again),
    };
    int status = SUITE("json_writer", tests);

    free(text);
    return status;
}
