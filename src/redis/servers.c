/* servers.c: the servers of one worker's sink, and its connections to them. */
#include "redis/servers.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "redis/link.h"
#include "redis/tls.h"

#include <stdlib.h>

static bool check_path(const struct conf_sink *options, struct err *err)
{
    struct addresses found;

    return !options->socket_path || addresses_unix(&found, options->socket_path, err);
}

/* What still flows to the former one would not be found on the new one. */
static void servers_assigned(void *context, struct node *node)
{
    struct servers *servers = context;

    log_warn_each(
        "another server is the primary now: acknowledged writes that were not replicated are "
        "lost",
        LOG_STR("sink", servers->setup.options->name), LOG_STR("client", servers->client_name),
        LOG_STR("address", node->name));
    for (size_t i = 0; i < servers->count; i++) {
        struct connection *connection = servers->connections[i];
        if (connection_is_open(connection) && connection->node != node)
            connection_lost(connection, "another server is the primary now");
    }
}

bool servers_init(struct servers *servers, const struct conf_sink *options, const char *client_name,
                  struct event_base *base, struct sink_counters *counters, struct err *err)
{
    struct tls_context *tls = NULL;

    if (!check_path(options, err) || (options->tls.on && !(tls = tls_context_new(options, err))))
        return err_wrap(err, "sink \"%s\"", options->name);
    *servers = (struct servers){.client_name = mem_text(client_name)};
    topology_init(&servers->topology, options);
    servers->topology.assigned = servers_assigned;
    servers->topology.context = servers;
    servers->setup = (struct connection_setup){
        .options = options,
        .identity = {options->username.text, options->password.text, options->password_decoded,
                     servers->client_name, options->database},
        .topology = &servers->topology,
        .tls = tls,
        .counters = counters,
        .base = base,
    };
    return true;
}

void servers_open(struct servers *servers, struct link *link)
{
    servers->connections = mem_grow(servers->connections, servers->count, &servers->capacity,
                                    sizeof(struct connection *));
    servers->connections[servers->count++] = &link->connection;
    link_open(link, &servers->setup, (unsigned)servers->count - 1);
}

void servers_close(struct servers *servers)
{
    for (size_t i = 0; i < servers->count; i++)
        connection_close(servers->connections[i]);
    tls_context_free(servers->setup.tls);
    topology_free(&servers->topology);
    free(servers->connections);
    free(servers->client_name);
}

void servers_reload(struct servers *servers)
{
    const char *sink = servers->setup.options->name, *client = servers->client_name;
    struct err err;

    if (!servers->setup.tls)
        return;
    if (tls_context_reload(servers->setup.tls, &err))
        log_info("certificate files read again: new connections use them", LOG_STR("sink", sink),
                 LOG_STR("client", client));
    else
        log_warn_each("certificate files not accepted: new connections use the old ones",
                      LOG_STR("sink", sink), LOG_STR("client", client), LOG_STR("error", err.text));
}

const char *servers_run_id(const struct servers *servers)
{
    const char *run_id = servers->connections[0]->run_id;

    for (size_t i = 1; i < servers->count; i++)
        if (strcmp(servers->connections[i]->run_id, run_id) != 0)
            return NULL;
    return run_id;
}

/* The connection that is troubled for the longest time; NULL: all is well. */
static const struct connection *servers_troubled(const struct servers *servers)
{
    const struct connection *troubled = NULL;

    for (size_t i = 0; i < servers->count; i++) {
        const struct connection *connection = servers->connections[i];
        if (connection->troubled &&
            (!troubled || connection->trouble_since_ms < troubled->trouble_since_ms))
            troubled = connection;
    }
    return troubled;
}

const char *servers_trouble(const struct servers *servers)
{
    const struct connection *troubled = servers_troubled(servers);

    return troubled ? troubled->trouble : NULL;
}

int64_t servers_trouble_since_ms(const struct servers *servers)
{
    const struct connection *troubled = servers_troubled(servers);

    return troubled ? troubled->trouble_since_ms : 0;
}
