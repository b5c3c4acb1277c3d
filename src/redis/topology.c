/* topology.c: which servers there are, and which connection a key belongs to. */
#include "redis/topology.h"

#include "conf/conf.h"

#include <stdint.h>
#include <stdio.h>

void endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_BYTES])
{
    if (endpoint->socket_path)
        snprintf(name, ENDPOINT_NAME_BYTES, "unix:%s", endpoint->socket_path);
    else if (strchr(endpoint->host, ':')) /* IPv6 */
        snprintf(name, ENDPOINT_NAME_BYTES, "[%s]:%d", endpoint->host, endpoint->port);
    else
        snprintf(name, ENDPOINT_NAME_BYTES, "%s:%d", endpoint->host, endpoint->port);
}

void topology_init(struct topology *topology, const struct conf_sink *options)
{
    topology->endpoint = (struct endpoint){options->host, options->port, options->socket_path,
                                           options->tls.on ? options : NULL};
    topology->connections = (unsigned)options->connections;
}

struct endpoint topology_endpoint(const struct topology *topology, unsigned number)
{
    (void)number; /* one server for all */
    return topology->endpoint;
}

/* Eight bytes at a time, each mixed in by the multiplication of FNV-1a and a shift, so that the
 * high bits, which choose, depend on all of them. */
unsigned topology_spread(const struct topology *topology, struct slice key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ key.length;
    const char *data = key.data;
    size_t left = key.length;

    while (left) {
        uint64_t word = 0;
        size_t length = left < sizeof(word) ? left : sizeof(word);
        memcpy(&word, data, length);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
        data += length;
        left -= length;
    }
    return (unsigned)((hash >> 32) * topology->connections >> 32);
}
