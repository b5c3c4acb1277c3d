/* string_place.c: where a character of a string stands in the line that spells it. */
#include "conf/string_place.h"

#include <ctype.h>
#include <stdlib.h>

/* The character at @p spelled, and how many bytes spell it: libconfig's escapes. */
static size_t spelled_length(const char *spelled, const char *end, char *meant)
{
    static const char names[] = "nrtf", controls[] = "\n\r\t\f";
    const char *name;

    *meant = *spelled;
    if (*spelled != '\\' || end - spelled < 2)
        return 1;
    if (spelled[1] == 'x' && end - spelled >= 4 && isxdigit((unsigned char)spelled[2]) &&
        isxdigit((unsigned char)spelled[3])) {
        *meant = (char)strtol((char[]){spelled[2], spelled[3], 0}, NULL, 16);
        return 4;
    }
    name = strchr(names, spelled[1]);
    *meant = name ? controls[name - names] : spelled[1];
    return 2;
}

/* Whether the literal whose quote is before @p at means @p text; *place as of string_place(). *end
 * is its closing quote. */
static bool literal_means(const char *at, const char *limit, const char *text, size_t column,
                          const char **place, const char **end)
{
    bool same = true;
    size_t index = 0;
    char meant;

    for (; at < limit && *at != '"'; index++) {
        if (index + 1 == column)
            *place = at;
        at += spelled_length(at, limit, &meant);
        same = same && text[index] && text[index] == meant;
    }
    if (index + 1 == column)
        *place = at;
    *end = at;
    return at < limit && same && text[index] == '\0' && column <= index + 1;
}

bool string_place(struct slice line, const char *text, size_t column, size_t *at)
{
    const char *next = line.data, *limit = line.data + line.length, *place = NULL, *end;

    while (next < limit) {
        if (*next++ != '"')
            continue;
        if (literal_means(next, limit, text, column, &place, &end)) {
            *at = (size_t)(place - line.data);
            return true;
        }
        next = end < limit ? end + 1 : limit;
    }
    return false;
}
