/* parse.c: the operators of a condition, which bind as CEL's do. */
#include "expr/parse.h"

static bool take_text(struct cursor *cursor, const char *text)
{
    if (!cursor_sees_text(cursor, text))
        return false;
    cursor->at += strlen(text);
    cursor_skip_space(cursor);
    return true;
}

/* "in" as a word of its own. */
static bool take_in(struct cursor *cursor)
{
    return parse_name_length(cursor, cursor->at, false) == 2 && take_text(cursor, "in");
}

static struct condition_node *too_deep(struct parser *parser)
{
    cursor_error(&parser->cursor, parser->cursor.at, "nested more than %d deep", PARSE_NESTED);
    return NULL;
}

static struct condition_node *parse_unary(struct parser *parser)
{
    const char *at = parser->cursor.at;
    struct condition_node *node, *operand;

    if (!cursor_sees(&parser->cursor, '!'))
        return parse_value(parser);
    if (parser->nested == PARSE_NESTED)
        return too_deep(parser);
    parser->nested++;
    cursor_take(&parser->cursor, '!');
    operand = parse_unary(parser);
    parser->nested--;
    node = condition_node_new(CONDITION_NOT, at);
    if (!condition_node_add(node, operand))
        return NULL;
    if (parse_check_bool(parser, operand))
        return node;
    condition_node_free(node);
    return NULL;
}

static struct condition_node *parse_list(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    struct condition_node *list = condition_node_new(CONDITION_LIST, cursor->at);

    cursor_take(cursor, '[');
    if (cursor_take(cursor, ']'))
        return list;
    do {
        if (!condition_node_add(list, parse_condition(parser)))
            return NULL;
    } while (cursor_take(cursor, ','));
    if (cursor_take(cursor, ']'))
        return list;
    cursor_error(cursor, cursor->at, "expected ',' or ']'");
    condition_node_free(list);
    return NULL;
}

static bool take_compare(struct cursor *cursor, enum compare *compare)
{
    static const struct {
        const char *text;
        enum compare compare;
    } operators[] = {
        {"==", COMPARE_EQUAL},         {"!=", COMPARE_UNEQUAL}, {"<=", COMPARE_LESS_EQUAL},
        {">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},     {">", COMPARE_GREATER},
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (take_text(cursor, operators[i].text)) {
            *compare = operators[i].compare;
            return true;
        }
    return false;
}

static struct condition_node *parse_relation(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    struct condition_node *left = parse_unary(parser), *node;
    enum compare compare = COMPARE_EQUAL;
    const char *at = cursor->at;
    bool in = left && take_in(cursor);

    if (!left || (!in && !take_compare(cursor, &compare)))
        return left;
    node = condition_node_new(in ? CONDITION_IN : CONDITION_COMPARE, at);
    node->compare = compare;
    condition_node_add(node, left);
    if (!condition_node_add(node, in && cursor_sees(cursor, '[') ? parse_list(parser)
                                                                 : parse_unary(parser)))
        return NULL;
    at = cursor->at;
    if (in ? !parse_check_in(parser, node) : !parse_check_compare(parser, node))
        goto fail;
    if (!take_in(cursor) && !take_compare(cursor, &compare))
        return node;
    cursor_error(cursor, at, "comparisons do not follow each other; use parentheses");
fail:
    condition_node_free(node);
    return NULL;
}

/* Operands of @p operator; a single one is not a chain. */
static struct condition_node *parse_chain(struct parser *parser, const char *operator,
                                          enum condition_kind kind,
                                          struct condition_node *(*parse)(struct parser *))
{
    struct condition_node *first = parse(parser), *chain;

    if (!first || !cursor_sees_text(&parser->cursor, operator))
        return first;
    chain = condition_node_new(kind, first->at);
    condition_node_add(chain, first);
    while (take_text(&parser->cursor, operator))
        if (!condition_node_add(chain, parse(parser)))
            return NULL;
    for (const struct condition_node *operand = chain->first; operand; operand = operand->next)
        if (!parse_check_bool(parser, operand)) {
            condition_node_free(chain);
            return NULL;
        }
    return chain;
}

static struct condition_node *parse_conjunct(struct parser *parser)
{
    return parse_chain(parser, "&&", CONDITION_AND, parse_relation);
}

struct condition_node *parse_condition(struct parser *parser)
{
    struct condition_node *node;

    if (parser->nested == PARSE_NESTED)
        return too_deep(parser);
    parser->nested++;
    node = parse_chain(parser, "||", CONDITION_OR, parse_conjunct);
    parser->nested--;
    return node;
}
