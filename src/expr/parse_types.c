/* parse_types.c: what is known of the types in a condition at load. */
#include "expr/parse.h"

enum { TYPE_ANY = -1, TYPE_BOOL = VALUE_TRUE };

static int condition_type(const struct condition_node *node)
{
    switch (node->kind) {
    case CONDITION_LITERAL:
        return node->literal.type == VALUE_FALSE ? TYPE_BOOL : node->literal.type;
    case CONDITION_REFERENCE:
        return reference_type(&node->reference);
    case CONDITION_SIZE:
        return VALUE_NUMBER;
    default:
        return TYPE_BOOL;
    }
}

static const char *type_name(int type)
{
    switch (type) {
    case VALUE_NULL:
        return "null";
    case VALUE_NUMBER:
        return "a number";
    case VALUE_STRING:
        return "a string";
    default:
        return "true or false";
    }
}

bool parse_check_bool(const struct parser *parser, const struct condition_node *node)
{
    int type = condition_type(node);

    return type == TYPE_ANY || type == TYPE_BOOL ||
           cursor_error(&parser->cursor, node->at, "this is %s, not a condition", type_name(type));
}

bool parse_check_compare(const struct parser *parser, const struct condition_node *node)
{
    int left = condition_type(node->first), right = condition_type(node->first->next);
    bool ordered = node->compare != COMPARE_EQUAL && node->compare != COMPARE_UNEQUAL;

    if (ordered)
        for (const struct condition_node *side = node->first; side; side = side->next) {
            int type = condition_type(side);
            if (type == TYPE_BOOL || type == VALUE_NULL)
                return cursor_error(&parser->cursor, side->at, "%s has no order", type_name(type));
        }
    if (left == right || left == TYPE_ANY || right == TYPE_ANY)
        return true;
    if (!ordered && (left == VALUE_NULL || right == VALUE_NULL))
        return true;
    return cursor_error(&parser->cursor, node->at, "%s does not compare with %s", type_name(left),
                        type_name(right));
}

bool parse_check_strings(const struct parser *parser, const struct condition_node *node)
{
    for (const struct condition_node *side = node->first; side; side = side->next) {
        int type = condition_type(side);
        if (type != TYPE_ANY && type != VALUE_STRING)
            return cursor_error(&parser->cursor, side->at, "this is %s, not a string",
                                type_name(type));
    }
    return true;
}

bool parse_check_in(const struct parser *parser, const struct condition_node *node)
{
    const struct condition_node *where = node->last;
    int type = where->kind == CONDITION_LIST ? TYPE_ANY : condition_type(where);

    return type == TYPE_ANY ||
           cursor_error(&parser->cursor, where->at,
                        "expected a list or a field behind 'in', this is %s", type_name(type));
}
