/*
 * value.h: the tree that decoders build.
 *
 * The nodes of a tree stand in one array in the order of the text: a container, then its children,
 * each child followed by its own. node->span counts the nodes of a subtree, its root included, so
 * the next sibling of a node is node + node->span and nothing is ever followed by pointer. Strings
 * are slices of the payload (still escaped if escaped is set), numbers keep their digits, a
 * container of a text keeps its part of it. The array lives in the batch's arena.
 *
 * What a node is as text is asked by value_text() and its like, never read from the node: a
 * container that was built from parts has no text before somebody asks.
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
    bool escaped;         /* VALUE_STRING: raw holds JSON escapes */
    bool name_escaped;    /* the name holds JSON escapes */
    bool member_escaped;  /* VALUE_OBJECT: the name of some member does */
    uint32_t span;        /* nodes of this subtree, this one included */
    uint32_t count;       /* children of a container */
    uint32_t name_length; /* of a member of an object */
    const char *name;
    struct slice raw; /* string: between the quotes; number: its digits; literal: its word, or
                         data NULL; container: with its brackets, or data NULL: not written yet */
};

/** A value of its own, of which @p raw is the text; no container. */
static inline struct value value_of(enum value_type type, struct slice raw)
{
    return (struct value){.type = (uint8_t)type, .span = 1, .raw = raw};
}

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

/** A number of its own; its digits are in @p arena. */
struct value value_integer(int64_t number, struct arena *arena);

/** The slow path of value_text(): what has escapes, or no text yet. */
struct slice value_text_made(const struct value *value, struct arena *arena, struct err *err);

/**
 * What a value is as text: a string without its escapes, a number's digits, a literal's word, JSON
 * of a container. The payload's own bytes if it has them as they are needed. Text that a container
 * did not have is written into @p arena, which then must be the tree's own, and kept by the node.
 * Errors:  data is NULL, and ERR_RECORD, if a copy would take more than the arena gives, or if a
 * string within a container is not UTF-8. Numbers and literals always have text.
 */
static inline struct slice value_text(const struct value *value, struct arena *arena,
                                      struct err *err)
{
    return value->raw.data && !value->escaped ? value->raw : value_text_made(value, arena, err);
}

/** The same as the record has it: a string keeps its escapes. Errors: as value_text(). */
static inline struct slice value_raw(const struct value *value, struct arena *arena,
                                     struct err *err)
{
    return value->raw.data ? value->raw : value_text_made(value, arena, err);
}

/** value_json.c: the same as JSON: a string is in quotes, with its own escapes if it has some.
 * Errors: as value_text(), also if a string is not UTF-8 or read too often (arena_read()). */
struct slice value_json(const struct value *value, struct arena *arena, struct err *err);

/** The name of a member of an object without its escapes. Errors: as value_text(). */
struct slice value_name(const struct value *value, struct arena *arena, struct err *err);

/** Below, at or above zero as the string @p a comes before, is or comes behind @p b, byte by byte.
 * Escapes are read on the way: nothing is copied. */
int value_compare_strings(const struct value *a, const struct value *b);

/** How many characters a string has. */
size_t value_characters(const struct value *value);

/** The member called @p name (the last one of several); NULL if there is none or @p
 * value is not an object. */
const struct value *value_member(const struct value *value, struct slice name);

/** The element @p index of an array; NULL if there is none. */
const struct value *value_element(const struct value *value, size_t index);
