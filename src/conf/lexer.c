/* lexer.c: the tokens of a libconfig file, by the rules of libconfig 1.5's own scanner. */
#include "conf/lexer.h"

#include <ctype.h>
#include <strings.h>

struct lexer lexer_new(struct slice text)
{
    return (struct lexer){
        .start = text.data, .next = text.data, .end = text.data + text.length, .line = 1};
}

/* The character @p ahead of the next one; 0 at the end. */
static char lexer_peek(const struct lexer *lexer, size_t ahead)
{
    return (size_t)(lexer->end - lexer->next) > ahead ? lexer->next[ahead] : '\0';
}

static void lexer_skip(struct lexer *lexer, size_t count)
{
    for (; count > 0 && lexer->next < lexer->end; count--)
        lexer->line += *lexer->next++ == '\n';
}

void lexer_seek(struct lexer *lexer, const char *place)
{
    lexer_skip(lexer, (size_t)(place - lexer->next));
}

static bool lexer_at(const struct lexer *lexer, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(lexer->end - lexer->next) >= length && memcmp(lexer->next, word, length) == 0;
}

/* Skips blanks and comments; false if a comment is never closed: then it is the next token. */
static bool lexer_skip_blanks(struct lexer *lexer)
{
    while (lexer->next < lexer->end) {
        if (strchr(" \t\r\n\f", *lexer->next) && *lexer->next) {
            lexer_skip(lexer, 1);
        } else if (*lexer->next == '#' || lexer_at(lexer, "//")) {
            const char *newline = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));
            lexer->next = newline ? newline : lexer->end;
        } else if (lexer_at(lexer, "/*")) {
            size_t rest = (size_t)(lexer->end - lexer->next) - 2;
            const char *close = memmem(lexer->next + 2, rest, "*/", 2);
            if (!close)
                return false;
            lexer_skip(lexer, (size_t)(close + 2 - lexer->next));
        } else {
            break;
        }
    }
    return true;
}

/* The length of the string whose quote is next; *closed tells whether it ends. */
static size_t lexer_string(const struct lexer *lexer, bool *closed)
{
    size_t length = 1;

    while (lexer->next + length < lexer->end) {
        char c = lexer_peek(lexer, length);
        length += c == '\\' && lexer->next + length + 1 < lexer->end ? 2 : 1;
        if (c == '"') {
            *closed = true;
            return length;
        }
    }
    *closed = false;
    return length;
}

static size_t lexer_name(const struct lexer *lexer)
{
    size_t length = 1;

    while (isalnum((unsigned char)lexer_peek(lexer, length)) ||
           (lexer_peek(lexer, length) && strchr("-_*", lexer_peek(lexer, length))))
        length++;
    return length;
}

static size_t lexer_digits(const struct lexer *lexer, size_t from, int (*is_digit)(int))
{
    size_t count = 0;

    while (is_digit((unsigned char)lexer_peek(lexer, from + count)))
        count++;
    return count;
}

/* The length of the exponent at @p from; 0 if there is none. */
static size_t lexer_exponent(const struct lexer *lexer, size_t from)
{
    size_t sign, digits;

    if (tolower((unsigned char)lexer_peek(lexer, from)) != 'e')
        return 0;
    sign = lexer_peek(lexer, from + 1) == '-' || lexer_peek(lexer, from + 1) == '+';
    digits = lexer_digits(lexer, from + 1 + sign, isdigit);
    return digits ? 1 + sign + digits : 0;
}

static size_t lexer_suffix(const struct lexer *lexer, size_t from)
{
    size_t count = 0;

    while (count < 2 && lexer_peek(lexer, from + count) == 'L')
        count++;
    return count;
}

/* The length of the number that comes next, 0 if it is not one; *kind is its kind. */
static size_t lexer_number(const struct lexer *lexer, enum token_kind *kind)
{
    size_t sign = lexer_peek(lexer, 0) == '-' || lexer_peek(lexer, 0) == '+';
    size_t digits = lexer_digits(lexer, sign, isdigit), length = sign + digits, more;

    *kind = TOKEN_INTEGER;
    if (sign == 0 && lexer_peek(lexer, 0) == '0' &&
        tolower((unsigned char)lexer_peek(lexer, 1)) == 'x' &&
        (more = lexer_digits(lexer, 2, isxdigit)) > 0)
        return 2 + more + lexer_suffix(lexer, 2 + more);
    if (lexer_peek(lexer, length) == '.') {
        *kind = TOKEN_REAL;
        length += 1 + lexer_digits(lexer, length + 1, isdigit);
        return length + lexer_exponent(lexer, length);
    }
    if (digits == 0)
        return 0;
    more = lexer_exponent(lexer, length);
    if (more > 0) {
        *kind = TOKEN_REAL;
        return length + more;
    }
    return length + lexer_suffix(lexer, length);
}

/* The length of '@include "path"' with only blanks before it on its line; else 0. */
static size_t lexer_include(const struct lexer *lexer)
{
    static const char word[] = "@include";
    struct lexer quote = *lexer;
    const char *before = lexer->next;
    size_t blanks;
    bool closed;

    while (before > lexer->start && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    if ((before > lexer->start && before[-1] != '\n') || !lexer_at(lexer, word))
        return 0;
    quote.next += sizeof(word) - 1;
    blanks = lexer_digits(&quote, 0, isblank);
    quote.next += blanks;
    if (blanks == 0 || lexer_peek(&quote, 0) != '"')
        return 0;
    size_t length = lexer_string(&quote, &closed);
    return closed ? (size_t)(quote.next - lexer->next) + length : 0;
}

static bool lexer_is_flag(struct slice word)
{
    return (word.length == 4 && strncasecmp(word.data, "true", 4) == 0) ||
           (word.length == 5 && strncasecmp(word.data, "false", 5) == 0);
}

/* The kind and length of what is next and is neither blank nor comment. */
static enum token_kind lexer_measure(const struct lexer *lexer, size_t *length)
{
    char c = lexer_peek(lexer, 0);
    enum token_kind number;
    bool closed;

    if (c == '"') {
        *length = lexer_string(lexer, &closed);
        return closed ? TOKEN_STRING : TOKEN_OPEN_STRING;
    }
    if (isalpha((unsigned char)c) || c == '*') {
        *length = lexer_name(lexer);
        return lexer_is_flag((struct slice){lexer->next, *length}) ? TOKEN_FLAG : TOKEN_NAME;
    }
    if ((*length = lexer_number(lexer, &number)) > 0)
        return number;
    if ((*length = lexer_include(lexer)) > 0)
        return TOKEN_INCLUDE;
    *length = 1;
    return c && strchr("=:;,{}()[]", c) ? TOKEN_MARK : TOKEN_GARBAGE;
}

struct token lexer_next(struct lexer *lexer)
{
    bool closed = lexer_skip_blanks(lexer);
    struct token token = {.line = lexer->line};
    size_t length = (size_t)(lexer->end - lexer->next);

    if (!closed)
        token.kind = TOKEN_OPEN_COMMENT;
    else if (length > 0)
        token.kind = lexer_measure(lexer, &length);
    token.text = (struct slice){lexer->next, length};
    lexer_skip(lexer, length);
    return token;
}
