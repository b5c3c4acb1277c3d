/* bundle.c: the connections of one worker to one sink, and what they share. */
#include "redis/bundle.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "redis/tls.h"

#include <stdlib.h>

static bool check_path(const struct conf_sink *options, struct err *err)
{
    struct addresses found;

    return !options->socket_path || addresses_unix(&found, options->socket_path, err);
}

bool bundle_init(struct bundle *bundle, const struct conf_sink *options, const char *client_name,
                 struct err *err)
{
    struct tls_context *tls = NULL;

    if (!check_path(options, err) || (options->tls.on && !(tls = tls_context_new(options, err))))
        return err_wrap(err, "sink \"%s\"", options->name);
    *bundle = (struct bundle){.client_name = mem_text(client_name)};
    topology_init(&bundle->topology, options);
    bundle->setup = (struct connection_setup){
        .options = options,
        .identity = {options->username.text, options->password.text, options->password_decoded,
                     bundle->client_name, options->database},
        .topology = &bundle->topology,
        .tls = tls,
    };
    return true;
}

void bundle_open(struct bundle *bundle, struct connection *connection, unsigned number,
                 void *context)
{
    bundle->connections = mem_grow(bundle->connections, bundle->count, &bundle->capacity,
                                   sizeof(struct connection *));
    bundle->connections[bundle->count++] = connection;
    connection_open(connection, &bundle->setup, number, context);
}

void bundle_close(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        connection_close(bundle->connections[i]);
    tls_context_free(bundle->setup.tls);
    free(bundle->connections);
    free(bundle->client_name);
}

bool bundle_reload(struct bundle *bundle)
{
    struct err err;

    if (!bundle->setup.tls)
        return false;
    if (tls_context_reload(bundle->setup.tls, &err))
        return true;
    log_warn_each("certificate files not taken: new connections use the old ones",
                  LOG_STR("sink", bundle->setup.options->name),
                  LOG_STR("client", bundle->client_name), LOG_STR("error", err.text));
    return false;
}

const char *bundle_run(const struct bundle *bundle)
{
    const char *run = bundle->connections[0]->run;

    for (size_t i = 1; i < bundle->count; i++)
        if (strcmp(bundle->connections[i]->run, run) != 0)
            return NULL;
    return run;
}

void bundle_watch_moves(struct bundle *bundle, void (*moved)(void *context), void *context)
{
    bundle->setup.moved = moved;
    bundle->setup.moved_context = context;
}

/* The connection that is troubled for the longest time; NULL: all is well. */
static const struct connection *bundle_troubled(const struct bundle *bundle)
{
    const struct connection *troubled = NULL;

    for (size_t i = 0; i < bundle->count; i++) {
        const struct connection *connection = bundle->connections[i];
        if (connection->troubled &&
            (!troubled || connection->trouble_since_ms < troubled->trouble_since_ms))
            troubled = connection;
    }
    return troubled;
}

const char *bundle_trouble(const struct bundle *bundle)
{
    const struct connection *troubled = bundle_troubled(bundle);

    return troubled ? troubled->trouble : NULL;
}

int64_t bundle_trouble_since_ms(const struct bundle *bundle)
{
    const struct connection *troubled = bundle_troubled(bundle);

    return troubled ? troubled->trouble_since_ms : 0;
}
