/* endpoint.c: where a server listens. */
#include "redis/endpoint.h"

#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

unsigned endpoint_count(const struct conf_sink *options)
{
    return 1 + (unsigned)options->other_count;
}

struct endpoint endpoint_of(const struct conf_sink *options, unsigned index)
{
    const struct conf_address *other = index ? &options->others[index - 1] : NULL;

    return (struct endpoint){other ? other->host : options->host,
                             other ? other->port : options->port, options->socket_path,
                             options->tls.on ? options : NULL};
}

void endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_BYTES])
{
    if (endpoint->socket_path)
        snprintf(name, ENDPOINT_NAME_BYTES, "unix:%s", endpoint->socket_path);
    else if (strchr(endpoint->host, ':')) /* IPv6 */
        snprintf(name, ENDPOINT_NAME_BYTES, "[%s]:%d", endpoint->host, endpoint->port);
    else
        snprintf(name, ENDPOINT_NAME_BYTES, "%s:%d", endpoint->host, endpoint->port);
}
