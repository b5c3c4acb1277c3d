/* gaps.c: records below a checkpoint's next offset that are to be run. */
#include "redis/gaps.h"

#include "base/mem.h"

#include <stdlib.h>

/* The place of the first gap at or behind @p offset. */
static size_t gaps_place(const struct gaps *gaps, int64_t offset)
{
    size_t low = 0, high = gaps->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (gaps->items[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct checkpoint_gap *gaps_find(const struct gaps *gaps, int64_t offset)
{
    size_t place = gaps_place(gaps, offset);

    return place < gaps->count && gaps->items[place].offset == offset ? &gaps->items[place] : NULL;
}

void gaps_add(struct gaps *gaps, int64_t offset, uint64_t commands)
{
    size_t place = gaps_place(gaps, offset);

    if (place == gaps->count || gaps->items[place].offset != offset) {
        gaps->items = mem_grow(gaps->items, gaps->count, &gaps->capacity, sizeof(*gaps->items));
        memmove(gaps->items + place + 1, gaps->items + place,
                (gaps->count - place) * sizeof(*gaps->items));
        gaps->items[place] = (struct checkpoint_gap){.offset = offset};
        gaps->count++;
    }
    gaps->items[place].commands |= commands;
}

bool gaps_remove(struct gaps *gaps, int64_t offset)
{
    struct checkpoint_gap *gap = gaps_find(gaps, offset);

    if (!gap)
        return false;
    gaps->count--;
    memmove(gap, gap + 1, (size_t)(gaps->items + gaps->count - gap) * sizeof(*gap));
    return true;
}

void gaps_add_all(struct gaps *gaps, const struct checkpoint_gap *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gaps_add(gaps, items[i].offset, items[i].commands);
}

void gaps_clear(struct gaps *gaps)
{
    free(gaps->items);
    *gaps = (struct gaps){0};
}
