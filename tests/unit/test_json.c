/* test_json.c: JSON by RFC 8259, strictly: where and why a text is refused, and odd sizes. */
#include "suite.h"

#include "base/mem.h"
#include "codec/json.h"
#include "record/build.h"

#include <stdlib.h>

static struct arena arena;

/* Decodes from memory of exactly that size, so that AddressSanitizer sees a step too far. */
static const struct value *decode(struct slice text, struct err *err)
{
    char *copy = malloc(text.length);

    if (text.length)
        memcpy(copy, text.data, text.length);
    const struct value *value = json_decode((struct slice){copy, text.length}, &arena, err);
    free(copy); /* the tree's texts are gone; its shape is not */
    return value;
}

static const char *refused(struct slice text)
{
    static struct err err;

    err = (struct err){0};
    CU_ASSERT_PTR_NULL(decode(text, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    return err.text;
}

#define REFUSED(literal) refused(SLICE(literal))

static void an_error_names_the_byte_and_what_was_expected(void)
{
    ASSERT_TEXT(REFUSED("{\"lat\": 1, \"lon\" 2}"),
                "json: byte 18: expected ':' after a member's name");
    ASSERT_TEXT(REFUSED("{\"a\":1,}"), "json: byte 8: expected a member's name");
    ASSERT_TEXT(REFUSED("{\"a\":}"), "json: byte 6: expected a value");
    ASSERT_TEXT(REFUSED("{\"a\":1]"), "json: byte 7: expected ',' or '}'");
    ASSERT_TEXT(REFUSED("[1 2]"), "json: byte 4: expected ',' or ']'");
    ASSERT_TEXT(REFUSED("[1,]"), "json: byte 4: expected a value");
    ASSERT_TEXT(REFUSED("{} {}"), "json: byte 4: expected the end of the text");
    ASSERT_TEXT(REFUSED("nul"), "json: byte 1: expected a value");
    ASSERT_TEXT(REFUSED("\xEF\xBB\xBF{}"), "json: byte 1: a byte order mark");
    ASSERT_TEXT(REFUSED("\0\0\0\xC3\x81{}"),
                "json: the value begins with the frame of a schema registry (schema 50049): it "
                "is Avro, Protobuf or JSON behind five bytes, which penstock does not read");
}

static void a_text_that_breaks_off_is_told_apart(void)
{
    ASSERT_TEXT(REFUSED(""), "json: byte 1: expected a value, not the end of the text");
    ASSERT_TEXT(REFUSED(" \r\n\t"), "json: byte 5: expected a value, not the end of the text");
    ASSERT_TEXT(REFUSED("[1"), "json: byte 3: expected ',' or ']', not the end of the text");
    ASSERT_TEXT(REFUSED("\"ab"),
                "json: byte 4: expected the closing quote of a string, not the end of the text");
    ASSERT_TEXT(REFUSED("-"), "json: byte 2: expected a digit, not the end of the text");
}

static void a_number_follows_the_grammar(void)
{
    ASSERT_TEXT(REFUSED("01"), "json: byte 2: expected the end of the text");
    ASSERT_TEXT(REFUSED("-a"), "json: byte 2: expected a digit");
    ASSERT_TEXT(REFUSED("1.e5"), "json: byte 3: expected a digit");
    ASSERT_TEXT(REFUSED("1e+x"), "json: byte 4: expected a digit");
    ASSERT_TEXT(REFUSED("+1"), "json: byte 1: expected a value");
    ASSERT_TEXT(REFUSED(".5"), "json: byte 1: expected a value");
    ASSERT_TEXT(REFUSED("NaN"), "json: byte 1: expected a value");
}

static void a_string_is_utf8_with_known_escapes(void)
{
    ASSERT_TEXT(REFUSED("\"a\nb\""), "json: byte 3: a control character in a string");
    ASSERT_TEXT(REFUSED("\"a\0b\""), "json: byte 3: a control character in a string");
    ASSERT_TEXT(REFUSED("\"\\a\""), "json: byte 3: no such escape");
    ASSERT_TEXT(REFUSED("\"\\\0\""), "json: byte 3: no such escape");
    ASSERT_TEXT(REFUSED("\"\\u12g4\""), "json: byte 6: expected four hexadecimal digits");
    ASSERT_TEXT(REFUSED("\"\\u12"),
                "json: byte 6: expected four hexadecimal digits, not the end of the text");
    ASSERT_TEXT(REFUSED("\"\\"), "json: byte 3: expected an escape, not the end of the text");
    ASSERT_TEXT(REFUSED("\"abc\x80\""), "json: byte 5: not UTF-8");
    ASSERT_TEXT(REFUSED("{\"\xC3\":1}"), "json: byte 3: not UTF-8");
    CU_ASSERT_PTR_NOT_NULL(decode(SLICE("\"\x7F\""), NULL)); /* DEL is no control in RFC 8259 */
}

/* Whether the bytes, closed by a quote and cut behind it, are a string. */
static bool is_string(const unsigned char *bytes, size_t length)
{
    char text[8] = "\"";

    memcpy(text + 1, bytes, length);
    text[length + 1] = '"';
    return decode((struct slice){text, length + 2}, NULL) != NULL;
}

/* What RFC 3629 says, told by the code point instead of by ranges of bytes. */
static bool is_utf8_pair(unsigned first, unsigned second)
{
    unsigned point = (first & 0x1F) << 6 | (second & 0x3F);

    return (first & 0xE0) == 0xC0 && (second & 0xC0) == 0x80 && point >= 0x80;
}

static bool is_utf8_triple(unsigned first, unsigned second)
{
    unsigned point = (first & 0x0F) << 12 | (second & 0x3F) << 6;

    return (first & 0xF0) == 0xE0 && (second & 0xC0) == 0x80 && point + 0x3F >= 0x800 &&
           (point < 0xD800 || point > 0xDFFF);
}

static bool is_utf8_quadruple(unsigned first, unsigned second)
{
    unsigned point = (first & 0x07) << 18 | (second & 0x3F) << 12;

    return (first & 0xF8) == 0xF0 && (second & 0xC0) == 0x80 && point + 0xFFF >= 0x10000 &&
           point <= 0x10FFFF;
}

static void every_pair_of_bytes_is_judged_by_its_code_point(void)
{
    for (unsigned first = 0x80; first < 0x100; first++) {
        for (unsigned second = 0x80; second < 0x100; second++) {
            unsigned char bytes[4] = {(unsigned char)first, (unsigned char)second, 0xBF, 0xBF};

            CU_ASSERT_EQUAL(is_string(bytes, 2), is_utf8_pair(first, second));
            CU_ASSERT_EQUAL(is_string(bytes, 3), is_utf8_triple(first, second));
            CU_ASSERT_EQUAL(is_string(bytes, 4), is_utf8_quadruple(first, second));
        }
    }
}

static void what_follows_in_a_character_has_to_continue_it(void)
{
    static const unsigned char odd[] = {0x22, 0x7F, 0xC0, 0xFF};

    for (size_t i = 0; i < sizeof(odd); i++) {
        CU_ASSERT_FALSE(is_string((unsigned char[]){0xC3, odd[i]}, 2));
        CU_ASSERT_FALSE(is_string((unsigned char[]){0xE2, 0x82, odd[i]}, 3));
        CU_ASSERT_FALSE(is_string((unsigned char[]){0xF0, 0x9F, odd[i], 0x80}, 4));
        CU_ASSERT_FALSE(is_string((unsigned char[]){0xF0, 0x9F, 0x98, odd[i]}, 4));
    }
}

/* A string of @p length letters with @p odd at @p place. */
static bool string_with(size_t length, size_t place, char odd)
{
    char text[128];

    memset(text, 'x', sizeof(text));
    text[0] = text[length + 1] = '"';
    text[1 + place] = odd;
    return decode((struct slice){text, length + 2}, NULL) != NULL;
}

static void an_odd_byte_is_seen_at_every_place_of_a_string(void)
{
    for (size_t length = 1; length <= 70; length++) {
        for (size_t place = 0; place < length; place++) {
            CU_ASSERT_TRUE(string_with(length, place, ' '));
            CU_ASSERT_TRUE(string_with(length, place, '\x7F'));
            CU_ASSERT_FALSE(string_with(length, place, '\x1F'));
            CU_ASSERT_FALSE(string_with(length, place, '\x80'));
            CU_ASSERT_FALSE(string_with(length, place, '"'));
            CU_ASSERT_FALSE(string_with(length, place, '\\')); /* before an x, or the quote */
        }
    }
}

static void every_beginning_of_a_text_is_refused(void)
{
    static const char text[] = " { \"a\\n\\u00e9\" : [ -1.5e+3 , true , \"\303\251\" , { } ] , "
                               "\"long enough for sixteen bytes\" : null } ";
    size_t whole = sizeof(text) - 2; /* the last space is not needed */

    for (size_t length = 0; length < whole; length++)
        CU_ASSERT_PTR_NULL(decode((struct slice){text, length}, NULL));
    CU_ASSERT_PTR_NOT_NULL(decode((struct slice){text, whole}, NULL));
    CU_ASSERT_PTR_NOT_NULL(decode((struct slice){text, whole + 1}, NULL));
}

/* @p count times @p piece, then @p last. */
static struct slice repeated(const char *first, const char *piece, size_t count, const char *last)
{
    size_t length = strlen(piece);
    char *text = mem_alloc(strlen(first) + count * length + strlen(last) + 1), *at = text;

    at = stpcpy(at, first);
    for (size_t i = 0; i < count; i++, at += length)
        memcpy(at, piece, length);
    strcpy(at, last);
    return (struct slice){text, strlen(text)};
}

static void containers_nest_128_deep(void)
{
    struct slice good = repeated("", "[", BUILD_DEPTH, ""), bad = repeated("", "[", 129, "");
    struct slice closing = repeated(good.data, "]", BUILD_DEPTH, "");

    CU_ASSERT_PTR_NOT_NULL(decode(closing, NULL));
    ASSERT_TEXT(refused(bad), "json: byte 129: more than 128 containers within each other");
    free((char *)good.data);
    free((char *)bad.data);
    free((char *)closing.data);
}

static void texts_of_megabytes_are_read_in_one_go(void)
{
    struct {
        struct slice text;
        uint32_t children; /* 0: refused */
    } rows[] = {
        {repeated("", "[", 1000000, ""), 0},
        {repeated("", "{\"a\":", 200000, ""), 0},
        {repeated("[", "[],", 500000, "{}]"), 500001},
        {repeated("{", "\"a\":1,", 1000000, "\"a\":2}"), 1000001},
        {repeated("[\"", "x", 5000000, "\"]"), 1},
        {repeated("[\"", "\303\251,", 1500000, "\"]"), 1},
        {repeated("[\"", "\\n", 2000000, "\"]"), 1},
        {repeated("[", " ", 4000000, "1]"), 1},
        {repeated("[", "1", 4000000, "]"), 1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct value *value = decode(rows[i].text, NULL);

        CU_ASSERT_EQUAL(value ? value->count : 0, rows[i].children);
        free((char *)rows[i].text.data);
        arena_reset(&arena);
    }
}

static void a_refused_text_leaves_no_nodes_behind(void)
{
    void *before = arena_alloc(&arena, 8);

    refused(SLICE("[1,2,3,4,5,6,7,8,9"));
    CU_ASSERT_PTR_EQUAL(arena_alloc(&arena, 8), (char *)before + 8);
}

static void a_tree_takes_only_the_room_of_its_nodes(void)
{
    const struct value *value = decode(SLICE("[\"a,b,c,[,{\",2]"), NULL);

    CU_ASSERT_EQUAL(value->span, 3);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&arena, 8), value + 3);
}

/* "[v,v,v...]": @p count values, each the text @p value. */
static struct slice array_of(const char *value, size_t count)
{
    size_t length = strlen(value);
    char *text = malloc(count * (length + 1) + 2), *next = text;

    *next++ = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(next, value, length);
        next += length;
        *next++ = i + 1 < count ? ',' : ']';
    }
    return (struct slice){text, (size_t)(next - text)};
}

