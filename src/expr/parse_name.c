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
size_t parse_name_length(const struct cursor *cursor, const char *at, bool header)
{
    size_t length = 0;

    if (at < cursor->end && (starts_name(*at) || (header && *at == '-')))
        length++;
    while (length && at + length < cursor->end &&
           (continues_name(at[length]) || (header && at[length] == '-')))
        length++;
    return length;
}

bool parse_is_call(const struct cursor *cursor, const char *end)
{
    struct cursor behind = *cursor;

    behind.at = end;
    cursor_skip_space(&behind);
    return cursor_sees(&behind, '(');
}

/* "[0]" or "['any name']" at cursor->at. */
static bool skip_brackets(struct cursor *cursor)
{
    struct slice quoted;

    cursor->at++;
    if (cursor_sees(cursor, '\'') || cursor_sees(cursor, '"')) {
        if (!cursor_quoted(cursor, &quoted))
            return false;
    } else {
        while (cursor->at < cursor->end && isdigit((unsigned char)*cursor->at))
            cursor->at++;
    }
    if (!cursor_sees(cursor, ']'))
        return cursor_error(cursor, cursor->at, "expected an index or a quoted name, and ']'");
    cursor->at++;
    return true;
}

/* Over the dots and brackets behind a name, up to a method. */
static bool skip_steps(struct cursor *cursor, bool header)
{
    for (;;) {
        if (cursor_sees(cursor, '[')) {
            if (!skip_brackets(cursor))
                return false;
            continue;
        }
        size_t length =
            cursor_sees(cursor, '.') ? parse_name_length(cursor, cursor->at + 1, header) : 0;
        if (!length || parse_is_call(cursor, cursor->at + 1 + length))
            return true;
        cursor->at += 1 + length;
    }
}

/* A path or a $-name. */
struct condition_node *parse_name(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    struct condition_node *node = condition_node_new(CONDITION_REFERENCE, cursor->at);
    struct slice name = {cursor->at, parse_name_length(cursor, cursor->at, false)};

    cursor->at += name.length;
    if (skip_steps(cursor, slice_is(name, "$header"))) {
        name.length = (size_t)(cursor->at - name.data);
        if (reference_init(&node->reference, name, cursor)) {
            cursor_skip_space(cursor);
            return node;
        }
    }
    condition_node_free(node);
    return NULL;
}
