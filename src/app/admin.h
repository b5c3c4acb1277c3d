/* admin.h: the admin port, on a thread of its own. */
#pragma once
#include "app/endpoints.h"
#include "base/err.h"

struct admin;

/** Whether there is something to listen on. */
bool admin_is_wanted(const struct conf_admin *conf);

/**
 * Listens on admin.listen and admin.socket of the configuration and on the unix socket that
 * $PENSTOCK_SOCKET names, whichever there are, until admin_stop(). @p parts is copied.
 * Errors:  NULL and those of listening_open().
 */
struct admin *admin_start(const struct admin_parts *parts, struct err *err);

/** The address of admin.listen, with the real port if port 0 was asked for. */
const char *admin_address(const struct admin *admin);

/** Ends the thread and its connections. Takes NULL. */
void admin_stop(struct admin *admin);
