/*
 * distinct.c: removes repeated slices.
 *
 * A few are compared with each other. Many (one record can bring them) are sorted: with a hash the
 * sender could choose slices that all collide.
 */
#include "base/distinct.h"

#include <stdlib.h>

enum { COMPARED = 16 };

/* By bytes; of equal ones, by place. */
static int compare(const void *a, const void *b)
{
    const struct slice *left = *(struct slice *const *)a, *right = *(struct slice *const *)b;
    size_t shorter = left->length < right->length ? left->length : right->length;
    int order = shorter ? memcmp(left->data, right->data, shorter) : 0;

    if (!order)
        order = (left->length > right->length) - (left->length < right->length);
    return order ? order : (left > right) - (left < right);
}

static bool is_among(const struct slice *items, size_t count, struct slice item)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(items[i], item))
            return true;
    return false;
}

static size_t distinct_of_few(struct slice *items, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!is_among(items, kept, items[i]))
            items[kept++] = items[i];
    return kept;
}

static size_t distinct_of_many(struct slice *items, size_t count, struct slice **sorted,
                               bool *repeated)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 0; i < count; i++)
        repeated[sorted[i] - items] = i && slice_equal(*sorted[i - 1], *sorted[i]);
    for (size_t i = 0; i < count; i++)
        if (!repeated[i])
            items[kept++] = items[i];
    return kept;
}

bool distinct(struct slice *items, size_t *count, struct arena *arena, struct err *err)
{
    size_t pointers = *count * sizeof(struct slice *), room = pointers + *count * sizeof(bool);

    if (*count <= COMPARED) {
        *count = distinct_of_few(items, *count);
        return true;
    }
    char *scratch = arena_take(arena, room, err);
    if (!scratch)
        return false;
    *count = distinct_of_many(items, *count, (struct slice **)(void *)scratch,
                              (bool *)(scratch + pointers));
    arena_shrink(arena, scratch, room, 0);
    return true;
}
