/* kept.c: the strings and arrays of a conf, ended and wiped together. */
#include "conf/kept.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct kept_item {
    void *memory;
    size_t size;
};

struct conf_kept {
    struct kept_item *items;
    size_t count, capacity;
};

struct conf_kept *kept_new(void)
{
    return mem_new(struct conf_kept);
}

void kept_free(struct conf_kept *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < kept->count; i++) {
        explicit_bzero(kept->items[i].memory, kept->items[i].size);
        free(kept->items[i].memory);
    }
    free(kept->items);
    free(kept);
}

static void *kept_add(struct conf_kept *kept, void *memory, size_t size)
{
    kept->items = mem_grow(kept->items, kept->count, &kept->capacity, sizeof(*kept->items));
    kept->items[kept->count++] = (struct kept_item){memory, size};
    return memory;
}

char *kept_take(struct conf_kept *kept, char *text)
{
    return kept_add(kept, text, strlen(text));
}

char *kept_copy(struct conf_kept *kept, const char *text, size_t length)
{
    return kept_take(kept, mem_copy(text, length));
}

void *kept_array(struct conf_kept *kept, size_t count, size_t size)
{
    return kept_add(kept, mem_array(count, size), count * size);
}
