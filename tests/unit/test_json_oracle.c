/*
 * test_json_oracle.c: random texts, good ones and damaged ones, read by json.c and by jansson.
 *
 * Both have to agree on what is JSON and on every value in it. jansson differs in five points,
 * which are left out: it keeps numbers as int64 and double and refuses what does not fit, refuses
 * half a surrogate pair, refuses a NUL in a name, passes over a NUL behind a number at the end, and
 * nests deeper than texts go here.
 */
#include "suite.h"

#include "codec/json.h"

#include <jansson.h>
#include <stdlib.h>

enum { TEXTS = 4000, DAMAGES = 8, ROOM = 64 * 1024, DEEPEST = 6 };

static struct arena arena;
static uint64_t state;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % limit);
}

/* --- texts --------------------------------------------------------------------------------------
 */

struct writer {
    char bytes[ROOM];
    size_t length;
};

static void put(struct writer *writer, const char *text)
{
    size_t length = strlen(text);

    if (writer->length + length <= ROOM) {
        memcpy(writer->bytes + writer->length, text, length);
        writer->length += length;
    }
}

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[below((unsigned)count)];
}

#define ONE_OF(texts) one_of(texts, sizeof(texts) / sizeof((texts)[0]))

static void put_space(struct writer *writer)
{
    static const char *const spaces[] = {" ", "\n", "\t", "\r\n", "  \n    "};

    if (below(8) == 0)
        put(writer, ONE_OF(spaces));
}

static void put_string(struct writer *writer)
{
    static const char *const pieces[] = {
        "a",
        "b",
        "lat",
        "status",
        "driver_id",
        " ",
        ",",
        "[",
        "}",
        ":",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\u20AC",
        "\\ud83d\\ude00",
        "\\u001f",
        "\303\251",
        "\342\202\254",
        "\360\237\230\200",
        "\x7F",
        "a text that is longer than sixteen bytes",
    };

    put(writer, "\"");
    for (unsigned i = below(below(6) == 0 ? 20 : 4); i; i--)
        put(writer, ONE_OF(pieces));
    put(writer, "\"");
}

static void put_scalar(struct writer *writer)
{
    static const char *const scalars[] = {
        "0",
        "-0",
        "7",
        "-12",
        "52.520008",
        "-13.4050",
        "1e3",
        "1E-7",
        "2e+2",
        "0.0",
        "1.5e300",
        "null",
        "true",
        "false",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1e1",
        "100000000000000",
    };

    if (below(2))
        put_string(writer);
    else
        put(writer, ONE_OF(scalars));
}

static void put_value(struct writer *writer, int depth);

static void put_container(struct writer *writer, int depth)
{
    bool object = below(2);

    put(writer, object ? "{" : "[");
    put_space(writer);
    for (unsigned left = below(7); left; left--) {
        if (object) {
            put_string(writer);
            put_space(writer);
            put(writer, ":");
        }
        put_value(writer, depth + 1);
        if (left > 1)
            put(writer, ",");
        put_space(writer);
    }
    put(writer, object ? "}" : "]");
}

static void put_value(struct writer *writer, int depth)
{
    put_space(writer);
    if (depth < DEEPEST && below(depth == 0 ? 10 : 3) != 1)
        put_container(writer, depth);
    else
        put_scalar(writer);
    put_space(writer);
}

/* Changes, adds, removes or doubles a few bytes. */
static void damage(struct writer *writer)
{
    static const char bytes[] =
        "{}[],:\"\\ue0123456789.+-Etrufalsn \n\t\x01\x1f\x80\xbf\xc3\xe2\xed\xf0\xff";

    for (unsigned i = 1 + below(3); i && writer->length > 1 && writer->length < ROOM - 1; i--) {
        size_t place = below((unsigned)writer->length);
        char *at = writer->bytes + place, byte = bytes[below(sizeof(bytes) - 1)];
        size_t behind = writer->length - place;

        switch (below(4)) {
        case 0:
            *at = byte;
            break;
        case 1:
            memmove(at + 1, at, behind);
            *at = byte;
            writer->length++;
            break;
        case 2:
            memmove(at, at + 1, behind - 1);
            writer->length--;
            break;
        default:
            writer->length -= below((unsigned)behind); /* cut off */
        }
    }
}

/* --- the two readers ----------------------------------------------------------------------------
 */

static bool same(const struct value *ours, const json_t *theirs);

