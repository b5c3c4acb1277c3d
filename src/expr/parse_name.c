/* parse_name.c: where a name in a condition ends. */
#include "expr/parse.h"

#include <ctype.h>

static bool starts_name(char byte)
{
    return isalpha((unsigned char)byte) || strchr("_@$", byte) || (unsigned char)byte >= 0x80;
}

static bool continues_name(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '@' ||
           (unsigned char)byte >= 0x80;
}

/* The length of the name at @p at; in a header's name "-" is a letter like others. */
size_t parse_name_length(const struct lex *lex, const char *at, bool header)
{
    size_t length = 0;

    if (at < lex->end && (starts_name(*at) || (header && *at == '-')))
        length++;
    while (length && at + length < lex->end &&
           (continues_name(at[length]) || (header && at[length] == '-')))
        length++;
    return length;
}

bool parse_is_call(const struct lex *lex, const char *end)
{
    struct lex behind = *lex;

    behind.at = end;
    lex_skip_space(&behind);
    return lex_sees(&behind, '(');
}

/* "[0]" or "['any name']" at lex->at. */
static bool skip_brackets(struct lex *lex)
{
    struct slice quoted;

    lex->at++;
    if (lex_sees(lex, '\'') || lex_sees(lex, '"')) {
        if (!lex_quoted(lex, &quoted))
            return false;
    } else {
        while (lex->at < lex->end && isdigit((unsigned char)*lex->at))
            lex->at++;
    }
    if (!lex_sees(lex, ']'))
        return lex_error(lex, lex->at, "expected an index or a quoted name, and ']'");
    lex->at++;
    return true;
}

/* Over the dots and brackets behind a name, up to a method. */
static bool skip_steps(struct lex *lex, bool header)
{
    for (;;) {
        if (lex_sees(lex, '[')) {
            if (!skip_brackets(lex))
                return false;
            continue;
        }
        size_t length = lex_sees(lex, '.') ? parse_name_length(lex, lex->at + 1, header) : 0;
        if (!length || parse_is_call(lex, lex->at + 1 + length))
            return true;
        lex->at += 1 + length;
    }
}

/* A path or a $-name. */
struct condition *parse_name(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    struct condition *node = condition_new(CONDITION_REFERENCE, lex->at);
    struct slice name = {lex->at, parse_name_length(lex, lex->at, false)};

    lex->at += name.length;
    if (skip_steps(lex, slice_is(name, "$header"))) {
        name.length = (size_t)(lex->at - name.data);
        if (reference_init(&node->reference, name, lex)) {
            lex_skip_space(lex);
            return node;
        }
    }
    condition_free(node);
    return NULL;
}
