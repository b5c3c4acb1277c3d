/* sink.c: one worker's way into one Redis. */
#include "redis/sink.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/exchange.h"
#include "redis/servers.h"
#include "redis/topology.h"
#include "redis/units.h"

#include <stdlib.h>

enum { SEND_BYTES = 32 << 10 };

struct sink {
    struct servers servers;
    struct sink_events events;
    uint32_t other; /* the metrics' index of commands without a row */
    struct connection *pipelines;
    unsigned pipeline_count; /* 0: no ordinary commands */
    struct units *units;     /* NULL: no transactions */
    void (*moved)(void *context, bool repeats);
    void *moved_context;
};

static void sink_open_pipelines(struct sink *sink, const struct sink_events *events)
{
    size_t commands;

    command_all(&commands);
    sink->other = (uint32_t)commands;
    sink->events = *events;
    sink->servers.setup.events = &sink->events;
    sink->pipeline_count = (unsigned)sink->servers.setup.options->connections;
    sink->pipelines = mem_array(sink->pipeline_count, sizeof(*sink->pipelines));
    for (unsigned i = 0; i < sink->pipeline_count; i++)
        servers_open(&sink->servers, &sink->pipelines[i], &exchange_driver, NULL);
}

struct sink *sink_new(const struct sink_options *options, struct err *err)
{
    struct sink *sink = mem_new(struct sink);

    if (!servers_init(&sink->servers, options->conf, options->client_name, options->base,
                      options->counters, err)) {
        free(sink);
        return NULL;
    }
    if (options->events)
        sink_open_pipelines(sink, options->events);
    if (options->units)
        sink->units = units_new(&sink->servers, options->units);
    return sink;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    servers_close(&sink->servers);
    units_free(sink->units);
    free(sink->pipelines);
    free(sink);
}

void sink_reload(struct sink *sink)
{
    servers_reload(&sink->servers);
}

struct units *sink_units(const struct sink *sink)
{
    return sink->units;
}

bool sink_has_room(const struct sink *sink)
{
    for (unsigned i = 0; i < sink->pipeline_count; i++)
        if (!window_has_room(&sink->pipelines[i].window))
            return false;
    return true;
}

void sink_put(struct sink *sink, const struct slice *arguments, size_t count,
              const struct command *command, struct slice key, uint32_t ticket)
{
    struct connection *connection = &sink->pipelines[topology_pick(sink->pipeline_count, key)];

    window_put(&connection->window, arguments, count, command ? command->index : sink->other,
               ticket);
}

/* A good send() full leaves at once, so that the server works while more is put. */
void sink_commit(struct sink *sink)
{
    for (unsigned i = 0; i < sink->pipeline_count; i++) {
        struct connection *connection = &sink->pipelines[i];
        window_commit(&connection->window);
        if (window_unsent(&connection->window).length >= SEND_BYTES)
            exchange_flush(connection);
    }
}

void sink_rollback(struct sink *sink)
{
    for (unsigned i = 0; i < sink->pipeline_count; i++)
        window_rollback(&sink->pipelines[i].window);
}

/* The loop tells when there is something to read; only who has no room asks for himself. */
void sink_turn(struct sink *sink)
{
    if (sink->units)
        units_turn(sink->units);
    for (unsigned i = 0; i < sink->pipeline_count; i++) {
        struct connection *connection = &sink->pipelines[i];
        if (!window_has_room(&connection->window))
            exchange_read(connection);
        exchange_flush(connection);
    }
}

void sink_discard(struct sink *sink)
{
    for (unsigned i = 0; i < sink->pipeline_count; i++)
        connection_discard(&sink->pipelines[i]);
}

size_t sink_inflight(const struct sink *sink)
{
    size_t inflight = 0;

    for (unsigned i = 0; i < sink->pipeline_count; i++)
        inflight += sink->pipelines[i].window.queue.count;
    return inflight;
}

const struct connection_setup *sink_setup(const struct sink *sink)
{
    return &sink->servers.setup;
}

const char *sink_run(const struct sink *sink)
{
    return servers_run(&sink->servers);
}

static void sink_moved(void *context, const struct connection *connection)
{
    struct sink *sink = context;
    bool repeats =
        connection >= sink->pipelines && connection < sink->pipelines + sink->pipeline_count;

    sink->moved(sink->moved_context, repeats);
}

void sink_watch_moves(struct sink *sink, void (*moved)(void *context, bool repeats), void *context)
{
    sink->moved = moved;
    sink->moved_context = context;
    sink->servers.setup.moved = sink_moved;
    sink->servers.setup.context = sink;
}

const char *sink_trouble(const struct sink *sink)
{
    return servers_trouble(&sink->servers);
}

int64_t sink_trouble_since_ms(const struct sink *sink)
{
    return servers_trouble_since_ms(&sink->servers);
}
