/*
 * syntax.c: checks that a text is libconfig 1.5's language, and names the mistake if not.
 *
 * libconfig's own answer is "syntax error" and a line, and it loses a few bytes each time. So this
 * walks the same grammar, with the same tokens, up to the first one that does not fit, and says
 * what was expected there; libconfig parses only what has passed. Newer versions take more (a comma
 * behind the last element): a file that passes here is taken by all of them.
 */
#include "conf/syntax.h"

#include "base/mem.h"
#include "conf/lexer.h"
#include "conf/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

struct walker {
    const struct document *document;
    struct syntax_strings *strings;
    struct conf_problems *problems;
    struct lexer lexer;
    struct token token;   /* the next one */
    struct token name;    /* of the setting whose value is next */
    unsigned long_string; /* where the first string began that goes over several lines; 0: none */
    unsigned depth;
};

/* The settings of one group so far. */
struct names {
    struct token *items;
    size_t count, capacity;
};

static bool walk_settings(struct walker *walker);
static bool walk_value(struct walker *walker);

static void walker_next(struct walker *walker)
{
    if (walker->token.kind == TOKEN_STRING && walker->long_string == 0 &&
        memchr(walker->token.text.data, '\n', walker->token.text.length))
        walker->long_string = walker->token.line;
    walker->token = lexer_next(&walker->lexer);
}

static bool walker_at(const struct walker *walker, char mark)
{
    return token_is(&walker->token, mark);
}

/* The token in words. What may be a secret that lacks its quotes is not named. */
static char *walker_token_text(const struct walker *walker)
{
    const struct token *token = &walker->token;

    if (token->kind == TOKEN_END)
        return mem_text("the end of the file");
    if (token->kind == TOKEN_STRING)
        return mem_text("a string");
    if (token->kind == TOKEN_MARK || token->kind == TOKEN_INCLUDE)
        return mem_format("'%.*s'", SLICE_ARGS(token->text));
    if (walker->name.text.length && redact_is_secret_name(walker->name.text))
        return mem_text("'***'");
    if (token->kind == TOKEN_GARBAGE && !isgraph((unsigned char)token->text.data[0]))
        return mem_format("the byte 0x%02X", (unsigned char)token->text.data[0]);
    return mem_format("'%.*s'", SLICE_ARGS(token->text));
}

/* Tells a problem at @p line. Always false. */
static bool walker_fail(struct walker *walker, unsigned line, const char *hint, const char *text)
{
    struct conf_origin origin = document_origin(walker->document, line);
    char *quote = NULL;

    if (walker->long_string) {
        struct conf_origin string = document_origin(walker->document, walker->long_string);
        quote = mem_format("the string that begins in line %u goes over several lines: is its "
                           "closing quote missing?",
                           string.line);
    }
    conf_problem(walker->problems, origin, quote ? quote : hint, "syntax error: %s", text);
    free(quote);
    return false;
}

/* The same at the next token: "expected ..., found ...". */
static bool walker_expected(struct walker *walker, const char *expected, const char *hint)
{
    char *found = walker_token_text(walker);
    char *text = mem_format("expected %s, found %s", expected, found);

    walker_fail(walker, walker->token.line, hint, text);
    free(text);
    free(found);
    return false;
}

/* A bare word instead of a value. */
static bool walker_bare_word(struct walker *walker)
{
    static const char *const flags[] = {"yes", "no", "on", "off"};
    static const char *const nothings[] = {"null", "nil", "none"};
    struct slice word = walker->token.text;

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (word.length == strlen(flags[i]) && strncasecmp(word.data, flags[i], word.length) == 0)
            return walker_expected(walker, "a value", "write true or false");
    for (size_t i = 0; i < sizeof(nothings) / sizeof(nothings[0]); i++)
        if (word.length == strlen(nothings[i]) &&
            strncasecmp(word.data, nothings[i], word.length) == 0)
            return walker_expected(walker, "a value",
                                   "there is no such value: leave the setting out");
    return walker_expected(walker, "a value", "text stands in quotes: \"...\"");
}

