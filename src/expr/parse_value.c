/* parse_value.c: literals, names, functions and methods of a condition. */
#include "expr/parse.h"

#include "base/mem.h"
#include "expr/literal.h"

static struct condition_node *literal_node(const char *at, enum value_type type, struct slice owned)
{
    struct condition_node *node = condition_node_new(CONDITION_LITERAL, at);

    node->text = owned;
    node->literal = value_of(type, owned);
    return node;
}

static struct condition_node *parse_literal(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    bool string = literal_is_string(cursor);
    const char *at = cursor->at;
    struct slice text;

    if (string ? !literal_string(cursor, &text) : !literal_number(cursor, &text))
        return NULL;
    if (!string)
        text.data = mem_copy(text.data, text.length);
    cursor_skip_space(cursor);
    return literal_node(at, string ? VALUE_STRING : VALUE_NUMBER, text);
}

struct condition_node *parse_parentheses(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    const char *opening = cursor->at;
    struct condition_node *node;

    cursor_take(cursor, '(');
    node = parse_condition(parser);
    if (!node || cursor_take(cursor, ')'))
        return node;
    if (cursor->at == cursor->end)
        cursor_error(cursor, opening, "'(' is never closed");
    else
        cursor_error(cursor, cursor->at, "expected an operator or ')'");
    condition_node_free(node);
    return NULL;
}

/* "has(name)" or "size(value)", cursor->at being behind the word. */
static struct condition_node *parse_function(struct parser *parser, struct slice word)
{
    static const char *const functions[] = {"has", "size"};
    bool has = slice_is(word, "has");
    struct condition_node *node;

    if (!has && !slice_is(word, "size")) {
        cursor_unknown(&parser->cursor, word, "function", functions, 2);
        return NULL;
    }
    cursor_skip_space(&parser->cursor);
    node = condition_node_new(has ? CONDITION_HAS : CONDITION_SIZE, word.data);
    if (!condition_node_add(node, parse_parentheses(parser)))
        return NULL;
    if (!has || node->first->kind == CONDITION_REFERENCE)
        return node;
    cursor_error(&parser->cursor, node->first->at, "has() asks for a name");
    condition_node_free(node);
    return NULL;
}

/* A word: a literal, a function, or else the start of a name. */
static struct condition_node *parse_word(struct parser *parser)
{
    static const struct {
        const char *text;
        enum value_type type;
    } words[] = {{"true", VALUE_TRUE}, {"false", VALUE_FALSE}, {"null", VALUE_NULL}};
    struct cursor *cursor = &parser->cursor;
    struct slice word = {cursor->at, parse_name_length(cursor, cursor->at, false)};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i].text)) {
            cursor->at += word.length;
            cursor_skip_space(cursor);
            return literal_node(word.data, words[i].type, (struct slice){0});
        }
    if (!parse_is_call(cursor, cursor->at + word.length))
        return parse_name(parser);
    cursor->at += word.length;
    return parse_function(parser, word);
}

static struct condition_node *parse_primary(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;

    if (cursor_sees(cursor, '('))
        return parse_parentheses(parser);
    if (literal_is_number(cursor) || literal_is_string(cursor))
        return parse_literal(parser);
    if (parse_name_length(cursor, cursor->at, false))
        return parse_word(parser);
    if (cursor_sees(cursor, '['))
        return parse_name(parser);
    if (cursor_sees_text(cursor, "%{"))
        cursor_error(cursor, cursor->at,
                     "fields stand bare in a condition: state == 'paid', without %%{ }");
    else
        cursor_error(cursor, cursor->at,
                     cursor->at == cursor->end ? "the condition ends where a value was expected"
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

static const struct method *method_find(struct slice name, const struct cursor *cursor)
{
    const char *candidates[METHODS];

    for (size_t i = 0; i < METHODS; i++) {
        if (slice_is(name, methods[i].name))
            return &methods[i];
        candidates[i] = methods[i].name;
    }
    cursor_unknown(cursor, name, "function", candidates, METHODS);
    return NULL;
}

/* Replaces the argument of matches() by its compiled form. */
static bool compile_pattern(struct parser *parser, struct condition_node *node)
{
    struct condition_node *argument = node->last;

    if (argument->kind != CONDITION_LITERAL || argument->literal.type != VALUE_STRING)
        return cursor_error(&parser->cursor, argument->at, "matches() takes a string in quotes");
    node->pattern = pattern_new(argument->text, condition_node_unit(node->first), PATTERN_MATCHES,
                                parser->cursor.err);
    return node->pattern || cursor_error_within(&parser->cursor, argument->at);
}

/* ".name(argument)" at cursor->at behind @p node, which becomes its first operand. */
static struct condition_node *parse_method(struct parser *parser, struct condition_node *target)
{
    struct cursor *cursor = &parser->cursor;
    struct slice name = {cursor->at + 1, parse_name_length(cursor, cursor->at + 1, false)};
    const struct method *method = method_find(name, cursor);
    struct condition_node *node =
        condition_node_new(method ? method->kind : CONDITION_HAS, target->at);

    condition_node_add(node, target);
    cursor->at = name.data + name.length;
    cursor_skip_space(cursor);
    if (!method)
        goto fail;
    if (method->kind == CONDITION_SIZE) {
        if (!cursor_take(cursor, '(') || !cursor_take(cursor, ')'))
            cursor_error(cursor, cursor->at, "expected '()'");
        else if (parse_check_strings(parser, node))
            return node;
        goto fail;
    }
    if (!condition_node_add(node, parse_parentheses(parser)))
        return NULL;
    if (parse_check_strings(parser, node) &&
        (method->kind != CONDITION_MATCHES || compile_pattern(parser, node)))
        return node;
fail:
    condition_node_free(node);
    return NULL;
}

struct condition_node *parse_value(struct parser *parser)
{
    struct cursor *cursor = &parser->cursor;
    struct condition_node *node = parse_primary(parser);

    while (node && cursor_sees(cursor, '.')) {
        size_t length = parse_name_length(cursor, cursor->at + 1, false);
        if (!length || !parse_is_call(cursor, cursor->at + 1 + length)) {
            cursor_error(cursor, cursor->at, "expected a function behind '.'");
            condition_node_free(node);
            return NULL;
        }
        node = parse_method(parser, node);
    }
    return node;
}
