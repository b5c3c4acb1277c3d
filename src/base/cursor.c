/* cursor.c: a place in a text that is compiled, and errors that name its column. */
#include "base/cursor.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static size_t cursor_column(const struct cursor *cursor, const char *at)
{
    return (size_t)(at - cursor->text) + 1;
}

bool cursor_error(const struct cursor *cursor, const char *at, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return err_set(cursor->err, ERR_CONFIG, "column %zu: %s", cursor_column(cursor, at), text);
}

bool cursor_unknown(const struct cursor *cursor, struct slice word, const char *what,
                    const char *const *candidates, size_t count)
{
    const char *nearest = text_nearest(word, candidates, count);

    if (nearest)
        return cursor_error(cursor, word.data, "unknown %s '%.*s'; did you mean '%s'?", what,
                            SLICE_ARGS(word), nearest);
    return cursor_error(cursor, word.data, "unknown %s '%.*s'", what, SLICE_ARGS(word));
}

bool cursor_error_within(const struct cursor *cursor, const char *at)
{
    char text[ERR_TEXT_BYTES];
    size_t column;

    if (!cursor->err)
        return false;
    memcpy(text, cursor->err->text, sizeof(text));
    const char *message = err_without_column(text, &column);
    return cursor_error(cursor, column ? at + column - 1 : at, "%s", message);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

void cursor_skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_space(*cursor->at))
        cursor->at++;
}

bool cursor_take(struct cursor *cursor, char byte)
{
    if (!cursor_sees(cursor, byte))
        return false;
    cursor->at++;
    cursor_skip_space(cursor);
    return true;
}

bool cursor_quoted(struct cursor *cursor, struct slice *raw)
{
    const char *opening = cursor->at++;

    while (cursor->at < cursor->end && *cursor->at != *opening)
        cursor->at += *cursor->at == '\\' && cursor->at + 1 < cursor->end ? 2 : 1;
    if (cursor->at == cursor->end)
        return cursor_error(cursor, opening, "this quote is never closed");
    *raw = (struct slice){opening + 1, (size_t)(cursor->at - opening) - 1};
    cursor->at++;
    return true;
}
