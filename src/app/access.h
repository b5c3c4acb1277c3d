/* access.h: who may ask the admin port for what. */
#pragma once
#include "app/endpoint.h"
#include "app/request.h"
#include "conf/conf.h"

enum { ACCESS_WHO_BYTES = 96 };

/** How one server was opened; all of it is borrowed. */
struct access {
    const struct conf_admin *conf;
    const char *name; /* the host that it was told to listen on; NULL: a unix socket */
    bool loopback;    /* only this machine reaches it */
};

/**
 * Whether a request may be answered at all: it was sent to a name of this server, and by no foreign
 * page. Returns 200, or 421 or 403 and @p why.
 */
int access_admit(const struct access *access, const struct request *request, const char **why);

/** Whether it may have an endpoint that needs @p needed. Returns 200, or 401 or 403 and @p why. */
int access_allow(const struct access *access, enum endpoint_access needed,
                 const struct request *request, const char **why);

/** Writes who is at the other end of @p socket to @p who, for the log: "127.0.0.1:40312", or
 * "process 123 of user 0" of a unix socket. */
void access_who(int socket, char who[ACCESS_WHO_BYTES]);
