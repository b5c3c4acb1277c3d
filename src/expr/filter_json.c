/* filter_json.c: a value as JSON text. */
#include "expr/filter.h"

enum { ESCAPE_BYTES = 6 /* "\u0000" */ };

/* Bytes of the UTF-8 character at @p at; 0 where there is none: cut off, overlong, a surrogate or
 * beyond U+10FFFF. */
static size_t character_length(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, and of the second */
        size_t length;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    if (*at < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (*at < rows[i].first || *at > rows[i].last)
            continue;
        if (left < rows[i].length || at[1] < rows[i].low || at[1] > rows[i].high)
            return 0;
        for (size_t j = 2; j < rows[i].length; j++)
            if ((at[j] & 0xC0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

static bool is_utf8(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.data;

    for (size_t left = text.length; left;) {
        size_t length = character_length(at, left);
        if (!length)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

static char *write_escaped(char *out, char byte)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt",
                      hex[] = "0123456789abcdef";
    const char *letter = byte ? strchr(letters, byte) : NULL;

    *out++ = '\\';
    if (letter) {
        *out++ = names[letter - letters];
        return out;
    }
    memcpy(out, "u00", 3);
    out[3] = hex[byte >> 4];
    out[4] = hex[byte & 15];
    return out + 5;
}

/* @p text in quotes, with escapes where they are needed; @p escaped: it has them already. */
static struct slice quoted(struct slice text, bool escaped, struct arena *arena)
{
    size_t room = 2;
    char *json, *out;

    for (size_t i = 0; i < text.length; i++)
        room += (unsigned char)text.data[i] < ' ' ? ESCAPE_BYTES : 2;
    out = json = arena_alloc(arena, room);
    *out++ = '"';
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (!escaped && ((unsigned char)byte < ' ' || byte == '"' || byte == '\\'))
            out = write_escaped(out, byte);
        else
            *out++ = byte;
    }
    *out++ = '"';
    arena_shrink(arena, json, room, (size_t)(out - json));
    return (struct slice){json, (size_t)(out - json)};
}

bool filter_json(const struct filter_call *call, struct scope *scope, const struct value **value,
                 struct value *out, struct err *err)
{
    struct slice text;

    (void)call;
    if (!*value)
        return true;
    text = (*value)->text;
    if ((*value)->type == VALUE_STRING) {
        if (!is_utf8(text))
            return err_set(err, ERR_RECORD, "not UTF-8, so not a JSON string");
        text = quoted(text, (*value)->escaped, scope->arena);
    }
    *value = filter_result(out, VALUE_STRING, text);
    return true;
}
