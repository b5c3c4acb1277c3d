/* url.h: the URL of a Redis server. */
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { URL_PORT_DEFAULT = 6379, URL_HOSTS = 16 };

struct url_host {
    char *name; /* NULL: a unix socket */
    int port;
};

struct url {
    bool tls;                         /* rediss:// */
    struct url_host hosts[URL_HOSTS]; /* the first, and the others */
    size_t host_count;
    char *socket_path; /* NULL: TCP */
    int database;
    char *username, *password; /* NULL: not in it; "%40" is decoded */
    bool decoded;              /* the password held such */
};

/**
 * Reads "redis://[user[:password]@]host[:port][,host[:port]...][/db]", the same with "rediss" for
 * TLS, or "unix:///path[?db=N]"; an IPv6 address stands in brackets.
 * Errors:  false and ERR_CONFIG; the text never holds a part of the URL.
 */
bool url_parse(const char *text, struct url *url, struct err *err);

/** Wipes and frees its parts. */
void url_free(struct url *url);
