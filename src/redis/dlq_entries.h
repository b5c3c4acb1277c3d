/* dlq_entries.h: the stream of dead letters, read entry by entry. For tools: it blocks. */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_sink;
struct dlq_entries;

/** Errors: NULL and ERR_RETRY if the server is away, ERR_CONFIG if it refuses us. */
struct dlq_entries *dlq_entries_new(const struct conf_sink *sink, const char *stream,
                                    struct err *err);

/** Takes NULL. */
void dlq_entries_free(struct dlq_entries *entries);

/**
 * The next entry: its id, and names and values in turn, borrowed until the next call. False at the
 * end, where err->kind stays ERR_NONE, or with ERR_RETRY.
 */
bool dlq_entries_next(struct dlq_entries *entries, const char **id, const struct slice **items,
                      size_t *count, struct err *err);

/** The letter was dealt with: its entry goes. Errors: ERR_RETRY. */
bool dlq_entries_delete(struct dlq_entries *entries, const char *id, struct err *err);