/* "5s": a number with letters right behind it. */
static bool walk_number(struct walker *walker)
{
    struct slice number = walker->token.text;

    walker_next(walker);
    if (walker->token.text.data != number.data + number.length ||
        (walker->token.kind != TOKEN_NAME && walker->token.kind != TOKEN_GARBAGE))
        return true;
    if (walker->name.text.length && redact_is_secret_name(walker->name.text))
        return walker_fail(walker, walker->token.line, "text stands in quotes: \"...\"",
                           "the value is no number");
    char *text =
        mem_format("'%.*s%.*s' is no number", SLICE_ARGS(number), SLICE_ARGS(walker->token.text));
    walker_fail(walker, walker->token.line,
                "durations, sizes and text stand in quotes: \"5s\", \"64MiB\"", text);
    free(text);
    return false;
}

/* What may be adjacent: "a" "b". */
static bool walk_strings(struct walker *walker)
{
    while (walker->token.kind == TOKEN_STRING)
        walker_next(walker);
    return true;
}

static bool walk_scalar(struct walker *walker)
{
    switch (walker->token.kind) {
    case TOKEN_INTEGER:
    case TOKEN_REAL:
        return walk_number(walker);
    case TOKEN_STRING:
        return walk_strings(walker);
    case TOKEN_FLAG:
        walker_next(walker);
        return true;
    case TOKEN_NAME:
        return walker_bare_word(walker);
    case TOKEN_GARBAGE:
        return walker_expected(walker, "a value", "text stands in plain quotes: \"...\"");
    default:
        return walker_expected(walker, "a value", NULL);
    }
}

/* What closes the bracket that was opened in line @p line. */
static bool walk_close(struct walker *walker, char close, unsigned line)
{
    char text[96], expected[32];
    char open = close == '}' ? '{' : close == ')' ? '(' : '[';

    if (walker_at(walker, close)) {
        walker_next(walker);
        return true;
    }
    struct conf_origin origin = document_origin(walker->document, line);
    if (walker->token.kind == TOKEN_END) {
        snprintf(text, sizeof(text), "the '%c' in this line is never closed", open);
        return walker_fail(walker, line, NULL, text);
    }
    snprintf(expected, sizeof(expected), "%s'%c'", close == '}' ? "a setting or " : "',' or ",
             close);
    snprintf(text, sizeof(text), "for the '%c' of line %u", open, origin.line);
    return walker_expected(walker, expected, text);
}

static void walker_note_string(struct walker *walker, unsigned line)
{
    struct syntax_strings *strings = walker->strings;

    strings->lines =
        mem_grow(strings->lines, strings->count, &strings->capacity, sizeof(*strings->lines));
    strings->lines[strings->count++] = line;
}

/* What the elements of an array must share. */
static char element_kind(const struct token *token)
{
    bool wide = token->text.data[token->text.length - 1] == 'L';

    return (char)(token->kind == TOKEN_INTEGER && wide ? 'L' : 'a' + (int)token->kind);
}

/* One element; an array's are scalars of one kind. *kind is 0 before the first. */
static bool walk_element(struct walker *walker, bool array, char *kind)
{
    struct token token = walker->token;

    if (token.kind == TOKEN_STRING)
        walker_note_string(walker, token.line);
    if (!array)
        return walk_value(walker);
    if (token_is(&token, '{') || token_is(&token, '(') || token_is(&token, '['))
        return walker_expected(walker, "a string, number or flag",
                               "[ ] holds only those; a list of anything is ( )");
    if (!walk_scalar(walker))
        return false;
    if (*kind && *kind != element_kind(&token))
        return walker_fail(walker, token.line, "a list of mixed values is ( )",
                           "the elements of [ ] are not all of one kind");
    *kind = element_kind(&token);
    return true;
}

/* What is behind an element: a ',' and another one, or the end of the list. */
static bool walk_comma(struct walker *walker, char close, bool *more)
{
    bool value = walker->token.kind == TOKEN_STRING || walker->token.kind == TOKEN_INTEGER ||
                 walker_at(walker, '{') || walker_at(walker, '(');

    *more = walker_at(walker, ',');
    if (*more) {
        walker_next(walker);
        if (walker_at(walker, close))
            return walker_fail(walker, walker->token.line, "libconfig 1.5 takes none there",
                               "a ',' behind the last element");
    } else if (value) {
        return walker_expected(walker, "','", "the elements of a list are separated by ','");
    }
    return true;
}

