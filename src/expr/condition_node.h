/*
 * condition_node.h: a compiled condition: a tree of nodes, each of which gives a value or is
 * missing.
 *
 * Conditions give true or false, other nodes whatever the record has. What is missing makes the
 * comparison around it false.
 */
#pragma once
#include "expr/pattern.h"
#include "expr/reference.h"

enum condition_kind {
    CONDITION_LITERAL,
    CONDITION_REFERENCE,
    CONDITION_LIST, /* only at the right of "in" */
    CONDITION_NOT,
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_COMPARE,
    CONDITION_IN,
    CONDITION_HAS,
    CONDITION_SIZE,
    CONDITION_STARTS_WITH,
    CONDITION_ENDS_WITH,
    CONDITION_CONTAINS,
    CONDITION_MATCHES
};

enum compare {
    COMPARE_EQUAL,
    COMPARE_UNEQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL
};

struct condition_node {
    enum condition_kind kind;
    enum compare compare;                /* CONDITION_COMPARE */
    struct value literal;                /* CONDITION_LITERAL, */
    struct slice text;                   /* and its text, owned; data NULL: true, false, null */
    struct reference reference;          /* CONDITION_REFERENCE */
    struct pattern *pattern;             /* CONDITION_MATCHES */
    struct condition_node *first, *last; /* operands */
    struct condition_node *next;         /* the next operand of the node above */
    const char *at;                      /* its place in the text; only while it is compiled */
};

struct condition_node *condition_node_new(enum condition_kind kind, const char *at);

/**
 * Makes @p child the last operand of @p node. If it is NULL, a mistake in the text, frees @p node
 * and returns false.
 */
bool condition_node_add(struct condition_node *node, struct condition_node *child);

/** The unit in which the strings of a node are counted. */
enum pattern_unit condition_node_unit(const struct condition_node *node);

/** Frees a tree. Takes NULL. */
void condition_node_free(struct condition_node *node);

/**
 * *value is what the node gives, or NULL if it is missing: a node of the record's tree, of the
 * condition, or @p scratch, filled in.
 * Errors:  false and ERR_RECORD if key or value does not decode.
 */
bool condition_node_value(const struct condition_node *node, struct scope *scope,
                          struct value *scratch, const struct value **value, struct err *err);

/** Whether the node gives true; anything else counts as false. Errors: as condition_node_value().
 */
bool condition_node_holds(const struct condition_node *node, struct scope *scope, bool *holds,
                          struct err *err);
