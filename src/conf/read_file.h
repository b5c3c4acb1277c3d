/* read_file.h: the content of a small file. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/**
 * The content of the file @p path, a NUL behind it; its owner wipes and frees it.
 * Errors:  NULL and ERR_CONFIG if it cannot be read ("No such file or directory"), is longer
 *          than @p limit or holds a NUL; *missing: it does not exist.
 */
char *read_file(const char *path, size_t limit, size_t *length, bool *missing, struct err *err);

/** The same of what can be read from @p file, which is nonblocking, up to its end, within
 * @p patience_ms. */
char *read_descriptor(int file, int patience_ms, size_t limit, size_t *length, struct err *err);
