/* libconfig_limits.c: values that libconfig 1.5 would silently read as others. */
#include "conf/libconfig_limits.h"

#include "conf/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>

enum { NUMBER_DIGITS_MAX = 40 };

/* Whether the number fits @p bits bits; *stored is what libconfig 1.5 would silently store.
 */
static bool number_fits(const char *digits, bool hex, bool wide, int64_t *stored)
{
    errno = 0;
    if (hex) {
        unsigned long long value = strtoull(digits, NULL, 16);
        *stored = wide ? (int64_t)value : (int32_t)(uint32_t)value;
        return errno == 0 && value <= (wide ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX);
    }
    long long value = strtoll(digits, NULL, 10);
    *stored = wide ? value : (int32_t)(uint32_t)value;
    return errno == 0 && (wide || (value >= INT32_MIN && value <= INT32_MAX));
}

static void number_check(const struct document *document, const struct token *token,
                         struct conf_problems *problems)
{
    char digits[NUMBER_DIGITS_MAX + 1];
    size_t length = token->text.length;
    bool hex = length > 1 && tolower((unsigned char)token->text.data[1]) == 'x';
    bool wide = token->text.data[length - 1] == 'L', fits = false;
    int64_t stored = wide ? INT64_MAX : -1;

    if (length <= NUMBER_DIGITS_MAX) {
        memcpy(digits, token->text.data, length);
        digits[length] = '\0';
        fits = number_fits(digits, hex, wide, &stored);
    }
    if (fits)
        return;
    conf_problem(problems, document_origin(document, token->line),
                 wide ? NULL : "append L, or write a size or duration such as \"10GiB\"",
                 "%.*s does not fit %d bits; libconfig 1.5 would silently store %" PRId64,
                 SLICE_ARGS(token->text), wide ? 64 : 32, stored);
}

/* Whether the string has a "\\x00" that is no "\\\\x00". */
static bool string_has_nul(struct slice text)
{
    for (size_t i = 0; i + 3 < text.length; i++) {
        if (text.data[i] != '\\')
            continue;
        if (tolower((unsigned char)text.data[i + 1]) == 'x' && text.data[i + 2] == '0' &&
            text.data[i + 3] == '0')
            return true;
        i++;
    }
    return false;
}

static void string_check(const struct document *document, const struct token *token,
                         struct conf_problems *problems)
{
    if (string_has_nul(token->text))
        conf_problem(
            problems, document_origin(document, token->line),
            "in a command, write \"\\\\x00\", with the argument in quotes: \\\"\\\\x00\\\"",
            "libconfig would silently end the string at its \"\\x00\"");
}

void libconfig_limits_check(const struct document *document, struct conf_problems *problems)
{
    struct lexer lexer = lexer_new((struct slice){document->text, document->length});
    struct token token;

    while ((token = lexer_next(&lexer)).kind != TOKEN_END) {
        if (token.kind == TOKEN_INTEGER)
            number_check(document, &token, problems);
        if (token.kind == TOKEN_STRING)
            string_check(document, &token, problems);
    }
}
