/*
 * json.c: JSON by RFC 8259, strictly, in one pass and one allocation.
 *
 * Every value but the outermost stands behind a comma or an opening bracket of its own, so their
 * number bounds that of the nodes; the array is taken once, filled in the order of the text, and
 * what is too much goes back to the arena. There is no recursion and no stack (build.h).
 *
 * Strings are checked here (UTF-8, escapes) and unescaped by value.c when somebody asks for them.
 * Out of scope: what numbers mean; they keep their text.
 */
#include "codec/json.h"

#include "codec/scan.h"
#include "record/build.h"

#include <assert.h>

/* What is wrong with the text, and at which byte. */
struct problem {
    const char *at, *what;
};

/* Its steps are inlined into read_text() and what is not inlined never gets its address, so that it
 * lives in registers: a third of the time. */
struct reader {
    const char *at, *end;
    struct build build;
    struct problem *problem;
    struct scan scan;
};

/* Always NULL, so that a failing step can end with it. */
static __attribute__((noinline, cold)) const char *wrong_at(struct problem *problem, const char *at,
                                                            const char *what)
{
    *problem = (struct problem){at, what};
    return NULL;
}

static inline __attribute__((always_inline)) bool wrong(const struct reader *reader,
                                                        const char *what)
{
    return wrong_at(reader->problem, reader->at, what) != NULL;
}

static __attribute__((noinline)) const char *pass_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Passes white space; the byte behind it, NUL at the end: none that JSON has a use for. */
static inline char skip_space(struct reader *reader)
{
    if (__builtin_expect(reader->at < reader->end && (unsigned char)*reader->at > ' ', true))
        return *reader->at;
    reader->at = pass_space(reader->at, reader->end);
    return reader->at < reader->end ? *reader->at : '\0';
}

/* --- strings --------------------------------------------------------------------------------- */

/* What comes behind the first byte of a sequence: how many bytes, and the range of the first. */
struct utf8_row {
    unsigned char from, to; /* first bytes */
    unsigned char more;
    unsigned char low, high; /* overlong forms, surrogates and what is above U+10FFFF stay out */
};

/* RFC 3629, section 4. */
static const struct utf8_row utf8_rows[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const struct utf8_row *utf8_row(unsigned char first)
{
    for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++)
        if (first >= utf8_rows[i].from && first <= utf8_rows[i].to)
            return &utf8_rows[i];
    return NULL;
}

