/* parse.c: the operators of a condition, which bind as CEL's do. */
#include "expr/parse.h"

static bool take_text(struct lex *lex, const char *text)
{
    if (!lex_sees_text(lex, text))
        return false;
    lex->at += strlen(text);
    lex_skip_space(lex);
    return true;
}

/* "in" as a word of its own. */
static bool take_in(struct lex *lex)
{
    return parse_name_length(lex, lex->at, false) == 2 && take_text(lex, "in");
}

static struct condition *too_deep(struct parser *parser)
{
    lex_error(&parser->lex, parser->lex.at, "nested more than %d deep", PARSE_NESTED);
    return NULL;
}

static struct condition *parse_unary(struct parser *parser)
{
    const char *at = parser->lex.at;
    struct condition *node, *operand;

    if (!lex_sees(&parser->lex, '!'))
        return parse_value(parser);
    if (parser->nested == PARSE_NESTED)
        return too_deep(parser);
    parser->nested++;
    lex_take(&parser->lex, '!');
    operand = parse_unary(parser);
    parser->nested--;
    node = condition_new(CONDITION_NOT, at);
    if (!condition_add(node, operand))
        return NULL;
    if (parse_check_bool(parser, operand))
        return node;
    condition_free(node);
    return NULL;
}

static struct condition *parse_list(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    struct condition *list = condition_new(CONDITION_LIST, lex->at);

    lex_take(lex, '[');
    if (lex_take(lex, ']'))
        return list;
    do {
        if (!condition_add(list, parse_condition(parser)))
            return NULL;
    } while (lex_take(lex, ','));
    if (lex_take(lex, ']'))
        return list;
    lex_error(lex, lex->at, "expected ',' or ']'");
    condition_free(list);
    return NULL;
}

static bool take_compare(struct lex *lex, enum compare *compare)
{
    static const struct {
        const char *text;
        enum compare compare;
    } operators[] = {
        {"==", COMPARE_EQUAL},         {"!=", COMPARE_UNEQUAL}, {"<=", COMPARE_LESS_EQUAL},
        {">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},     {">", COMPARE_GREATER},
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (take_text(lex, operators[i].text)) {
            *compare = operators[i].compare;
            return true;
        }
    return false;
}

static struct condition *parse_relation(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    struct condition *left = parse_unary(parser), *node;
    enum compare compare = COMPARE_EQUAL;
    const char *at = lex->at;
    bool in = left && take_in(lex);

    if (!left || (!in && !take_compare(lex, &compare)))
        return left;
    node = condition_new(in ? CONDITION_IN : CONDITION_COMPARE, at);
    node->compare = compare;
    condition_add(node, left);
    if (!condition_add(node, in && lex_sees(lex, '[') ? parse_list(parser) : parse_unary(parser)))
        return NULL;
    at = lex->at;
    if (in ? !parse_check_in(parser, node) : !parse_check_compare(parser, node))
        goto fail;
    if (!take_in(lex) && !take_compare(lex, &compare))
        return node;
    lex_error(lex, at, "comparisons do not follow each other; use parentheses");
fail:
    condition_free(node);
    return NULL;
}

/* Operands of @p operator; a single one is no chain. */
static struct condition *parse_chain(struct parser *parser, const char *operator,
                                     enum condition_kind kind,
                                     struct condition *(*parse)(struct parser *))
{
    struct condition *first = parse(parser), *chain;

    if (!first || !lex_sees_text(&parser->lex, operator))
        return first;
    chain = condition_new(kind, first->at);
    condition_add(chain, first);
    while (take_text(&parser->lex, operator))
        if (!condition_add(chain, parse(parser)))
            return NULL;
    for (const struct condition *operand = chain->first; operand; operand = operand->next)
        if (!parse_check_bool(parser, operand)) {
            condition_free(chain);
            return NULL;
        }
    return chain;
}

static struct condition *parse_conjunct(struct parser *parser)
{
    return parse_chain(parser, "&&", CONDITION_AND, parse_relation);
}

struct condition *parse_condition(struct parser *parser)
{
    struct condition *node;

    if (parser->nested == PARSE_NESTED)
        return too_deep(parser);
    parser->nested++;
    node = parse_chain(parser, "||", CONDITION_OR, parse_conjunct);
    parser->nested--;
    return node;
}
