/* literal.c: numbers and strings as a condition writes them, by CEL's rules. */
#include "expr/literal.h"

#include "base/mem.h"
#include "expr/decimal.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

bool literal_is_number(const struct cursor *cursor)
{
    const char *at = cursor->at + cursor_sees(cursor, '-');

    return at < cursor->end && isdigit((unsigned char)*at);
}

bool literal_is_string(const struct cursor *cursor)
{
    return cursor_sees(cursor, '\'') || cursor_sees(cursor, '"') ||
           cursor_sees_text(cursor, "r'") || cursor_sees_text(cursor, "r\"");
}

bool literal_number(struct cursor *cursor, struct slice *text)
{
    const char *first = cursor->at++;

    while (cursor->at < cursor->end &&
           (isalnum((unsigned char)*cursor->at) || *cursor->at == '.' ||
            ((*cursor->at == '-' || *cursor->at == '+') && (cursor->at[-1] | 0x20) == 'e')))
        cursor->at++;
    *text = (struct slice){first, (size_t)(cursor->at - first)};
    return decimal_is(*text) ||
           cursor_error(cursor, first, "'%.*s' is not a number", SLICE_ARGS(*text));
}

static char *write_utf8(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    if (point < 0x800) {
        *out++ = (char)(0xC0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *out++ = (char)(0xE0 | point >> 12);
        } else {
            *out++ = (char)(0xF0 | point >> 18);
            *out++ = (char)(0x80 | (point >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (point >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (point & 0x3F));
    return out;
}

/* An escape that names a character by its number. */
struct numbered {
    char letter;
    size_t digits;
    uint32_t base;
};

static bool read_number(const char *at, const char *end, const struct numbered *kind,
                        uint32_t *point)
{
    *point = 0;
    if ((size_t)(end - at) < kind->digits)
        return false;
    for (size_t i = 0; i < kind->digits; i++) {
        int digit = isdigit((unsigned char)at[i]) ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10;
        if (!isxdigit((unsigned char)at[i]) || (uint32_t)digit >= kind->base)
            return false;
        *point = *point * kind->base + (uint32_t)digit;
    }
    return *point <= 0x10FFFF && (*point < 0xD800 || *point > 0xDFFF);
}

/* The escape at *at, a backslash, written to *out; both move on. */
static bool read_escape(const struct cursor *cursor, const char **at, const char *end, char **out)
{
    static const char names[] = "\\?\"'`abfnrtv", meant[] = "\\?\"'`\a\b\f\n\r\t\v";
    static const struct numbered kinds[] = {
        {'x', 2, 16},
        {'X', 2, 16},
        {'u', 4, 16},
        {'U', 8, 16},
    };
    static const struct numbered octal = {0, 3, 8};
    char letter = (*at)[1]; /* cursor_quoted() saw to it that there is one */
    const char *name = letter ? strchr(names, letter) : NULL, *digits = *at + 2;
    const struct numbered *kind = NULL;
    uint32_t point;

    if (name) {
        *(*out)++ = meant[name - names];
        *at += 2;
        return true;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].letter == letter)
            kind = &kinds[i];
    if (letter >= '0' && letter <= '7') {
        kind = &octal;
        digits--;
    }
    if (!kind || !read_number(digits, end, kind, &point))
        return cursor_error(cursor, *at, "CEL has no such escape; a backslash is written twice");
    *out = write_utf8(*out, point);
    *at = digits + kind->digits;
    return true;
}

/* Raw text: up to the next quote of its kind. */
static bool read_raw(struct cursor *cursor, struct slice *text)
{
    const char *opening = ++cursor->at, *closing;

    closing = memchr(opening + 1, *opening, (size_t)(cursor->end - opening - 1));
    if (!closing)
        return cursor_error(cursor, opening, "this quote is never closed");
    text->length = (size_t)(closing - opening) - 1;
    text->data = mem_copy(opening + 1, text->length);
    cursor->at = closing + 1;
    return true;
}

bool literal_string(struct cursor *cursor, struct slice *text)
{
    struct slice raw;
    const char *at, *end;
    char *made, *out;

    if (cursor_sees(cursor, 'r'))
        return read_raw(cursor, text);
    if (!cursor_quoted(cursor, &raw))
        return false;
    at = raw.data;
    end = at + raw.length;
    made = out = mem_alloc(raw.length + 1); /* no escape is shorter than what it means */
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
        } else if (!read_escape(cursor, &at, end, &out)) {
            free(made);
            return false;
        }
    }
    *text = (struct slice){made, (size_t)(out - made)};
    return true;
}
