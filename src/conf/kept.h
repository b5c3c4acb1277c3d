/* kept.h: the strings and arrays of a conf, ended and wiped together. */
#pragma once
#include <stddef.h>

struct conf_kept;

struct conf_kept *kept_new(void);

/** Wipes and frees everything. Takes NULL. */
void kept_free(struct conf_kept *kept);

/** Takes over @p text, which came from mem_*; returns it. */
char *kept_take(struct conf_kept *kept, char *text);

/** A copy of @p length bytes with a NUL behind them. */
char *kept_copy(struct conf_kept *kept, const char *text, size_t length);

/** Zeroed memory for @p count objects of @p size bytes. */
void *kept_array(struct conf_kept *kept, size_t count, size_t size);
