/*
 * redact.c: a configuration file without its secrets.
 *
 * A secret is the value of a setting whose name looks like one, the same inside a "name=value"
 * string, and the password of a URL. The file may be broken just there (a quote is missing), so
 * if the value is not a string, the rest of its line is hidden.
 */
#include "conf/redact.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool word_is_secret(struct slice word, bool last)
{
    static const char *const spelled[] = {"password", "passphrase", "secret", "credential",
                                          "credentials"};
    static const char *const exact[] = {"pass", "passwd", "pwd", "pw", "token", "pem", "auth"};

    if (slice_is(word, "socket")) /* a setting's name, and close to "secret" */
        return false;
    for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        if (word.length == strlen(exact[i]) && strncasecmp(word.data, exact[i], word.length) == 0)
            return true;
    if (last && word.length == 3 && strncasecmp(word.data, "key", 3) == 0)
        return true;
    return text_nearest(word, spelled, sizeof(spelled) / sizeof(spelled[0])) != NULL;
}

bool redact_is_secret_name(struct slice name)
{
    size_t start = 0;

    for (size_t i = 0; i <= name.length; i++) {
        if (i < name.length && isalnum((unsigned char)name.data[i]))
            continue;
        struct slice word = {name.data + start, i - start};
        if (word.length > 0 && word_is_secret(word, i == name.length))
            return true;
        start = i + 1;
    }
    return false;
}

/* "***", and the newlines that were hidden, so that lines keep their numbers. */
static void redact_write(struct slice hidden, FILE *out)
{
    fputs("***", out);
    for (size_t i = 0; i < hidden.length; i++)
        if (hidden.data[i] == '\n')
            fputc('\n', out);
}

/* The password of a URL that lacks its '@', "redis://user:secret/0": the text that is not a port.
 */
static struct slice redact_no_port(const char *authority, const char *end)
{
    size_t length = strcspn(authority, "/?#\"");
    const char *colon = memrchr(authority, ':', length);

    if (!colon || colon >= end)
        return (struct slice){NULL, 0};
    size_t rest = (size_t)(authority + length - colon - 1);
    return (struct slice){colon + 1, strspn(colon + 1, "0123456789") < rest ? rest : 0};
}

/* A string's text with the password of a URL in it hidden: from the ':' of the user to the last
 * '@', since a password may hold one too. */
static bool redact_url(struct slice text, FILE *out)
{
    const char *end = text.data + text.length, *scheme = memmem(text.data, text.length, "://", 3);
    const char *at = scheme ? memrchr(scheme + 3, '@', (size_t)(end - scheme - 3)) : NULL;
    const char *colon = at ? memchr(scheme + 3, ':', (size_t)(at - scheme - 3)) : NULL;
    struct slice hidden = {NULL, 0};

    if (colon)
        hidden = (struct slice){colon + 1, (size_t)(at - colon - 1)};
    else if (scheme && !at)
        hidden = redact_no_port(scheme + 3, end);
    if (hidden.length == 0)
        return false;
    fwrite(text.data, 1, (size_t)(hidden.data - text.data), out);
    redact_write(hidden, out);
    fwrite(hidden.data + hidden.length, 1, (size_t)(end - hidden.data) - hidden.length, out);
    return true;
}

/* A "name=value" string, quotes included, whose name looks like a secret. */
static bool redact_pair(struct slice text, FILE *out)
{
    const char *equals = memchr(text.data, '=', text.length);

    if (!equals ||
        !redact_is_secret_name((struct slice){text.data + 1, (size_t)(equals - text.data - 1)}))
        return false;
    fwrite(text.data, 1, (size_t)(equals + 1 - text.data), out);
    redact_write((struct slice){equals + 1, text.length - (size_t)(equals + 1 - text.data)}, out);
    fputc('"', out);
    return true;
}

/* Whether a number and nothing else is next: "= 5;". */
static bool redact_is_number(struct lexer lexer, struct token *token)
{
    do
        *token = lexer_next(&lexer);
    while (token_is(token, '=') || token_is(token, ':'));
    return token->kind == TOKEN_INTEGER && lexer_next(&lexer).kind == TOKEN_MARK;
}

/* Where the value behind a secret's name goes: over a number, adjacent strings and brackets, else
 * to the end of its line. */
static struct slice redact_value(struct lexer *lexer)
{
    const char *start = NULL, *end = lexer->next;
    struct token token;

    if (redact_is_number(*lexer, &token))
        return token.text;
    for (;;) {
        struct lexer before = *lexer;
        token = lexer_next(lexer);
        if (!start && (token_is(&token, '=') || token_is(&token, ':')))
            continue;
        if (!start)
            start = token.text.data;
        if (token.kind == TOKEN_MARK && strchr("([,", token.text.data[0]))
            continue;
        if (token.kind != TOKEN_STRING && token.kind != TOKEN_OPEN_STRING) {
            *lexer = before;
            break;
        }
        end = token.text.data + token.text.length;
    }
    if (end < start) { /* no string: hide the line */
        const char *newline = memchr(start, '\n', (size_t)(lexer->end - start));
        end = newline ? newline : lexer->end;
    }
    return (struct slice){start, (size_t)(end - start)};
}

/* Writes the token as it may be shown; *hiding: it goes on a "name=value" string that is a secret,
 * "sasl.password=" "hunter2". */
static void redact_token(const struct token *token, bool *hiding, FILE *out)
{
    bool string = token->kind == TOKEN_STRING || token->kind == TOKEN_OPEN_STRING;

    *hiding = *hiding && string;
    if (*hiding) {
        redact_write(token->text, out);
        return;
    }
    *hiding = string && redact_pair(token->text, out);
    if (!*hiding && !(string && redact_url(token->text, out)))
        fwrite(token->text.data, 1, token->text.length, out);
}

char *redact_text(const char *text)
{
    struct lexer lexer = lexer_new(slice_of(text));
    const char *from = text;
    struct token token;
    bool hiding = false;
    char *masked = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&masked, &length);

    if (!out)
        return mem_text("");
    do {
        token = lexer_next(&lexer);
        fwrite(from, 1, (size_t)(token.text.data - from), out);
        redact_token(&token, &hiding, out);
        from = token.text.data + token.text.length;
        if (token.kind != TOKEN_NAME || !redact_is_secret_name(token.text))
            continue;
        struct slice hidden = redact_value(&lexer);
        if (hidden.length == 0)
            continue;
        fwrite(from, 1, (size_t)(hidden.data - from), out);
        redact_write(hidden, out);
        from = hidden.data + hidden.length;
        if (lexer.next < from)
            lexer_seek(&lexer, from);
    } while (token.kind != TOKEN_END);
    fclose(out);
    return masked;
}