/* Passes one character beyond ASCII. */
static const char *pass_utf8(const char *at, const char *end, struct problem *problem)
{
    const unsigned char *bytes = (const unsigned char *)at;
    const struct utf8_row *row = utf8_row(bytes[0]);

    if (!row || end - at <= row->more || bytes[1] < row->low || bytes[1] > row->high)
        return wrong_at(problem, at, "not UTF-8");
    for (int i = 2; i <= row->more; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return wrong_at(problem, at, "not UTF-8");
    return at + 1 + row->more;
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Passes one escape; whether surrogates come in pairs is left to value_text(). */
static const char *pass_escape(const char *at, const char *end, struct problem *problem)
{
    at++;
    if (at == end)
        return wrong_at(problem, at, "expected an escape");
    if (*at != 'u') {
        if (*at == '\0' || !strchr("\"\\/bfnrt", *at))
            return wrong_at(problem, at, "no such escape");
        return at + 1;
    }
    for (int i = 0; i < 4; i++) {
        at++;
        if (at == end || !is_hex(*at))
            return wrong_at(problem, at, "expected four hexadecimal digits");
    }
    return at + 1;
}

struct string_end {
    const char *at; /* the closing quote; NULL: something is wrong */
    bool escaped;
};

/* From the first byte of a string that is not plain to its closing quote. */
static __attribute__((noinline)) struct string_end pass_odd(const char *at, struct scan scan,
                                                            struct problem *problem)
{
    const char *end = scan.end;
    bool escaped = false;

    while (at && (at == end || *at != '"')) {
        if (at == end) {
            at = wrong_at(problem, at, "expected the closing quote of a string");
        } else if (*at == '\\') {
            escaped = true;
            at = pass_escape(at, end, problem);
        } else if (*at & 0x80) {
            at = pass_utf8(at, end, problem);
        } else if (scan_is_plain(*at)) {
            at = scan_plain(&scan, at);
        } else {
            at = wrong_at(problem, at, "a control character in a string");
        }
    }
    return (struct string_end){at, escaped};
}

/* From the opening quote to behind the closing one. */
static inline bool read_string(struct reader *reader, struct slice *text, bool *escaped)
{
    const char *first = reader->at + 1, *last = scan_plain(&reader->scan, first);

    *escaped = false;
    if (__builtin_expect(last == reader->end || *last != '"', false)) {
        struct string_end odd = pass_odd(last, reader->scan, reader->problem);
        if (!odd.at)
            return false;
        last = odd.at;
        *escaped = odd.escaped;
    }
    *text = (struct slice){first, (size_t)(last - first)};
    reader->at = last + 1;
    return true;
}

/* --- numbers and literals -------------------------------------------------------------------- */

static inline bool is_digit(const char *at, const char *end)
{
    return at < end && (unsigned char)(*at - '0') < 10;
}

/* NULL if there is none. */
static inline const char *pass_digits(const char *at, const char *end, struct problem *problem)
{
    if (!is_digit(at, end))
        return wrong_at(problem, at, "expected a digit");
    do
        at++;
    while (is_digit(at, end));
    return at;
}

static const char *pass_exponent(const char *at, const char *end, struct problem *problem)
{
    at++;
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    return pass_digits(at, end, problem);
}

static inline const char *pass_number(const char *at, const char *end, struct problem *problem)
{
    if (at < end && *at == '-')
        at++;
    else if (!is_digit(at, end))
        return wrong_at(problem, at, "expected a value");
    if (at < end && *at == '0')
        at++;
    else if (!(at = pass_digits(at, end, problem)))
        return NULL;
    if (at < end && *at == '.' && !(at = pass_digits(at + 1, end, problem)))
        return NULL;
    if (at < end && (*at | 0x20) == 'e')
        return pass_exponent(at, end, problem);
    return at;
}

static const char *pass_word(const char *at, const char *end, struct slice word,
                             struct problem *problem)
{
    if ((size_t)(end - at) < word.length || memcmp(at, word.data, word.length) != 0)
        return wrong_at(problem, at, "expected a value");
    return at + word.length;
}

/* A number or a literal; its type goes to *type. */
static __attribute__((noinline)) const char *pass_plain(const char *at, const char *end,
                                                        uint8_t *type, struct problem *problem)
{
    switch (at < end ? *at : '\0') {
    case 't':
        *type = VALUE_TRUE;
        return pass_word(at, end, SLICE("true"), problem);
    case 'f':
        *type = VALUE_FALSE;
        return pass_word(at, end, SLICE("false"), problem);
    case 'n':
        *type = VALUE_NULL;
        return pass_word(at, end, SLICE("null"), problem);
    default:
        *type = VALUE_NUMBER;
        return pass_number(at, end, problem);
    }
}

static inline bool read_plain(struct reader *reader)
{
    uint8_t type;
    const char *first = reader->at, *end = pass_plain(first, reader->end, &type, reader->problem);

    if (!end)
        return false;
    build_scalar(&reader->build, type, (struct slice){first, (size_t)(end - first)});
    reader->at = end;
    return true;
}

/* --- containers ------------------------------------------------------------------------------ */

static inline bool open_container(struct reader *reader, uint8_t type)
{
    if (reader->build.depth == BUILD_DEPTH)
        return wrong(reader, "more than 128 containers within each other");
    build_open(&reader->build, type, reader->at++);
    return true;
}

/* The value at reader->at; of a container only its opening bracket. */
static inline bool read_value(struct reader *reader)
{
    char byte = skip_space(reader);
    struct slice text;
    bool escaped;

    if (byte == '"') {
        if (!read_string(reader, &text, &escaped))
            return false;
        build_string(&reader->build, text, escaped);
        return true;
    }
    if (byte == '{')
        return open_container(reader, VALUE_OBJECT);
    if (byte == '[')
        return open_container(reader, VALUE_ARRAY);
    return read_plain(reader);
}

static inline bool read_name(struct reader *reader)
{
    struct slice name;
    bool escaped;

    if (skip_space(reader) != '"')
        return wrong(reader, "expected a member's name");
    if (!read_string(reader, &name, &escaped))
        return false;
    build_name(&reader->build, name, escaped);
    if (skip_space(reader) != ':')
        return wrong(reader, "expected ':' after a member's name");
    reader->at++;
    return true;
}

/* From behind a value, or behind an opening bracket, to the first byte of the next value; closes
 * what ends on the way. False: all is closed, or something is wrong. */
static inline bool next_value(struct reader *reader)
{
    while (reader->build.depth) {
        bool object = reader->build.container->type == VALUE_OBJECT;
        bool first = build_is_empty(&reader->build);
        char byte = skip_space(reader);

        if (byte == ',' && !first) {
            reader->at++;
        } else if (byte == (object ? '}' : ']')) {
            build_close(&reader->build, ++reader->at);
            continue;
        } else if (!first) {
            return wrong(reader, object ? "expected ',' or '}'" : "expected ',' or ']'");
        }
        build_child(&reader->build);
        return !object || read_name(reader);
    }
    return false;
}

/* Fills the nodes from the first one on; the last one. Where something is wrong, *problem says. */
static __attribute__((noinline)) struct value *read_text(struct slice bytes, struct value *nodes,
                                                         struct problem *problem)
{
    const char *end = bytes.data + bytes.length;
    struct reader reader = {bytes.data, end, build_at(nodes), problem, scan_new(bytes.data, end)};

    if (bytes.length >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0)
        wrong(&reader, "a byte order mark");
    while (!problem->what && read_value(&reader) && next_value(&reader))
        ;
    skip_space(&reader);
    if (!problem->what && reader.at < end)
        wrong(&reader, "expected the end of the text");
    return reader.build.newest;
}

/* Commas and opening brackets outside of strings. */
static size_t count_openers(struct slice bytes)
{
    bool inside = false;
    size_t count = 0;

    for (size_t i = 0; i < bytes.length; i++) {
        char byte = bytes.data[i];
        if (byte == '"')
            inside = !inside;
        else if (inside)
            i += byte == '\\';
        else
            count += byte == ',' || byte == '{' || byte == '[';
    }
    return count;
}

/* The bound of a large text, without what is in strings if that would break the limit. */
static __attribute__((noinline)) size_t exact_room(struct slice bytes, const struct arena *arena)
{
    size_t nodes = 1 + scan_openers(bytes.data, bytes.data + bytes.length);

    if (!arena_may_take(arena, nodes * sizeof(struct value)))
        nodes = 1 + count_openers(bytes);
    return nodes * sizeof(struct value);
}

/* Bytes that the nodes of @p bytes take at most: a guess that costs nothing if the arena has as
 * much at hand, else the exact bound. */
static inline size_t room_for(struct slice bytes, const struct arena *arena)
{
    size_t guess = (1 + bytes.length) * sizeof(struct value);

    if (guess <= (size_t)(arena->end - arena->next))
        return guess;
    return exact_room(bytes, arena);
}

/* Whether a schema registry's frame, a zero and the schema's number, is in front: no JSON begins
 * so. The error then calls it by its name. */
static bool json_is_framed(struct slice bytes, struct err *err)
{
    const unsigned char *at = (const unsigned char *)bytes.data;

    if (bytes.length < 5 || at[0])
        return false;
    uint32_t schema = (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4];
    err_set(err, ERR_RECORD,
            "json: the value begins with the frame of a schema registry (schema %u): it is Avro, "
            "Protobuf or JSON behind five bytes, which penstock does not read",
            schema);
    return true;
}

const struct value *json_decode(struct slice bytes, struct arena *arena, struct err *err)
{
    struct problem problem = {0};

    if (bytes.length > UINT32_MAX) {
        err_set(err, ERR_RECORD, "json: longer than 4 GiB");
        return NULL;
    }
    size_t room = room_for(bytes, arena);
    if (!arena_may_take(arena, room)) {
        err_set(err, ERR_RECORD, "json: more than %zu values: their tree would not fit in memory",
                (arena->limit - arena->taken) / sizeof(struct value));
        return NULL;
    }
    struct value *nodes = arena_alloc(arena, room), *last = read_text(bytes, nodes, &problem);
    size_t used = (size_t)((char *)(last + 1) - (char *)nodes);

    assert(used <= room);
    arena_shrink(arena, nodes, room, problem.what ? 0 : used);
    if (!problem.what)
        return nodes;
    if (!json_is_framed(bytes, err))
        err_set(err, ERR_RECORD, "json: byte %zu: %s%s", (size_t)(problem.at - bytes.data) + 1,
                problem.what,
                problem.at == bytes.data + bytes.length ? ", not the end of the text" : "");
    return NULL;
}

const struct value *json_codec_decode(void *state, struct slice bytes, struct arena *arena,
                                      struct err *err)
{
    (void)state;
    return json_decode(bytes, arena, err);
}
