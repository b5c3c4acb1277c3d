/*
 * topology.h: which servers there are, and which connection a key belongs to.
 *
 * Standalone: every connection leads to the one server, and keys are spread over the connections.
 */
#pragma once
#include "base/slice.h"

struct conf_sink;

/** Where a server listens; the texts are borrowed from the configuration. */
struct endpoint {
    const char *host; /* NULL: a unix socket */
    int port;
    const char *socket_path;
    const struct conf_sink *tls; /* how it speaks TLS; NULL: it does not */
};

enum { ENDPOINT_NAME_BYTES = 300 };

/** "host:port", "[::1]:port" or "unix:PATH", for logs. */
void endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_BYTES]);

struct topology {
    struct endpoint endpoint;
    unsigned connections;
};

void topology_init(struct topology *topology, const struct conf_sink *options);

/** Where connection @p number leads to now; asked at every attempt to connect. */
struct endpoint topology_endpoint(const struct topology *topology, unsigned number);

/** The slow path of topology_pick(): a hash of the key. */
unsigned topology_spread(const struct topology *topology, struct slice key);

/** The connection for @p key, the same for the same key; a key that is NULL: the first. */
static inline unsigned topology_pick(const struct topology *topology, struct slice key)
{
    return topology->connections == 1 || !key.data ? 0 : topology_spread(topology, key);
}