static bool walk_list(struct walker *walker, char close)
{
    unsigned line = walker->token.line;
    char kind = 0;
    bool more;

    walker_next(walker);
    more = !walker_at(walker, close);
    while (more) {
        if (walker->token.kind == TOKEN_END)
            break;
        if (!walk_element(walker, close == ']', &kind) || !walk_comma(walker, close, &more))
            return false;
    }
    return walk_close(walker, close, line);
}

static bool walk_group(struct walker *walker)
{
    unsigned line = walker->token.line;

    walker_next(walker);
    return walk_settings(walker) && walk_close(walker, '}', line);
}

static bool walk_value(struct walker *walker)
{
    bool good;

    if (walker->depth == SYNTAX_DEPTH_MAX)
        return walker_fail(walker, walker->token.line, NULL,
                           "groups and lists are nested more than 16 deep");
    walker->depth++;
    if (walker_at(walker, '{'))
        good = walk_group(walker);
    else if (walker_at(walker, '('))
        good = walk_list(walker, ')');
    else if (walker_at(walker, '['))
        good = walk_list(walker, ']');
    else
        good = walk_scalar(walker);
    walker->depth--;
    return good;
}

/* Two settings of one name in one group. */
static bool names_add(struct names *names, struct walker *walker)
{
    struct slice name = walker->token.text;

    for (size_t i = 0; i < names->count; i++)
        if (slice_equal(names->items[i].text, name)) {
            struct conf_origin first = document_origin(walker->document, names->items[i].line);
            conf_problem(walker->problems, document_origin(walker->document, walker->token.line),
                         NULL, "'%.*s' is set twice in one group; the first is at %s:%u",
                         SLICE_ARGS(name), first.file, first.line);
            return false;
        }
    names->items = mem_grow(names->items, names->count, &names->capacity, sizeof(*names->items));
    names->items[names->count++] = walker->token;
    return true;
}

/* The '=' behind a name. */
static bool walk_equals(struct walker *walker)
{
    char expected[96];

    if (walker_at(walker, '=') || walker_at(walker, ':')) {
        walker_next(walker);
        return true;
    }
    if (walker->token.text.length && walker->token.text.data[0] == '.')
        return walker_expected(walker, "'='",
                               "names have no dots: librdkafka's are written with _ for them");
    snprintf(expected, sizeof(expected), "'=' behind '%.*s'",
             (int)(walker->name.text.length < 64 ? walker->name.text.length : 64),
             walker->name.text.data);
    return walker_expected(walker, expected, NULL);
}

static bool walk_setting(struct walker *walker, struct names *names)
{
    if (!names_add(names, walker))
        return false;
    walker->name = walker->token;
    walker_next(walker);
    if (!walk_equals(walker) || !walk_value(walker))
        return false;
    walker->name.text.length = 0;
    if (walker_at(walker, ';') || walker_at(walker, ','))
        walker_next(walker);
    return true;
}

static bool walk_settings(struct walker *walker)
{
    struct names names = {0};
    bool good = true;

    while (good && walker->token.kind == TOKEN_NAME)
        good = walk_setting(walker, &names);
    free(names.items);
    return good;
}

static bool walk_file(struct walker *walker)
{
    if (!walk_settings(walker))
        return false;
    if (walker->token.kind == TOKEN_END)
        return true;
    if (walker_at(walker, '}') || walker_at(walker, ')') || walker_at(walker, ']'))
        return walker_expected(walker, "a setting",
                               "it closes nothing: was it opened, or closed "
                               "before?");
    return walker_expected(walker, "the name of a setting", NULL);
}

bool syntax_check(const struct document *document, struct syntax_strings *strings,
                  struct conf_problems *problems)
{
    struct walker walker = {
        .document = document,
        .strings = strings,
        .problems = problems,
        .lexer = lexer_new((struct slice){document->text, document->length}),
    };

    walker_next(&walker);
    return walk_file(&walker);
}
