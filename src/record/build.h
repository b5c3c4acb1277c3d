/*
 * build.h: a tree of values is built, node by node in the order of its text.
 *
 * While a container is open, its span holds the way back to the container around it, so that there
 * is neither recursion nor a stack:
 *
 *      {"a":[1,[        nodes:  {   a:[   1   [          span of an open one: how many nodes back
 *                               0    1    1   2
 *
 * struct build is for decoders, which know before how much room they need and keep it in registers;
 * struct builder, for trees made of parts of others, takes room as it goes.
 */
#pragma once
#include "record/value.h"

enum { BUILD_DEPTH = 128 }; /* containers within each other */

struct build {
    struct value *newest;    /* the node being filled in, or the last one that was */
    struct value *container; /* the innermost open one */
    int depth;               /* containers open */
};

/** Begins a tree at @p nodes, which has room for it: the newest node is the root. */
static inline struct build build_at(struct value *nodes)
{
    *nodes = (struct value){.span = 1};
    return (struct build){nodes, nodes, 0};
}

/** Begins a child of the open container. */
static inline void build_child(struct build *build)
{
    build->container->count++;
    *++build->newest = (struct value){.span = 1};
}

/** Whether nothing was built since the innermost container was opened. */
static inline bool build_is_empty(const struct build *build)
{
    return build->newest == build->container;
}

/** The newest node is a member called so. */
static inline void build_name(struct build *build, struct slice name, bool escaped)
{
    build->newest->name = name.data;
    build->newest->name_length = (uint32_t)name.length;
    build->newest->name_escaped = escaped;
    build->container->member_escaped |= escaped;
}

/** The newest node is a number, a literal, or a string without escapes. */
static inline void build_scalar(struct build *build, uint8_t type, struct slice raw)
{
    build->newest->type = type;
    build->newest->raw = raw;
}

/** The newest node is a string; @p escaped: @p raw holds JSON escapes. */
static inline void build_string(struct build *build, struct slice raw, bool escaped)
{
    build->newest->type = VALUE_STRING;
    build->newest->escaped = escaped;
    build->newest->raw = raw;
}

/** The newest node is an array or object, open from here on; @p text is where its text begins, NULL
 * if it has none. The caller sees to BUILD_DEPTH. */
static inline void build_open(struct build *build, uint8_t type, const char *text)
{
    struct value *node = build->newest;

    build->depth++;
    node->type = type;
    node->raw.data = text;
    node->span = (uint32_t)(node - build->container);
    build->container = node;
}

/** Closes the innermost container; @p end is the end of its text, NULL if it has none. */
static inline void build_close(struct build *build, const char *end)
{
    struct value *closed = build->container;

    build->depth--;
    build->container = closed - closed->span;
    closed->span = (uint32_t)(build->newest + 1 - closed);
    closed->raw.length = end ? (size_t)(end - closed->raw.data) : 0;
}

/** A tree on its way; after the first error nothing more is built. */
struct builder {
    struct arena *arena;
    struct err *err;
    struct build build; /* newest is NULL before the first node */
    struct value *nodes;
    size_t room;       /* nodes that fit */
    struct slice name; /* of the next node */
    bool failed;
};

/** Begins a tree in @p arena. What names and texts are given later is borrowed. */
struct builder builder_new(struct arena *arena, struct err *err);

/** Names the next node, a member of the open object; @p name has no escapes. */
void builder_member(struct builder *builder, struct slice name);

/** @p text: a number's digits, or a string without escapes; of a literal data may be NULL. */
void builder_scalar(struct builder *builder, enum value_type type, struct slice text);

/** A copy of @p subtree, which keeps its name unless builder_member() gave another. */
void builder_copy(struct builder *builder, const struct value *subtree);

/** Opens an array or an object. */
void builder_open(struct builder *builder, enum value_type type);

/** Closes the one that was opened last. */
void builder_close(struct builder *builder);

/** The tree. Errors: NULL and ERR_RECORD, set before, if it is too large or too deep. */
const struct value *builder_end(struct builder *builder);
