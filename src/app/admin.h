/* admin.h: the admin port: metrics and probes, on a thread of its own. */
#pragma once
#include "app/http.h"
#include "base/err.h"

#include <stdio.h>

struct admin;
struct health;
struct metrics;

/**
 * Listens on @p listen ("host:port") and on the unix socket @p socket (see listening.h) until
 * admin_stop(); NULL: not there. @p metrics and @p health are borrowed. Errors:  NULL and
 * those of listening_open().
 */
struct admin *admin_start(const char *listen, const char *socket, struct http_hosts hosts,
                          struct metrics *metrics, struct health *health, struct err *err);

/** The address it listens on, with the real port if port 0 was asked for. */
const char *admin_address(const struct admin *admin);

/** Ends the thread and its connections. Takes NULL. */
void admin_stop(struct admin *admin);

/** Writes the reference page of the endpoints (docs/reference/http.md). */
void admin_write_reference(FILE *out);
