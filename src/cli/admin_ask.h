/* admin_ask.h: asks a running penstock's admin port; it blocks. */
#pragma once
#include "base/err.h"

#include <stddef.h>

struct admin_question {
    const char *address; /* "host:port", or the path of the unix socket, which has a slash */
    const char *token;   /* sent to be let in; NULL: none */
    const char *method, *path;
    const char *body; /* JSON; NULL: none */
};

/**
 * The body of the answer, with a NUL behind it, for free(), and its status. Errors: NULL and
 * ERR_RETRY: nobody answers, or ERR_FATAL: the socket is not for us.
 */
char *admin_ask(const struct admin_question *question, int *status, struct err *err);

/** The page at @p path of @p address. Errors: as above, and ERR_RETRY if the status is not 200. */
char *admin_get(const char *address, const char *path, const char *token, struct err *err);
