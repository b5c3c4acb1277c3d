/* ctl_client.h: one question to the admin port of a running bridge. */
#pragma once
#include "base/err.h"

#include <stddef.h>

struct ctl_target {
    const char *socket; /* path of a unix socket; NULL: url */
    const char *url;    /* "http://host:port" */
    const char *token;  /* NULL: none */
};

struct ctl_answer {
    int status;
    char *body; /* with a NUL behind it; free() it */
    size_t length;
};

/**
 * Asks for @p path by @p method, with the JSON @p body unless it is NULL. Errors:  false;
 * ERR_RETRY: nobody answers there, in time; ERR_FATAL: we may not.
 */
bool ctl_ask(const struct ctl_target *target, const char *method, const char *path,
             const char *body, struct ctl_answer *answer, struct err *err);