static bool same_array(const struct value *ours, const json_t *theirs)
{
    const struct value *child = value_first(ours);

    if (!json_is_array(theirs) || ours->count != json_array_size(theirs))
        return false;
    for (uint32_t i = 0; i < ours->count; i++, child = value_next(child))
        if (!same(child, json_array_get(theirs, i)) || value_element(ours, i) != child)
            return false;
    return child == ours + ours->span;
}

static bool same_object(const struct value *ours, const json_t *theirs)
{
    const struct value *child = value_first(ours);
    size_t names = 0;

    if (!json_is_object(theirs))
        return false;
    for (uint32_t i = 0; i < ours->count; i++, child = value_next(child)) {
        struct slice name = value_name(child, &arena, NULL);
        char *text = arena_copy(&arena, name.data, name.length);

        if (value_member(ours, name) != child)
            continue; /* a later one has the same name */
        names++;
        if (!same(child, json_object_get(theirs, text)))
            return false;
    }
    return child == ours + ours->span && names == json_object_size(theirs);
}

static bool same_string(const struct value *ours, const json_t *theirs)
{
    struct slice string = value_text(ours, &arena, NULL);

    return json_is_string(theirs) &&
           slice_equal(string,
                       (struct slice){json_string_value(theirs), json_string_length(theirs)});
}

static bool same_number(const struct value *ours, const json_t *theirs)
{
    const char *text = arena_copy(&arena, ours->raw.data, ours->raw.length);

    if (json_is_integer(theirs))
        return !strpbrk(text, ".eE") && strtoll(text, NULL, 10) == json_integer_value(theirs);
    return json_is_real(theirs) && strpbrk(text, ".eE") &&
           !(strtod(text, NULL) < json_real_value(theirs)) &&
           !(strtod(text, NULL) > json_real_value(theirs));
}

static bool same(const struct value *ours, const json_t *theirs)
{
    switch (ours->type) {
    case VALUE_NULL:
        return json_is_null(theirs);
    case VALUE_FALSE:
        return json_is_false(theirs);
    case VALUE_TRUE:
        return json_is_true(theirs);
    case VALUE_NUMBER:
        return same_number(ours, theirs);
    case VALUE_STRING:
        return same_string(ours, theirs);
    case VALUE_ARRAY:
        return same_array(ours, theirs);
    default:
        return same_object(ours, theirs);
    }
}

/* Whether jansson refused what it refuses by design. */
static bool is_its_own_limit(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           strncmp(error->text, "invalid Unicode", 15) == 0;
}

/* Whether both readers say the same of the text; *good says what. */
static bool agree(const struct writer *writer, bool *good)
{
    json_error_t error;
    json_t *theirs =
        json_loadb(writer->bytes, writer->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    const struct value *ours =
        json_decode((struct slice){writer->bytes, writer->length}, &arena, NULL);
    bool agreed;

    *good = ours != NULL;
    if (ours && theirs)
        agreed = same(ours, theirs);
    else
        agreed = (!ours && !theirs) || (ours && is_its_own_limit(&error));
    json_decref(theirs);
    arena_reset(&arena);
    return agreed;
}

static void check(const struct writer *writer, unsigned seed, bool *good)
{
    if (!agree(writer, good)) {
        fprintf(stderr, "\ntext %u: ", seed);
        fwrite(writer->bytes, 1, writer->length, stderr);
        CU_FAIL("json.c and jansson do not agree");
    }
}

static void fresh_text(struct writer *writer, unsigned seed)
{
    state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    writer->length = 0;
    put_value(writer, 0);
}

static void jansson_sees_the_same_values(void)
{
    static struct writer writer;

    for (unsigned seed = 0; seed < TEXTS; seed++) {
        bool good;

        fresh_text(&writer, seed);
        if (writer.length > ROOM / 2)
            continue; /* may have been cut */
        check(&writer, seed, &good);
        CU_ASSERT_TRUE(good);
    }
}

static void jansson_agrees_on_what_a_damaged_text_is(void)
{
    static struct writer writer;
    unsigned refused = 0, accepted = 0;

    for (unsigned seed = 0; seed < TEXTS; seed++) {
        fresh_text(&writer, seed);
        for (int i = 0; i < DAMAGES; i++) {
            bool good;

            damage(&writer);
            check(&writer, seed, &good);
            accepted += good;
            refused += !good;
        }
    }
    CU_ASSERT(accepted > TEXTS / 10 && refused > TEXTS); /* both kinds were tried */
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(jansson_sees_the_same_values),
        TEST(jansson_agrees_on_what_a_damaged_text_is),
    };
    int status = SUITE("json oracle", tests);

    arena_free(&arena);
    return status;
}
