/* admin_get.h: asks a running penstock's admin port for a page; it blocks. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/**
 * The body of @p path, with a NUL behind it, for free(). @p address: "host:port", or the path of
 * the unix socket, which has a slash. @p token: NULL, or what is sent to be let in. Errors: NULL
 * and ERR_RETRY: nobody answers, or not with 200.
 */
char *admin_get(const char *address, const char *path, const char *token, struct err *err);
