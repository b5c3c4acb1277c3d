/* value.c: questions about the tree: strings without escapes, members, elements. */
#include "record/value.h"

enum { UTF8_MAX = 4, ESCAPE_BYTES = 6 /* "\u0041" */, INTEGER_BYTES = 24 };

static uint32_t hex4(const char *at)
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++)
        number = number << 4 | (uint32_t)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    return number;
}

static size_t utf8(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* The character of "\uXXXX" at *at, which moves behind it. Half a surrogate pair has no UTF-8: it
 * becomes U+FFFD, the replacement character. */
static uint32_t unicode_escape(const char **at, const char *end)
{
    uint32_t point = hex4(*at + 2), low;

    *at += ESCAPE_BYTES;
    if (point < 0xD800 || point > 0xDFFF)
        return point;
    if (point > 0xDBFF || end - *at < ESCAPE_BYTES || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0xFFFD;
    low = hex4(*at + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0xFFFD;
    *at += ESCAPE_BYTES;
    return 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
}

/* Moves *at, which is at a backslash, behind the escape; the bytes it stands for. */
static size_t unescape(const char **at, const char *end, char out[UTF8_MAX])
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    char letter = (*at)[1];

    if (letter == 'u')
        return utf8(unicode_escape(at, end), out);
    const char *found = strchr(letters, letter);
    out[0] = found ? meant[found - letters] : letter;
    *at += 2;
    return 1;
}

static struct slice unescaped(struct slice text, struct arena *arena, struct err *err)
{
    const char *at = text.data, *end = at + text.length;
    char *out = arena_take(arena, text.length, err), *next = out;

    if (!out)
        return (struct slice){0};
    while (at < end) {
        if (*at == '\\')
            next += unescape(&at, end, next); /* an escape is never shorter than what it means */
        else
            *next++ = *at++;
    }
    arena_shrink(arena, out, text.length, (size_t)(next - out));
    return (struct slice){out, (size_t)(next - out)};
}

struct slice value_text_made(const struct value *value, struct arena *arena, struct err *err)
{
    if (value->escaped)
        return unescaped(value->raw, arena, err);
    return value_json(value, arena, err);
}

struct slice value_name(const struct value *value, struct arena *arena, struct err *err)
{
    struct slice name = {value->name, value->name_length};

    return value->name_escaped ? unescaped(name, arena, err) : name;
}

struct value value_integer(int64_t number, struct arena *arena)
{
    char *end = (char *)arena_alloc(arena, INTEGER_BYTES) + INTEGER_BYTES, *at = end;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    return value_of(VALUE_NUMBER, (struct slice){at, (size_t)(end - at)});
}

/* A string as it is read: what one step of it means. */
struct string_reader {
    const char *at, *end;
    bool escaped;
    char meant[UTF8_MAX]; /* of the last escape: */
    size_t next, count;   /* bytes of it that were given, and all of them */
};

static struct string_reader read_string(const struct value *value)
{
    return (struct string_reader){.at = value->raw.data,
                                  .end = value->raw.data + value->raw.length,
                                  .escaped = value->escaped};
}

/* The next byte; -1 at the end. */
static int next_byte(struct string_reader *reader)
{
    if (reader->next < reader->count)
        return (unsigned char)reader->meant[reader->next++];
    if (reader->at == reader->end)
        return -1;
    if (!reader->escaped || *reader->at != '\\')
        return (unsigned char)*reader->at++;
    reader->count = unescape(&reader->at, reader->end, reader->meant);
    reader->next = 1;
    return (unsigned char)reader->meant[0];
}

static int compare_bytes(struct slice a, struct slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_read(struct string_reader left, struct string_reader right)
{
    int x, y;

    do {
        x = next_byte(&left);
        y = next_byte(&right);
    } while (x == y && x >= 0);
    return (x > y) - (x < y);
}

int value_compare_strings(const struct value *a, const struct value *b)
{
    if (!a->escaped && !b->escaped)
        return compare_bytes(a->raw, b->raw);
    return compare_read(read_string(a), read_string(b));
}

size_t value_characters(const struct value *value)
{
    struct string_reader reader = read_string(value);
    size_t count = 0;

    for (int byte = next_byte(&reader); byte >= 0; byte = next_byte(&reader))
        count += (byte & 0xC0) != 0x80;
    return count;
}

/* Whether the escaped name of @p member means @p name. */
static bool escaped_name_is(const struct value *member, struct slice name)
{
    const char *at = member->name, *end = at + member->name_length;

    while (at < end) {
        char bytes[UTF8_MAX];
        size_t count = 1;

        if (*at == '\\')
            count = unescape(&at, end, bytes);
        else
            bytes[0] = *at++;
        if (count > name.length || memcmp(bytes, name.data, count) != 0)
            return false;
        name.data += count;
        name.length -= count;
    }
    return name.length == 0;
}

/* memcmp() for names, which are short: a call would cost more than the comparison. */
static inline bool same_bytes(const char *a, const char *b, size_t length)
{
    uint64_t x, y;
    uint32_t v, w;

    for (; length >= sizeof(x); a += sizeof(x), b += sizeof(x), length -= sizeof(x)) {
        memcpy(&x, a, sizeof(x));
        memcpy(&y, b, sizeof(y));
        if (x != y)
            return false;
    }
    if (length >= sizeof(v)) {
        memcpy(&v, a, sizeof(v));
        memcpy(&w, b, sizeof(w));
        if (v != w)
            return false;
        a += sizeof(v), b += sizeof(v), length -= sizeof(v);
    }
    while (length && *a == *b)
        a++, b++, length--;
    return length == 0;
}

/* value_member() of an object that has an escaped name. */
static const struct value *escaped_member(const struct value *value, struct slice name)
{
    const struct value *found = NULL, *child = value_first(value);

    for (uint32_t left = value->count; left; left--, child = value_next(child)) {
        struct slice own = {child->name, child->name_length};

        if (child->name_escaped ? escaped_name_is(child, name) : slice_equal(own, name))
            found = child;
    }
    return found;
}

const struct value *value_member(const struct value *value, struct slice name)
{
    const struct value *found = NULL, *child = value_first(value);

    if (value->type != VALUE_OBJECT)
        return NULL;
    if (value->member_escaped)
        return escaped_member(value, name);
    for (const struct value *end = value + value->span; child < end; child = value_next(child))
        if (child->name_length == name.length && same_bytes(child->name, name.data, name.length))
            found = child;
    return found;
}

const struct value *value_element(const struct value *value, size_t index)
{
    const struct value *child = value_first(value);

    if (value->type != VALUE_ARRAY || index >= value->count)
        return NULL;
    while (index--)
        child = value_next(child);
    return child;
}
