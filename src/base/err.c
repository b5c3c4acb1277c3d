/* err.c: what went wrong, and who has to act. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The arguments may point into err->text, so the new text is built beside it. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list arguments;

    if (!err)
        return false;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    err->kind = kind;
    memcpy(err->text, text, sizeof(text));
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    char text[2 * ERR_TEXT_BYTES + 2];
    va_list arguments;

    if (!err)
        return false;
    va_start(arguments, format);
    vsnprintf(text, ERR_TEXT_BYTES, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, ": %s", err->text);
    text[ERR_TEXT_BYTES - 1] = '\0';
    memcpy(err->text, text, ERR_TEXT_BYTES);
    return false;
}

const char *err_without_column(const char *text, size_t *column)
{
    static const char word[] = "column ";
    char *rest = NULL;

    *column = strncmp(text, word, sizeof(word) - 1) == 0
                  ? (size_t)strtoul(text + sizeof(word) - 1, &rest, 10)
                  : 0;
    if (!rest || strncmp(rest, ": ", 2) != 0)
        return text;
    return rest + 2;
}
