/*
 * parse.h: the text of a condition becomes a tree; the parts of condition.c.
 *
 *      condition  = conjunct, { "||", conjunct }
 *      conjunct   = relation, { "&&", relation }
 *      relation   = unary, [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ), unary
 *                          | "in", ( list | unary ) ]
 *      unary      = { "!" }, primary, { ".", method }
 *      primary    = number | string | "true" | "false" | "null" | "(", condition, ")"
 *                 | "has", "(", name, ")" | "size", "(", condition, ")" | name
 *      method     = ( "startsWith" | "endsWith" | "contains" ), "(", condition, ")"
 *                 | "matches", "(", string, ")" | "size", "(", ")"
 *      list       = "[", [ condition, { ",", condition } ], "]"
 *
 * Each function reads from parser->cursor on and skips what it took and the space behind it.
 * Errors: NULL, with the column in the error of the cursor.
 */
#pragma once
#include "base/cursor.h"
#include "expr/condition_node.h"

enum { PARSE_NESTED = 64 };

struct parser {
    struct cursor cursor;
    unsigned nested;
};

/** parse.c */
struct condition_node *parse_condition(struct parser *parser);

/** parse_value.c: a primary and the methods behind it. */
struct condition_node *parse_value(struct parser *parser);

/** "(", condition, ")" */
struct condition_node *parse_parentheses(struct parser *parser);

/** parse_name.c: a path or a $-name. */
struct condition_node *parse_name(struct parser *parser);

/** The length of the name at @p at; 0 if none starts. In a header's name "-" is a letter like
 * others. */
size_t parse_name_length(const struct cursor *cursor, const char *at, bool header);

/** Whether "(" follows at @p end. */
bool parse_is_call(const struct cursor *cursor, const char *end);

/* parse_types.c: what is known of types at load; a comparison that could never hold is an error. */

/** Errors:  false if the node is known not to be a condition. */
bool parse_check_bool(const struct parser *parser, const struct condition_node *node);

/** The same if an operand of the node is known not to be a string. */
bool parse_check_strings(const struct parser *parser, const struct condition_node *node);

/** The same if two operands cannot be compared. */
bool parse_check_compare(const struct parser *parser, const struct condition_node *node);

/** The same if the right side of "in" holds nothing. */
bool parse_check_in(const struct parser *parser, const struct condition_node *node);
