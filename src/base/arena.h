/*
 * arena.h: memory that is freed all at once.
 *
 * A batch of records is decoded and rendered from one arena; when the batch is encoded the arena is
 * reset and its memory used again. Belongs to one thread.
 */
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

enum { ARENA_CHUNK_BYTES = 64 << 10 }; /* of an ordinary chunk */

/** All zero is an empty arena. */
struct arena {
    char *next, *end;           /* free room of the current chunk */
    struct arena_chunk *chunks; /* newest first */
    size_t taken;               /* by all chunks but a first one of ordinary size */
    size_t limit;               /* of taken, for sizes that the data decides; 0: none */
    size_t read, read_limit;    /* the same for arena_read() */
};

/** Whether @p size more bytes are within the limit. */
static inline bool arena_may_take(const struct arena *arena, size_t size)
{
    return !arena->limit || (arena->taken <= arena->limit && size <= arena->limit - arena->taken);
}

/** The slow path of arena_alloc(): a new chunk. */
void *arena_alloc_slow(struct arena *arena, size_t size);

/** @p size bytes, aligned to 8, not zeroed, until arena_reset(). Never NULL: for sizes that the
 * configuration bounds. */
static inline void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + 7) & ~(size_t)7;

    if (rounded < size || (size_t)(arena->end - arena->next) <= rounded) /* also while empty */
        return arena_alloc_slow(arena, size);
    void *memory = arena->next;
    arena->next += rounded;
    return memory;
}

/** The slow path of arena_take(). */
void *arena_take_slow(struct arena *arena, size_t size, struct err *err);

/**
 * The same for sizes that the data decides. A size that fits into the current chunk is always fine.
 * Errors:  NULL and ERR_RECORD above the limit.
 */
static inline void *arena_take(struct arena *arena, size_t size, struct err *err)
{
    if (size < (size_t)(arena->end - arena->next))
        return arena_alloc(arena, size);
    return arena_take_slow(arena, size, err);
}

/**
 * Counts @p size bytes of the data that are read once more: reading takes no memory, but time.
 * Errors:  false and ERR_RECORD above the limit.
 */
bool arena_read(struct arena *arena, size_t size, struct err *err);

/** Frees all but @p keep bytes of the newest allocation @p memory, which has @p size bytes. */
static inline void arena_shrink(struct arena *arena, void *memory, size_t size, size_t keep)
{
    if ((char *)memory + ((size + 7) & ~(size_t)7) == arena->next)
        arena->next = (char *)memory + ((keep + 7) & ~(size_t)7);
}

/** A copy of @p length bytes with a NUL after them. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);

/** Frees every allocation; keeps one chunk of ordinary size for the next batch. */
void arena_reset(struct arena *arena);

/** Frees everything; the arena is empty again. */
void arena_free(struct arena *arena);
