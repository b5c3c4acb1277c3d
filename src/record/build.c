/* build.c: a tree made of parts of others: its array grows in the arena. */
#include "record/build.h"

#include <assert.h>

enum { FIRST_NODES = 32 };

struct builder builder_new(struct arena *arena, struct err *err)
{
    return (struct builder){.arena = arena, .err = err};
}

static bool fail(struct builder *builder)
{
    builder->failed = true;
    return false;
}

static size_t used_nodes(const struct builder *builder)
{
    return builder->build.newest ? (size_t)(builder->build.newest + 1 - builder->nodes) : 0;
}

/* Moves to a larger array: nodes refer to each other by distance only. */
static bool grow(struct builder *builder, size_t room)
{
    struct value *nodes = arena_take(builder->arena, room * sizeof(*nodes), builder->err);
    struct build *build = &builder->build;

    if (!nodes)
        return fail(builder);
    if (build->newest) {
        memcpy(nodes, builder->nodes, used_nodes(builder) * sizeof(*nodes));
        build->container = nodes + (build->container - builder->nodes);
        build->newest = nodes + (build->newest - builder->nodes);
    }
    builder->nodes = nodes;
    builder->room = room;
    return true;
}

/* Begins the next node, and sees to room for @p count nodes from it on. */
static bool begin_node(struct builder *builder, size_t count)
{
    struct build *build = &builder->build;
    size_t needed = used_nodes(builder) + count;

    if (builder->failed || (needed > builder->room && !grow(builder, FIRST_NODES + 2 * needed)))
        return false;
    assert(!build->newest || build->depth); /* one root */
    if (build->newest)
        build_child(build);
    else
        *build = build_at(builder->nodes);
    if (builder->name.data)
        build_name(build, builder->name, false);
    builder->name = (struct slice){0};
    return true;
}

void builder_member(struct builder *builder, struct slice name)
{
    builder->name = name;
}

void builder_scalar(struct builder *builder, enum value_type type, struct slice text)
{
    assert(type < VALUE_ARRAY);
    if (begin_node(builder, 1))
        build_scalar(&builder->build, (uint8_t)type, text);
}

/* How many containers of @p tree lie within each other; what is above BUILD_DEPTH is not told
 * apart. */
static int depth_of(const struct value *tree)
{
    const struct value *ends[BUILD_DEPTH];
    int open = 0, deepest = 0;

    for (const struct value *node = tree; node < tree + tree->span; node++) {
        while (open && node == ends[open - 1])
            open--;
        if (node->type < VALUE_ARRAY)
            continue;
        if (open == BUILD_DEPTH)
            return BUILD_DEPTH + 1;
        ends[open++] = node + node->span;
        deepest = open > deepest ? open : deepest;
    }
    return deepest;
}

static bool check_depth(struct builder *builder, int more)
{
    if (builder->build.depth + more <= BUILD_DEPTH)
        return true;
    err_set(builder->err, ERR_RECORD, "more than %d containers within each other", BUILD_DEPTH);
    return fail(builder);
}

void builder_copy(struct builder *builder, const struct value *subtree)
{
    bool renamed = builder->name.data;

    if (builder->failed || !check_depth(builder, depth_of(subtree)) ||
        !begin_node(builder, subtree->span))
        return;
    struct value *node = builder->build.newest, named = *node;
    memcpy(node, subtree, subtree->span * sizeof(*node));
    if (renamed)
        build_name(&builder->build, (struct slice){named.name, named.name_length}, false);
    else
        builder->build.container->member_escaped |= node->name_escaped;
    builder->build.newest = node + node->span - 1;
}

void builder_open(struct builder *builder, enum value_type type)
{
    assert(type >= VALUE_ARRAY);
    if (!builder->failed && check_depth(builder, 1) && begin_node(builder, 1))
        build_open(&builder->build, (uint8_t)type, NULL);
}

void builder_close(struct builder *builder)
{
    if (!builder->failed)
        build_close(&builder->build, NULL);
}

const struct value *builder_end(struct builder *builder)
{
    if (builder->failed)
        return NULL;
    assert(builder->build.newest && !builder->build.depth);
    arena_shrink(builder->arena, builder->nodes, builder->room * sizeof(*builder->nodes),
                 used_nodes(builder) * sizeof(*builder->nodes));
    return builder->nodes;
}