enum { MOST_NODES = 5000 };

static void a_tree_above_the_limit_is_refused_before_it_is_built(void)
{
    struct slice fits = array_of("1", MOST_NODES - 1), large = array_of("1", MOST_NODES);

    arena_free(&arena);
    arena.limit = MOST_NODES * sizeof(struct value) + 8;
    CU_ASSERT_PTR_NOT_NULL(decode(fits, NULL));
    arena_reset(&arena);
    ASSERT_TEXT(refused(large), "json: more than 5000 values: their tree would not fit in memory");
    arena_reset(&arena);
    CU_ASSERT_EQUAL(arena.limit, MOST_NODES * sizeof(struct value) + 8);
    refused(large);
    arena.limit = 0;
    CU_ASSERT_PTR_NOT_NULL(decode(large, NULL));
    free((char *)fits.data);
    free((char *)large.data);
}

static void commas_in_strings_do_not_count_against_the_limit(void)
{
    struct slice text = array_of("\"a,\\\",[,{\"", MOST_NODES - 1);

    arena_free(&arena);
    arena.limit = MOST_NODES * sizeof(struct value) + 8;
    CU_ASSERT_PTR_NOT_NULL(decode(text, NULL));
    arena.limit = 0;
    free((char *)text.data);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(an_error_names_the_byte_and_what_was_expected),
        TEST(a_text_that_breaks_off_is_told_apart),
        TEST(a_number_follows_the_grammar),
        TEST(a_string_is_utf8_with_known_escapes),
        TEST(every_pair_of_bytes_is_judged_by_its_code_point),
        TEST(what_follows_in_a_character_has_to_continue_it),
        TEST(an_odd_byte_is_seen_at_every_place_of_a_string),
        TEST(every_beginning_of_a_text_is_refused),
        TEST(containers_nest_128_deep),
        TEST(texts_of_megabytes_are_read_in_one_go),
        TEST(a_refused_text_leaves_no_nodes_behind),
        TEST(a_tree_takes_only_the_room_of_its_nodes),
        TEST(a_tree_above_the_limit_is_refused_before_it_is_built),
        TEST(commas_in_strings_do_not_count_against_the_limit),
    };
    int status = SUITE("json", tests);

    arena_free(&arena);
    return status;
}
