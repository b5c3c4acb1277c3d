/* sink.c: one worker's way into one Redis. */
#include "redis/sink.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/bundle.h"
#include "redis/exchange.h"

#include <stdlib.h>

enum { SEND_BYTES = 32 << 10 };

struct sink {
    struct bundle bundle;
    struct sink_events events;
    uint32_t other; /* the metrics' index of commands without a row */
    struct connection *connections;
};

struct sink *sink_new(const struct conf_sink *options, unsigned index, const char *client_name,
                      struct event_base *base, struct metrics_worker *metrics,
                      const struct sink_events *events, struct err *err)
{
    struct sink *sink = mem_new(struct sink);
    size_t commands;

    if (!bundle_init(&sink->bundle, options, client_name, err)) {
        free(sink);
        return NULL;
    }
    command_all(&commands);
    sink->other = (uint32_t)commands;
    sink->events = *events;
    sink->bundle.setup.driver = &exchange_driver;
    sink->bundle.setup.events = &sink->events;
    sink->bundle.setup.counters = &metrics->sinks[index];
    sink->bundle.setup.base = base;
    sink->connections = mem_array(sink->bundle.topology.connections, sizeof(*sink->connections));
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++)
        bundle_open(&sink->bundle, &sink->connections[i], i, NULL);
    return sink;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    bundle_close(&sink->bundle);
    free(sink->connections);
    free(sink);
}

void sink_reload(struct sink *sink)
{
    if (bundle_reload(&sink->bundle))
        log_info("certificate files read again: new connections use them",
                 LOG_STR("sink", sink->bundle.setup.options->name),
                 LOG_STR("client", sink->bundle.client_name));
}

bool sink_has_room(const struct sink *sink)
{
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++)
        if (!window_has_room(&sink->connections[i].window))
            return false;
    return true;
}

void sink_put(struct sink *sink, const struct slice *arguments, size_t count,
              const struct command *command, struct slice key, uint32_t ticket)
{
    struct connection *connection = &sink->connections[topology_pick(&sink->bundle.topology, key)];

    window_put(&connection->window, arguments, count, command ? command->index : sink->other,
               ticket);
}

/* A good send() full leaves at once, so that the server works while more is put. */
void sink_commit(struct sink *sink)
{
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++) {
        struct connection *connection = &sink->connections[i];
        window_commit(&connection->window);
        if (window_unsent(&connection->window).length >= SEND_BYTES)
            exchange_flush(connection);
    }
}

void sink_rollback(struct sink *sink)
{
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++)
        window_rollback(&sink->connections[i].window);
}

/* The loop tells when there is something to read; only who has no room asks for himself. */
void sink_turn(struct sink *sink)
{
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++) {
        struct connection *connection = &sink->connections[i];
        if (!window_has_room(&connection->window))
            exchange_read(connection);
        exchange_flush(connection);
    }
}

void sink_discard(struct sink *sink)
{
    for (unsigned i = 0; i < sink->bundle.topology.connections; i++)
        connection_discard(&sink->connections[i]);
}

size_t sink_inflight(const struct sink *sink)
{
    size_t inflight = 0;

    for (unsigned i = 0; i < sink->bundle.topology.connections; i++)
        inflight += sink->connections[i].window.queue.count;
    return inflight;
}

const struct connection_setup *sink_setup(const struct sink *sink)
{
    return &sink->bundle.setup;
}

const char *sink_run(const struct sink *sink)
{
    return bundle_run(&sink->bundle);
}

void sink_watch_moves(struct sink *sink, void (*moved)(void *context), void *context)
{
    bundle_watch_moves(&sink->bundle, moved, context);
}

const char *sink_trouble(const struct sink *sink)
{
    return bundle_trouble(&sink->bundle);
}

int64_t sink_trouble_since_ms(const struct sink *sink)
{
    return bundle_trouble_since_ms(&sink->bundle);
}
