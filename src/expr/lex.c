/* lex.c: a place in the text of an expression that is compiled, and errors that name the column. */
#include "expr/lex.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static size_t lex_column(const struct lex *lex, const char *at)
{
    return (size_t)(at - lex->text) + 1;
}

bool lex_error(const struct lex *lex, const char *at, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return err_set(lex->err, ERR_CONFIG, "column %zu: %s", lex_column(lex, at), text);
}

bool lex_unknown(const struct lex *lex, struct slice word, const char *what,
                 const char *const *candidates, size_t count)
{
    const char *nearest = text_nearest(word, candidates, count);

    if (nearest)
        return lex_error(lex, word.data, "unknown %s '%.*s'; did you mean '%s'?", what,
                         SLICE_ARGS(word), nearest);
    return lex_error(lex, word.data, "unknown %s '%.*s'", what, SLICE_ARGS(word));
}

bool lex_error_within(const struct lex *lex, const char *at)
{
    char text[ERR_TEXT_BYTES];
    size_t column;

    if (!lex->err)
        return false;
    memcpy(text, lex->err->text, sizeof(text));
    const char *message = err_without_column(text, &column);
    return lex_error(lex, column ? at + column - 1 : at, "%s", message);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

void lex_skip_space(struct lex *lex)
{
    while (lex->at < lex->end && is_space(*lex->at))
        lex->at++;
}

bool lex_take(struct lex *lex, char byte)
{
    if (!lex_sees(lex, byte))
        return false;
    lex->at++;
    lex_skip_space(lex);
    return true;
}

bool lex_quoted(struct lex *lex, struct slice *raw)
{
    const char *opening = lex->at++;

    while (lex->at < lex->end && *lex->at != *opening)
        lex->at += *lex->at == '\\' && lex->at + 1 < lex->end ? 2 : 1;
    if (lex->at == lex->end)
        return lex_error(lex, opening, "this quote is never closed");
    *raw = (struct slice){opening + 1, (size_t)(lex->at - opening) - 1};
    lex->at++;
    return true;
}
