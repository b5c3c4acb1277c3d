/* servers.c: the servers of one worker's sink, and its connections to them. */
#include "redis/servers.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "redis/link.h"
#include "redis/tls.h"

#include <stdlib.h>
#include <string.h>

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

static struct handshake_options identity_of(const struct conf_sink *options,
                                            const char *client_name)
{
    return (struct handshake_options){options->username.text, options->password.text,
                                      options->password_decoded, client_name, options->database};
}

bool servers_init(struct servers *servers, const struct conf_sink *options, const char *client_name,
                  struct event_base *base, struct sink_counters *counters, struct err *err)
{
    struct tls_context *tls = NULL;

    if (!check_path(options, err) || (options->tls.on && !(tls = tls_context_new(options, err))))
        return err_wrap(err, "sink \"%s\"", options->name);
    *servers = (struct servers){.client_name = mem_text(client_name), .tls = tls};
    topology_init(&servers->topology, options);
    servers->topology.assigned = servers_assigned;
    servers->topology.context = servers;
    servers->setup = (struct connection_setup){
        .options = options,
        .identity = identity_of(options, servers->client_name),
        .topology = &servers->topology,
        .tls = tls,
        .counters = counters,
        .base = base,
    };
    return true;
}

static bool is_same_text(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

static bool is_same_tls(const struct conf_tls *one, const struct conf_tls *other)
{
    return one->on == other->on && one->min_version == other->min_version &&
           is_same_text(one->ca.text, other->ca.text) &&
           is_same_text(one->cert.text, other->cert.text) &&
           is_same_text(one->key.text, other->key.text) &&
           is_same_text(one->server_name.text, other->server_name.text);
}

/* Whether connections are made in the same way with both. */
static bool is_same(const struct conf_sink *one, const struct conf_sink *other)
{
    bool same = is_same_tls(&one->tls, &other->tls) && one->database == other->database &&
                is_same_text(one->username.text, other->username.text) &&
                is_same_text(one->password.text, other->password.text) &&
                endpoint_count(one) == endpoint_count(other);

    for (unsigned i = 0; same && i < endpoint_count(one); i++) {
        const struct endpoint was = endpoint_of(one, i), is = endpoint_of(other, i);
        same = was.port == is.port && is_same_text(was.host, is.host) &&
               is_same_text(was.socket_path, is.socket_path);
    }
    return same;
}

/* Files that were read before are read again in any case: they may be others by now. */
static bool servers_configure_tls(struct servers *servers, const struct conf_sink *options,
                                  struct err *err)
{
    if (!options->tls.on)
        return true;
    if (!servers->tls) {
        servers->tls = tls_context_new(options, err);
        return servers->tls || err_wrap(err, "sink \"%s\"", options->name);
    }
    if (tls_context_configure(servers->tls, options, err))
        log_info("certificate files read again: new connections use them",
                 LOG_STR("sink", options->name), LOG_STR("client", servers->client_name));
    else
        log_warn_each("certificate files not accepted: new connections use the old ones",
                      LOG_STR("sink", options->name), LOG_STR("client", servers->client_name),
                      LOG_STR("error", err->text));
    return true;
}

bool servers_configure(struct servers *servers, const struct conf_sink *options, bool *renew,
                       struct err *err)
{
    struct connection_setup *setup = &servers->setup;

    if (!servers_configure_tls(servers, options, err))
        return false;
    *renew = !is_same(setup->options, options);
    setup->options = options;
    setup->identity = identity_of(options, servers->client_name);
    setup->tls = options->tls.on ? servers->tls : NULL;
    topology_configure(&servers->topology, options);
    return true;
}

bool servers_have(const struct servers *servers, const struct connection *connection)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->connections[i] == connection)
            return true;
    return false;
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
    tls_context_free(servers->tls);
    topology_free(&servers->topology);
    free(servers->connections);
    free(servers->client_name);
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
