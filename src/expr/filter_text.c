/* filter_text.c: filters that look at a value's text: default, json, raw, upper, lower, trim,
 * substr. */
#include "expr/filter.h"

static bool is_nothing(const struct value *value)
{
    return !value || value->type == VALUE_NULL;
}

bool filter_default(const struct filter_call *call, struct scope *scope, const struct value **value,
                    struct value *out, struct err *err)
{
    const struct filter_argument *stand_in = &call->arguments[0];

    (void)scope, (void)err;
    if (is_nothing(*value))
        *value = filter_result(out, stand_in->quoted ? VALUE_STRING : VALUE_NUMBER, stand_in->text);
    return true;
}

bool filter_raw(const struct filter_call *call, struct scope *scope, const struct value **value,
                struct value *out, struct err *err)
{
    struct slice text;

    (void)call;
    if (!*value)
        return true;
    text = value_raw(*value, scope->arena, err);
    *value = filter_result(out, VALUE_STRING, text);
    return text.data != NULL;
}

static bool map_letters(struct scope *scope, const struct value **value, struct value *out,
                        char first, char last, struct err *err)
{
    struct slice text;
    char *mapped;

    if (!filter_text(*value, scope->arena, &text, err))
        return false;
    mapped = arena_take(scope->arena, text.length, err);
    if (!mapped)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        bool other = text.data[i] >= first && text.data[i] <= last;
        mapped[i] = (char)(text.data[i] ^ (other ? 'a' ^ 'A' : 0));
    }
    *value = filter_result(out, VALUE_STRING, (struct slice){mapped, text.length});
    return true;
}

bool filter_upper(const struct filter_call *call, struct scope *scope, const struct value **value,
                  struct value *out, struct err *err)
{
    (void)call;
    return map_letters(scope, value, out, 'a', 'z', err);
}

bool filter_lower(const struct filter_call *call, struct scope *scope, const struct value **value,
                  struct value *out, struct err *err)
{
    (void)call;
    return map_letters(scope, value, out, 'A', 'Z', err);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool filter_trim(const struct filter_call *call, struct scope *scope, const struct value **value,
                 struct value *out, struct err *err)
{
    struct slice text;

    (void)call;
    if (!filter_text(*value, scope->arena, &text, err))
        return false;
    for (; text.length && is_space(text.data[0]); text.data++)
        text.length--;
    while (text.length && is_space(text.data[text.length - 1]))
        text.length--;
    *value = filter_result(out, VALUE_STRING, text);
    return true;
}

/* A character starts at every byte but the second to fourth of UTF-8; bytes that may be no text are
 * counted one by one. */
static bool starts(char byte, enum pattern_unit unit)
{
    return unit == PATTERN_RAW || ((unsigned char)byte & 0xC0) != 0x80;
}

/* The byte behind @p count characters from @p at on. */
static size_t skip_characters(struct slice text, size_t at, uint64_t count, enum pattern_unit unit)
{
    while (count && at < text.length) {
        at++;
        while (at < text.length && !starts(text.data[at], unit))
            at++;
        count--;
    }
    return at;
}

/* The byte where the last @p count characters begin. */
static size_t last_characters(struct slice text, uint64_t count, enum pattern_unit unit)
{
    size_t at = text.length;

    while (count && at > 0)
        count -= starts(text.data[--at], unit);
    return at;
}

bool prepare_substr(struct filter_call *call, const struct cursor *cursor)
{
    if (call->count > 1 && call->arguments[1].integer < 0)
        return cursor_error(cursor, call->arguments[1].at, "substr takes no negative length");
    return true;
}

bool filter_substr(const struct filter_call *call, struct scope *scope, const struct value **value,
                   struct value *out, struct err *err)
{
    int64_t start = call->arguments[0].integer;
    struct slice text;
    size_t from, to;

    if (!filter_text(*value, scope->arena, &text, err))
        return false;
    from = start < 0 ? last_characters(text, 0 - (uint64_t)start, call->unit)
                     : skip_characters(text, 0, (uint64_t)start, call->unit);
    to = text.length;
    if (call->count > 1)
        to = skip_characters(text, from, (uint64_t)call->arguments[1].integer, call->unit);
    *value = filter_result(out, VALUE_STRING, (struct slice){text.data + from, to - from});
    return true;
}
