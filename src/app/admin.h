/* admin.h: the admin port, on a thread of its own. */
#pragma once
#include "app/endpoints.h"
#include "base/err.h"

struct admin;

/**
 * Listens on admin.listen and admin.socket of the configuration, whichever there is, until
 * admin_stop(). @p parts is copied. Errors:  NULL and those of listening_open().
 */
struct admin *admin_start(const struct admin_parts *parts, struct err *err);

/** The address it listens on, with the real port if port 0 was asked for. */
const char *admin_address(const struct admin *admin);

/** Ends the thread and its connections. Takes NULL. */
void admin_stop(struct admin *admin);
