/*
 * spread.c: "%{*}": the top-level scalar fields of a value as field/value pairs.
 *
 * Which member is the last of its name is found by comparing each with those before it; an object
 * with many members is sorted by name instead, so that the work stays below quadratic.
 */
#include "expr/spread.h"

#include "expr/reference.h"

#include <stdlib.h>

enum { COMPARED_MEMBERS = 32 };

struct member {
    struct slice name;
    const struct value *value;
    bool outdone; /* a later one has the same name */
};

/* One of 64 bits, the same for the same name. */
static uint64_t name_bit(struct slice name)
{
    unsigned ends =
        name.length ? (unsigned char)name.data[0] * 5u + (unsigned char)name.data[name.length - 1]
                    : 0;

    return UINT64_C(1) << (((unsigned)name.length * 11 + ends) % 64);
}

/* Only a name whose bit was there before can be one of those before. */
static void outdo_by_comparing(struct member *members, size_t count)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t bit = name_bit(members[i].name);

        for (size_t j = 0; (seen & bit) && j < i; j++)
            members[j].outdone |= slice_equal(members[i].name, members[j].name);
        seen |= bit;
    }
}

/* By name; of one name, by place. */
static int compare_members(const void *a, const void *b)
{
    const struct member *left = *(struct member *const *)a, *right = *(struct member *const *)b;
    size_t shorter =
        left->name.length < right->name.length ? left->name.length : right->name.length;
    int order = shorter ? memcmp(left->name.data, right->name.data, shorter) : 0;

    if (!order)
        order = (left->name.length > right->name.length) - (left->name.length < right->name.length);
    return order ? order : (left > right) - (left < right);
}

static bool outdo_by_sorting(struct member *members, size_t count, struct arena *arena,
                             struct err *err)
{
    struct member **sorted = arena_take(arena, count * sizeof(struct member *), err);

    if (!sorted)
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &members[i];
    qsort(sorted, count, sizeof(*sorted), compare_members);
    for (size_t i = 0; i + 1 < count; i++)
        sorted[i]->outdone = slice_equal(sorted[i]->name, sorted[i + 1]->name);
    arena_shrink(arena, sorted, count * sizeof(struct member *), 0);
    return true;
}

static bool outdo(struct member *members, size_t count, struct arena *arena, struct err *err)
{
    if (count > COMPARED_MEMBERS)
        return outdo_by_sorting(members, count, arena, err);
    outdo_by_comparing(members, count);
    return true;
}

static struct member *read_members(const struct value *root, struct arena *arena, struct err *err)
{
    struct member *members = arena_take(arena, root->count * sizeof(*members), err);
    const struct value *child = value_first(root);

    for (uint32_t i = 0; members && i < root->count; i++, child = value_next(child)) {
        members[i] = (struct member){.name = value_name(child, arena, err), .value = child};
        if (!members[i].name.data)
            return NULL;
    }
    return members && outdo(members, root->count, arena, err) ? members : NULL;
}

static bool is_text(const struct value *value)
{
    return value->type != VALUE_NULL && value->type != VALUE_ARRAY && value->type != VALUE_OBJECT;
}

static bool write_pairs(const struct value *root, struct arena *arena, struct slice *pairs,
                        size_t *used, struct err *err)
{
    const struct member *members = read_members(root, arena, err);

    *used = 0;
    for (uint32_t i = 0; members && i < root->count; i++) {
        const struct value *value = members[i].value;
        if (members[i].outdone || !is_text(value))
            continue;
        pairs[(*used)++] = members[i].name;
        pairs[*used] = value_text(value, arena, err);
        if (!pairs[(*used)++].data)
            return false;
    }
    return members != NULL;
}

bool spread_fields(struct scope *scope, struct slice **pairs, size_t *count, struct err *err)
{
    const struct value *root;

    if (!scope_value(scope, &root, err))
        return false;
    if (!root)
        return err_set(err, ERR_RECORD, "missing field '*': a tombstone has no fields");
    if (root->type != VALUE_OBJECT)
        return err_set(err, ERR_RECORD, "missing field '*': the value is no object");
    *pairs = arena_take(scope->arena, root->count * 2 * sizeof(**pairs), err);
    if (!*pairs || !write_pairs(root, scope->arena, *pairs, count, err))
        return false;
    return *count || err_set(err, ERR_RECORD, "missing field '*': the value has no scalar field");
}
