/* sink.c: one worker's way into one Redis. */
#include "redis/sink.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/connection.h"
#include "redis/exchange.h"
#include "redis/tls.h"

#include <stdlib.h>

enum { SEND_BYTES = 32 << 10 };

struct sink {
    struct connection_setup setup;
    struct topology topology;
    struct sink_events events;
    char *client_name;
    uint32_t other; /* the metrics' index of commands without a row */
    struct connection *connections;
};

static bool sink_check_path(const struct conf_sink *options, struct err *err)
{
    struct addresses found;

    return !options->socket_path || addresses_unix(&found, options->socket_path, err);
}

struct sink *sink_new(const struct conf_sink *options, unsigned index, const char *client_name,
                      struct event_base *base, struct metrics_worker *metrics,
                      const struct sink_events *events, struct err *err)
{
    struct tls_context *tls = NULL;
    size_t commands;

    if (!sink_check_path(options, err) ||
        (options->tls.on && !(tls = tls_context_new(options, err)))) {
        err_wrap(err, "sink \"%s\"", options->name);
        return NULL;
    }
    struct sink *sink = mem_new(struct sink);
    command_all(&commands);
    sink->other = (uint32_t)commands;
    sink->events = *events;
    sink->client_name = mem_text(client_name);
    topology_init(&sink->topology, options);
    sink->setup = (struct connection_setup){
        .driver = &exchange_driver,
        .options = options,
        .identity = {options->username.text, options->password.text, sink->client_name,
                     options->database},
        .topology = &sink->topology,
        .tls = tls,
        .events = &sink->events,
        .counters = &metrics->sinks[index],
        .base = base,
    };
    sink->connections = mem_array(sink->topology.connections, sizeof(*sink->connections));
    for (unsigned i = 0; i < sink->topology.connections; i++)
        connection_open(&sink->connections[i], &sink->setup, i, NULL);
    return sink;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    for (unsigned i = 0; i < sink->topology.connections; i++)
        connection_close(&sink->connections[i]);
    tls_context_free(sink->setup.tls);
    free(sink->connections);
    free(sink->client_name);
    free(sink);
}

void sink_reload(struct sink *sink)
{
    const char *name = sink->setup.options->name;
    struct err err;

    if (!sink->setup.tls)
        return;
    if (tls_context_reload(sink->setup.tls, &err))
        log_info("certificate files read again: new connections use them", LOG_STR("sink", name),
                 LOG_STR("client", sink->client_name));
    else
        log_warn_each("certificate files not taken: new connections use the old ones",
                      LOG_STR("sink", name), LOG_STR("client", sink->client_name),
                      LOG_STR("error", err.text));
}

bool sink_has_room(const struct sink *sink)
{
    for (unsigned i = 0; i < sink->topology.connections; i++)
        if (!window_has_room(&sink->connections[i].window))
            return false;
    return true;
}

void sink_put(struct sink *sink, const struct slice *arguments, size_t count,
              const struct command *command, struct slice key, uint32_t ticket)
{
    struct connection *connection = &sink->connections[topology_pick(&sink->topology, key)];

    window_put(&connection->window, arguments, count, command ? command->index : sink->other,
               ticket);
}

/* A good send() full leaves at once, so that the server works while more is put. */
void sink_commit(struct sink *sink)
{
    for (unsigned i = 0; i < sink->topology.connections; i++) {
        struct connection *connection = &sink->connections[i];
        window_commit(&connection->window);
        if (window_unsent(&connection->window).length >= SEND_BYTES)
            exchange_flush(connection);
    }
}

void sink_rollback(struct sink *sink)
{
    for (unsigned i = 0; i < sink->topology.connections; i++)
        window_rollback(&sink->connections[i].window);
}

/* The loop tells when there is something to read; only who has no room asks for himself. */
void sink_turn(struct sink *sink)
{
    for (unsigned i = 0; i < sink->topology.connections; i++) {
        struct connection *connection = &sink->connections[i];
        if (!window_has_room(&connection->window))
            exchange_read(connection);
        exchange_flush(connection);
    }
}

void sink_discard(struct sink *sink)
{
    for (unsigned i = 0; i < sink->topology.connections; i++)
        connection_discard(&sink->connections[i]);
}

size_t sink_inflight(const struct sink *sink)
{
    size_t inflight = 0;

    for (unsigned i = 0; i < sink->topology.connections; i++)
        inflight += sink->connections[i].window.count;
    return inflight;
}

const struct connection_setup *sink_setup(const struct sink *sink)
{
    return &sink->setup;
}

const char *sink_run(const struct sink *sink)
{
    const char *run = sink->connections[0].run;

    for (unsigned i = 1; i < sink->topology.connections; i++)
        if (strcmp(sink->connections[i].run, run) != 0)
            return NULL;
    return run;
}

void sink_watch_moves(struct sink *sink, void (*moved)(void *context), void *context)
{
    sink->setup.moved = moved;
    sink->setup.moved_context = context;
}

/* The connection that is troubled for the longest time; NULL: all is well. */
static const struct connection *sink_troubled(const struct sink *sink)
{
    const struct connection *troubled = NULL;

    for (unsigned i = 0; i < sink->topology.connections; i++) {
        const struct connection *connection = &sink->connections[i];
        if (connection->troubled &&
            (!troubled || connection->trouble_since_ms < troubled->trouble_since_ms))
            troubled = connection;
    }
    return troubled;
}

const char *sink_trouble(const struct sink *sink)
{
    const struct connection *troubled = sink_troubled(sink);

    return troubled ? troubled->trouble : NULL;
}

int64_t sink_trouble_since_ms(const struct sink *sink)
{
    const struct connection *troubled = sink_troubled(sink);

    return troubled ? troubled->trouble_since_ms : 0;
}
