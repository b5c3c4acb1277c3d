/*
 * json.c: JSON by RFC 8259, strictly, in one pass and one allocation.
 *
 * Every value but the outermost stands behind a comma or an opening bracket of its own, so their
 * number bounds that of the nodes; the array is taken once, filled in the order of the text, and
 * what is too much goes back to the arena. There is no recursion and no stack: while a container is
 * open, its span holds the way back to the container around it.
 *
 *      {"a":[1,[        nodes:  {   a:[   1   [          span of an open one: how many nodes back
 *                               0    1    1   2
 *
 * Strings are checked here (UTF-8, escapes) and unescaped by value.c where somebody asks for them.
 * Out of scope: what numbers mean; they keep their text.
 */
#include "codec/json.h"

#include "codec/scan.h"

#include <assert.h>

struct reader {
    const char *at, *end;
    struct value *next;      /* the first free node */
    struct value *container; /* the innermost open one */
    int depth;               /* containers open */
    const char *wrong;       /* what is wrong at @at; NULL: nothing */
};

static inline bool wrong(struct reader *reader, const char *what)
{
    reader->wrong = what;
    return false;
}

static inline bool sees(const struct reader *reader, char byte)
{
    return reader->at < reader->end && *reader->at == byte;
}

static inline void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && (unsigned char)*reader->at <= ' ') {
        if (!sees(reader, ' ') && !sees(reader, '\n') && !sees(reader, '\r') && !sees(reader, '\t'))
            return;
        reader->at++;
    }
}

