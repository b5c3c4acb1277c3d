/* pool.h: the strings and arrays of a conf, wiped and freed together. */
#pragma once
#include <stddef.h>

struct pool;

struct pool *pool_new(void);

/** Wipes and frees everything. Takes NULL. */
void pool_free(struct pool *pool);

/** Takes over @p text, which came from mem_*; returns it. */
char *pool_take(struct pool *pool, char *text);

/** A copy of @p length bytes with a NUL behind them. */
char *pool_copy(struct pool *pool, const char *text, size_t length);

/** Zeroed memory for @p count objects of @p size bytes. */
void *pool_array(struct pool *pool, size_t count, size_t size);
