/* holes.c: the records of a partition that its checkpoint remembers. */
#include "redis/holes.h"

#include "base/mem.h"

#include <stdlib.h>

/* The place of the first hole at or behind @p offset. */
static size_t holes_place(const struct holes *holes, int64_t offset)
{
    size_t low = 0, high = holes->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (holes->items[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct checkpoint_hole *holes_find(const struct holes *holes, int64_t offset)
{
    size_t place = holes_place(holes, offset);

    return place < holes->count && holes->items[place].offset == offset ? &holes->items[place]
                                                                        : NULL;
}

void holes_add(struct holes *holes, int64_t offset, uint64_t commands)
{
    size_t place = holes_place(holes, offset);

    if (place == holes->count || holes->items[place].offset != offset) {
        holes->items =
            mem_grow(holes->items, holes->count, &holes->capacity, sizeof(*holes->items));
        memmove(holes->items + place + 1, holes->items + place,
                (holes->count - place) * sizeof(*holes->items));
        holes->items[place] = (struct checkpoint_hole){.offset = offset};
        holes->count++;
    }
    holes->items[place].commands |= commands;
}

bool holes_remove(struct holes *holes, int64_t offset)
{
    struct checkpoint_hole *hole = holes_find(holes, offset);

    if (!hole)
        return false;
    holes->count--;
    memmove(hole, hole + 1, (size_t)(holes->items + holes->count - hole) * sizeof(*hole));
    return true;
}

void holes_add_all(struct holes *holes, const struct checkpoint_hole *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        holes_add(holes, items[i].offset, items[i].commands);
}

void holes_clear(struct holes *holes)
{
    free(holes->items);
    *holes = (struct holes){0};
}
