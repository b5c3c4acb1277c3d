/* listening.h: the address or the unix socket that the admin port listens on. */
#pragma once
#include "base/err.h"

#include <event2/listener.h>

struct listening {
    struct evconnlistener *listener;
    char *name;        /* the host as it was asked for; NULL: a unix socket */
    char address[128]; /* where it really listens, with the real port */
};

/**
 * Listens on @p where: "host:port", "[::1]:port", ":port" for every address, port 0 for a free one;
 * or "/path" of a unix socket for its owner and group, mode 0660. A socket that a killed process
 * left there is replaced. Errors:  false and ERR_CONFIG, or ERR_RETRY if the place is taken; @p
 * listening is left for listening_close().
 */
bool listening_open(struct listening *listening, struct event_base *base, const char *where,
                    evconnlistener_cb accepted, void *context, struct err *err);

/** Whether only this machine can connect to it. */
bool listening_is_loopback(const struct listening *listening);

/** Removes the unix socket. Takes one that was not opened, all of it zero. */
void listening_close(struct listening *listening);
