/* mem.h: allocation that never fails: without memory the process exits, and records that were not
 * committed are read again. */
#pragma once
#include <stddef.h>

/** Zeroed memory of @p size bytes, for free(). Never NULL. */
void *mem_alloc(size_t size);

/** Zeroed memory for @p count objects of @p size bytes; checks the product. */
void *mem_array(size_t count, size_t size);

/** realloc() that never returns NULL; new bytes are not zeroed. */
void *mem_resize(void *memory, size_t size);

/** A copy of @p text, for free(). */
char *mem_text(const char *text);

/** A copy of @p length bytes with a NUL after them. */
char *mem_copy(const void *bytes, size_t length);

/** printf() into fresh memory. */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Makes room for one more element: @p memory holds @p count of room for @p *capacity elements of @p
 * size bytes. Returns the array, perhaps moved, with *capacity raised (doubling, at least 8).
 */
void *mem_grow(void *memory, size_t count, size_t *capacity, size_t size);

/** One zeroed object: mem_new(struct sink) is a struct sink pointer. */
#define mem_new(type) ((type *)mem_alloc(sizeof(type)))
