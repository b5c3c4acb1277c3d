/* parse_value.c: literals, names, functions and methods of a condition. */
#include "expr/parse.h"

#include "base/mem.h"
#include "expr/literal.h"

static struct condition *literal_node(const char *at, enum value_type type, struct slice owned)
{
    struct condition *node = condition_new(CONDITION_LITERAL, at);

    node->literal = (struct value){.type = (uint8_t)type, .span = 1, .text = owned};
    return node;
}

static struct condition *parse_literal(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    bool string = literal_is_string(lex);
    const char *at = lex->at;
    struct slice text;

    if (string ? !literal_string(lex, &text) : !literal_number(lex, &text))
        return NULL;
    if (!string)
        text.data = mem_copy(text.data, text.length);
    lex_skip_space(lex);
    return literal_node(at, string ? VALUE_STRING : VALUE_NUMBER, text);
}

struct condition *parse_parentheses(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    const char *opening = lex->at;
    struct condition *node;

    lex_take(lex, '(');
    node = parse_condition(parser);
    if (!node || lex_take(lex, ')'))
        return node;
    if (lex->at == lex->end)
        lex_error(lex, opening, "'(' is never closed");
    else
        lex_error(lex, lex->at, "expected an operator or ')'");
    condition_free(node);
    return NULL;
}

/* "has(name)" or "size(value)", lex->at being behind the word. */
static struct condition *parse_function(struct parser *parser, struct slice word)
{
    static const char *const functions[] = {"has", "size"};
    bool has = slice_is(word, "has");
    struct condition *node;

    if (!has && !slice_is(word, "size")) {
        lex_unknown(&parser->lex, word, "function", functions, 2);
        return NULL;
    }
    lex_skip_space(&parser->lex);
    node = condition_new(has ? CONDITION_HAS : CONDITION_SIZE, word.data);
    if (!condition_add(node, parse_parentheses(parser)))
        return NULL;
    if (!has || node->first->kind == CONDITION_REFERENCE)
        return node;
    lex_error(&parser->lex, node->first->at, "has() asks for a name");
    condition_free(node);
    return NULL;
}

/* A word: a literal, a function, or else the start of a name. */
static struct condition *parse_word(struct parser *parser)
{
    static const struct {
        const char *text;
        enum value_type type;
    } words[] = {{"true", VALUE_TRUE}, {"false", VALUE_FALSE}, {"null", VALUE_NULL}};
    struct lex *lex = &parser->lex;
    struct slice word = {lex->at, parse_name_length(lex, lex->at, false)};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i].text)) {
            lex->at += word.length;
            lex_skip_space(lex);
            return literal_node(word.data, words[i].type, (struct slice){0});
        }
    if (!parse_is_call(lex, lex->at + word.length))
        return parse_name(parser);
    lex->at += word.length;
    return parse_function(parser, word);
}

static struct condition *parse_primary(struct parser *parser)
{
    struct lex *lex = &parser->lex;

    if (lex_sees(lex, '('))
        return parse_parentheses(parser);
    if (literal_is_number(lex) || literal_is_string(lex))
        return parse_literal(parser);
    if (parse_name_length(lex, lex->at, false))
        return parse_word(parser);
    if (lex_sees(lex, '['))
        return parse_name(parser);
    if (lex_sees_text(lex, "%{"))
        lex_error(lex, lex->at, "fields stand bare in a condition: state == 'paid', without %%{ }");
    else
        lex_error(lex, lex->at,
                  lex->at == lex->end ? "the condition ends where a value was expected"
                                      : "expected a value");
    return NULL;
}

static const struct method {
    const char *name;
    enum condition_kind kind;
} methods[] = {
    {"startsWith", CONDITION_STARTS_WITH},
    {"endsWith", CONDITION_ENDS_WITH},
    {"contains", CONDITION_CONTAINS},
    {"matches", CONDITION_MATCHES},
    {"size", CONDITION_SIZE},
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

static const struct method *method_find(struct slice name, const struct lex *lex)
{
    const char *candidates[METHODS];

    for (size_t i = 0; i < METHODS; i++) {
        if (slice_is(name, methods[i].name))
            return &methods[i];
        candidates[i] = methods[i].name;
    }
    lex_unknown(lex, name, "function", candidates, METHODS);
    return NULL;
}

/* Replaces the argument of matches() by its compiled form. */
static bool compile_pattern(struct parser *parser, struct condition *node)
{
    struct condition *argument = node->last;

    if (argument->kind != CONDITION_LITERAL || argument->literal.type != VALUE_STRING)
        return lex_error(&parser->lex, argument->at, "matches() takes a string in quotes");
    node->pattern = pattern_new(argument->literal.text, condition_unit(node->first),
                                PATTERN_MATCHES, parser->lex.err);
    return node->pattern || lex_error_within(&parser->lex, argument->at);
}

/* ".name(argument)" at lex->at behind @p node, which becomes its first operand. */
static struct condition *parse_method(struct parser *parser, struct condition *target)
{
    struct lex *lex = &parser->lex;
    struct slice name = {lex->at + 1, parse_name_length(lex, lex->at + 1, false)};
    const struct method *method = method_find(name, lex);
    struct condition *node = condition_new(method ? method->kind : CONDITION_HAS, target->at);

    condition_add(node, target);
    lex->at = name.data + name.length;
    lex_skip_space(lex);
    if (!method)
        goto fail;
    if (method->kind == CONDITION_SIZE) {
        if (!lex_take(lex, '(') || !lex_take(lex, ')'))
            lex_error(lex, lex->at, "expected '()'");
        else if (parse_check_strings(parser, node))
            return node;
        goto fail;
    }
    if (!condition_add(node, parse_parentheses(parser)))
        return NULL;
    if (parse_check_strings(parser, node) &&
        (method->kind != CONDITION_MATCHES || compile_pattern(parser, node)))
        return node;
fail:
    condition_free(node);
    return NULL;
}

struct condition *parse_value(struct parser *parser)
{
    struct lex *lex = &parser->lex;
    struct condition *node = parse_primary(parser);

    while (node && lex_sees(lex, '.')) {
        size_t length = parse_name_length(lex, lex->at + 1, false);
        if (!length || !parse_is_call(lex, lex->at + 1 + length)) {
            lex_error(lex, lex->at, "expected a function behind '.'");
            condition_free(node);
            return NULL;
        }
        node = parse_method(parser, node);
    }
    return node;
}
