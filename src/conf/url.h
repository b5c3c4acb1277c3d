/* url.h: the URL of a Redis server. */
#pragma once
#include "base/err.h"

#include <stdbool.h>

enum { URL_PORT_DEFAULT = 6379 };

struct url {
    bool tls;   /* rediss:// */
    char *host; /* NULL: a unix socket */
    int port;
    char *socket_path; /* NULL: TCP */
    int database;
    char *username, *password; /* NULL: not in it; "%40" is decoded */
    bool decoded;              /* the password held such */
};

/**
 * Reads "redis://[user[:password]@]host[:port][/db]", the same with "rediss" for TLS, or
 * "unix:///path[?db=N]"; an IPv6 address stands in brackets.
 * Errors:  false and ERR_CONFIG; the text never holds a part of the URL.
 */
bool url_parse(const char *text, struct url *url, struct err *err);

/** Wipes and frees its parts. */
void url_free(struct url *url);
