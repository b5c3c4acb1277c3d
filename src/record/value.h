/*
 * value.h: the tree that decoders build.
 *
 * The nodes of a tree stand in one array in the order of the text: a container, then its children,
 * each child followed by its own. node->span counts the nodes of a subtree, its root included, so
 * the next sibling of a node is node + node->span and nothing is ever followed by pointer. Strings
 * are slices of the payload (still escaped where escaped is set), numbers keep their text,
 * containers keep theirs. The array lives in the batch's arena.
 */
#pragma once
#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
};

struct value {
    uint8_t type;         /* enum value_type */
    bool escaped;         /* VALUE_STRING: text holds JSON escapes */
    bool name_escaped;    /* the name holds JSON escapes */
    bool member_escaped;  /* VALUE_OBJECT: the name of some member does */
    uint32_t span;        /* nodes of this subtree, this one included */
    uint32_t count;       /* children of a container */
    uint32_t name_length; /* of a member of an object */
    const char *name;
    struct slice text; /* string: between the quotes; number and literals: the characters;
                          container: with its brackets */
};

static inline const struct value *value_first(const struct value *container)
{
    return container + 1;
}

/* A plain value is passed without waiting for its span: the processor guesses the branch, and goes
 * through a row of children several at a time. */
static inline const struct value *value_next(const struct value *child)
{
    return child->type < VALUE_ARRAY ? child + 1 : child + child->span;
}

/**
 * The string of a VALUE_STRING without its escapes: the payload's own bytes where there are none,
 * else a copy.
 * Errors:  data is NULL, and ERR_RECORD, where the copy would take more than the arena gives.
 */
struct slice value_string(const struct value *value, struct arena *arena, struct err *err);

/** The name of a member of an object without its escapes. Errors: as value_string(). */
struct slice value_name(const struct value *value, struct arena *arena, struct err *err);

/** Below, at or above zero as the string @p a comes before, is or comes behind @p b, byte by byte.
 * Escapes are read on the way: nothing is copied. */
int value_compare_strings(const struct value *a, const struct value *b);

/** How many characters a string has. */
size_t value_characters(const struct value *value);

/** The member called @p name (the last one, where several are); NULL where there is none or @p
 * value is no object. */
const struct value *value_member(const struct value *value, struct slice name);

/** The element @p index of an array; NULL where there is none. */
const struct value *value_element(const struct value *value, size_t index);