/* --- strings ------------------------------------------------------------------------------------
 */

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
static bool read_utf8(struct reader *reader)
{
    const unsigned char *bytes = (const unsigned char *)reader->at;
    const struct utf8_row *row = utf8_row(bytes[0]);

    if (!row || reader->end - reader->at <= row->more || bytes[1] < row->low ||
        bytes[1] > row->high)
        return wrong(reader, "no UTF-8");
    for (int i = 2; i <= row->more; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return wrong(reader, "no UTF-8");
    reader->at += 1 + row->more;
    return true;
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Passes one escape; whether surrogates come in pairs is left to value_string(). */
static bool read_escape(struct reader *reader)
{
    const char *at = ++reader->at;

    if (at == reader->end)
        return wrong(reader, "expected an escape");
    if (*at != 'u') {
        if (*at == '\0' || !strchr("\"\\/bfnrt", *at))
            return wrong(reader, "no such escape");
        reader->at++;
        return true;
    }
    for (int i = 0; i < 4; i++) {
        reader->at++;
        if (reader->at == reader->end || !is_hex(*reader->at))
            return wrong(reader, "expected four hexadecimal digits");
    }
    reader->at++;
    return true;
}

/* From the first byte of a string that is not plain to its closing quote. */
static bool read_odd_string(struct reader *reader, bool *escaped)
{
    while (!sees(reader, '"')) {
        if (reader->at == reader->end)
            return wrong(reader, "expected the closing quote of a string");
        if (*reader->at == '\\') {
            *escaped = true;
            if (!read_escape(reader))
                return false;
        } else if (*reader->at & 0x80) {
            if (!read_utf8(reader))
                return false;
        } else if (!scan_is_plain(*reader->at)) {
            return wrong(reader, "a control character in a string");
        }
        reader->at = scan_plain(reader->at, reader->end);
    }
    return true;
}

/* From the opening quote to behind the closing one. */
static inline bool read_string(struct reader *reader, struct slice *text, bool *escaped)
{
    const char *first = ++reader->at;

    *escaped = false;
    reader->at = scan_plain(first, reader->end);
    if (!sees(reader, '"') && !read_odd_string(reader, escaped))
        return false;
    *text = (struct slice){first, (size_t)(reader->at - first)};
    reader->at++;
    return true;
}

/* --- numbers and literals -----------------------------------------------------------------------
 */

static inline bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') < 10;
}

static inline bool read_digits(struct reader *reader)
{
    const char *first = reader->at;

    while (reader->at < reader->end && is_digit(*reader->at))
        reader->at++;
    return reader->at > first || wrong(reader, "expected a digit");
}

static inline bool read_exponent(struct reader *reader)
{
    reader->at++;
    if (sees(reader, '+') || sees(reader, '-'))
        reader->at++;
    return read_digits(reader);
}

static inline bool read_number(struct reader *reader, struct value *node)
{
    const char *first = reader->at;

    if (!is_digit(*first) && *first != '-')
        return wrong(reader, "expected a value");
    node->type = VALUE_NUMBER;
    if (*first == '-')
        reader->at++;
    if (sees(reader, '0'))
        reader->at++;
    else if (!read_digits(reader))
        return false;
    if (sees(reader, '.')) {
        reader->at++;
        if (!read_digits(reader))
            return false;
    }
    if ((sees(reader, 'e') || sees(reader, 'E')) && !read_exponent(reader))
        return false;
    node->text = (struct slice){first, (size_t)(reader->at - first)};
    return true;
}

static inline bool read_literal(struct reader *reader, struct value *node, uint8_t type,
                                struct slice word)
{
    if ((size_t)(reader->end - reader->at) < word.length ||
        memcmp(reader->at, word.data, word.length) != 0)
        return wrong(reader, "expected a value");
    node->type = type;
    node->text = (struct slice){reader->at, word.length};
    reader->at += word.length;
    return true;
}

/* --- containers ---------------------------------------------------------------------------------
 */

static inline bool open_container(struct reader *reader, struct value *node, uint8_t type)
{
    if (reader->depth == JSON_DEPTH)
        return wrong(reader, "more than 128 containers within each other");
    reader->depth++;
    node->type = type;
    node->text.data = reader->at++;
    node->span = (uint32_t)(node - reader->container);
    reader->container = node;
    return true;
}

static inline void close_container(struct reader *reader)
{
    struct value *closed = reader->container;

    reader->at++;
    reader->depth--;
    reader->container = closed - closed->span;
    closed->span = (uint32_t)(reader->next - closed);
    closed->text.length = (size_t)(reader->at - closed->text.data);
}

/* The value at reader->at; of a container only its opening bracket. */
static inline bool read_value(struct reader *reader, struct value *node)
{
    if (reader->at == reader->end)
        return wrong(reader, "expected a value");
    switch (*reader->at) {
    case '"':
        node->type = VALUE_STRING;
        return read_string(reader, &node->text, &node->escaped);
    case '{':
        return open_container(reader, node, VALUE_OBJECT);
    case '[':
        return open_container(reader, node, VALUE_ARRAY);
    case 't':
        return read_literal(reader, node, VALUE_TRUE, SLICE("true"));
    case 'f':
        return read_literal(reader, node, VALUE_FALSE, SLICE("false"));
    case 'n':
        return read_literal(reader, node, VALUE_NULL, SLICE("null"));
    default:
        return read_number(reader, node);
    }
}

static inline bool read_name(struct reader *reader, struct value *node)
{
    struct slice name;

    if (!sees(reader, '"'))
        return wrong(reader, "expected a member's name");
    if (!read_string(reader, &name, &node->name_escaped))
        return false;
    node->name = name.data;
    node->name_length = (uint32_t)name.length;
    skip_space(reader);
    if (!sees(reader, ':'))
        return wrong(reader, "expected ':' after a member's name");
    reader->at++;
    skip_space(reader);
    return true;
}

static inline struct value *add_node(struct reader *reader)
{
    struct value *node = reader->next++;

    *node = (struct value){.span = 1};
    return node;
}

/* From the place where a child has to stand to the first byte of its value. */
static inline struct value *begin_child(struct reader *reader)
{
    struct value *node = add_node(reader);

    reader->container->count++;
    if (reader->container->type == VALUE_OBJECT && !read_name(reader, node))
        return NULL;
    return node;
}

/* From the end of a value, or behind the bracket that @p opened a container, to the next value,
 * closing what ends on the way. NULL: all is closed, or something is wrong. */
static inline struct value *next_value(struct reader *reader, bool opened)
{
    for (; reader->depth; opened = false) {
        bool object = reader->container->type == VALUE_OBJECT;

        skip_space(reader);
        if (sees(reader, object ? '}' : ']')) {
            close_container(reader);
            continue;
        }
        if (!opened && !sees(reader, ',')) {
            wrong(reader, object ? "expected ',' or '}'" : "expected ',' or ']'");
            return NULL;
        }
        if (!opened) {
            reader->at++;
            skip_space(reader);
        }
        return begin_child(reader);
    }
    return NULL;
}

static bool read_text(struct reader *reader)
{
    struct value *node = add_node(reader);

    skip_space(reader);
    if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0)
        return wrong(reader, "a byte order mark");
    while (node && read_value(reader, node))
        node = next_value(reader, node->type >= VALUE_ARRAY);
    if (reader->wrong)
        return false;
    skip_space(reader);
    return reader->at == reader->end || wrong(reader, "expected the end of the text");
}

/* Bytes that the nodes of @p bytes take at most: a guess that costs nothing where the arena has as
 * much at hand, else the exact bound. */
static inline size_t room_for(struct slice bytes, const struct arena *arena)
{
    size_t guess = (1 + bytes.length) * sizeof(struct value);

    if (guess <= (size_t)(arena->end - arena->next))
        return guess;
    return (1 + scan_openers(bytes.data, bytes.data + bytes.length)) * sizeof(struct value);
}

const struct value *json_decode(struct slice bytes, struct arena *arena, struct err *err)
{
    const char *end = bytes.data + bytes.length;

    if (bytes.length > UINT32_MAX) {
        err_set(err, ERR_RECORD, "json: longer than 4 GiB");
        return NULL;
    }
    size_t room = room_for(bytes, arena);
    struct value *nodes = arena_alloc(arena, room);
    struct reader reader = {bytes.data, end, nodes, nodes, 0, NULL};
    bool good = read_text(&reader);

    assert((size_t)((char *)reader.next - (char *)nodes) <= room);
    arena_shrink(arena, nodes, room, good ? (size_t)((char *)reader.next - (char *)nodes) : 0);
    if (good)
        return nodes;
    err_set(err, ERR_RECORD, "json: byte %zu: %s%s", (size_t)(reader.at - bytes.data) + 1,
            reader.wrong, reader.at == end ? ", not the end of the text" : "");
    return NULL;
}
