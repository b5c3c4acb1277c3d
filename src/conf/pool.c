/* pool.c: the strings and arrays of a conf, wiped and freed together. */
#include "conf/pool.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct pool_item {
    void *memory;
    size_t size;
};

struct pool {
    struct pool_item *items;
    size_t count, capacity;
};

struct pool *pool_new(void)
{
    return mem_new(struct pool);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->count; i++) {
        explicit_bzero(pool->items[i].memory, pool->items[i].size);
        free(pool->items[i].memory);
    }
    free(pool->items);
    free(pool);
}

static void *pool_add(struct pool *pool, void *memory, size_t size)
{
    pool->items = mem_grow(pool->items, pool->count, &pool->capacity, sizeof(*pool->items));
    pool->items[pool->count++] = (struct pool_item){memory, size};
    return memory;
}

char *pool_take(struct pool *pool, char *text)
{
    return pool_add(pool, text, strlen(text));
}

char *pool_copy(struct pool *pool, const char *text, size_t length)
{
    return pool_take(pool, mem_copy(text, length));
}

void *pool_array(struct pool *pool, size_t count, size_t size)
{
    return pool_add(pool, mem_array(count, size), count * size);
}
