/* arena.c: memory that is freed all at once. */
#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of room */
    _Alignas(16) char room[];
};

static void arena_use(struct arena *arena, struct arena_chunk *chunk)
{
    arena->chunks = chunk;
    arena->next = chunk->room;
    arena->end = chunk->room + chunk->size;
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
    assert(size < SIZE_MAX / 2);
    size_t room =
        size + 8 > ARENA_CHUNK_BYTES ? size + 8 : ARENA_CHUNK_BYTES; /* more than size rounded up */
    struct arena_chunk *chunk = mem_resize(NULL, sizeof(*chunk) + room);

    chunk->older = arena->chunks;
    chunk->size = room;
    if (arena->chunks || room > ARENA_CHUNK_BYTES)
        arena->taken += room;
    arena_use(arena, chunk);
    return arena_alloc(arena, size);
}

void *arena_take_slow(struct arena *arena, size_t size, struct err *err)
{
    if (arena_may_take(arena, size))
        return arena_alloc(arena, size);
    err_set(err, ERR_RECORD, "the record needs more than %zu bytes of memory", arena->limit);
    return NULL;
}

bool arena_read(struct arena *arena, size_t size, struct err *err)
{
    arena->read += size;
    return !arena->read_limit || arena->read <= arena->read_limit ||
           err_set(err, ERR_RECORD,
                   "filters and conditions would read more than %zu bytes, each time counted",
                   arena->read_limit);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *kept = NULL;

    while (arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->older;
        if (!kept && chunk->size == ARENA_CHUNK_BYTES)
            kept = chunk;
        else
            free(chunk);
    }
    *arena = (struct arena){.limit = arena->limit, .read_limit = arena->read_limit};
    if (kept) {
        kept->older = NULL;
        arena_use(arena, kept);
    }
}

void arena_free(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->older;
        free(chunk);
    }
    *arena = (struct arena){.limit = arena->limit, .read_limit = arena->read_limit};
}
