/* sink.c: one worker's way into one Redis. */
#include "redis/sink.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/confirm.h"
#include "redis/link.h"
#include "redis/pipeline.h"
#include "redis/servers.h"
#include "redis/units.h"

#include <stdlib.h>

enum { SEND_BYTES = 32 << 10 };

/* One connection, and what is said over it. */
struct way {
    struct link link;
    struct pipeline pipeline;
    bool renews; /* is connected again once all that it has sent is answered */
};

struct sink {
    struct servers servers;
    struct sink_events events;
    uint32_t other; /* the metrics' index of commands without a row */
    struct way *ways;
    unsigned way_count;      /* 0: no ordinary commands */
    struct units *units;     /* NULL: no transactions */
    struct confirm *confirm; /* NULL: nobody asks */
};

static void sink_open_ways(struct sink *sink, const struct sink_events *events)
{
    const struct connection_setup *setup = &sink->servers.setup;
    size_t commands;

    command_all(&commands);
    sink->other = (uint32_t)commands;
    sink->events = *events;
    sink->way_count = (unsigned)setup->options->connections;
    sink->ways = mem_array(sink->way_count, sizeof(*sink->ways));
    for (unsigned i = 0; i < sink->way_count; i++) {
        struct way *way = &sink->ways[i];
        pipeline_init(&way->pipeline, &sink->events, setup->counters,
                      (size_t)setup->options->window_commands,
                      (size_t)setup->options->window_bytes);
        link_init(&way->link, &way->pipeline.session);
        servers_open(&sink->servers, &way->link);
    }
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
        sink_open_ways(sink, options->events);
    if (options->units)
        sink->units = units_new(&sink->servers, options->units);
    return sink;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    confirm_free(sink->confirm);
    servers_close(&sink->servers);
    units_free(sink->units);
    for (unsigned i = 0; i < sink->way_count; i++)
        pipeline_free(&sink->ways[i].pipeline);
    free(sink->ways);
    free(sink);
}

/* --- another configuration -------------------------------------------------------------------- */

static void way_renew(struct way *way)
{
    way->renews = way->pipeline.finishes = true;
}

/* A connection that is not there has nothing to finish. */
static void way_turn(struct way *way)
{
    if (!way->renews ||
        (connection_is_open(&way->link.connection) && !pipeline_is_quiet(&way->pipeline)))
        return;
    way->renews = way->pipeline.finishes = false;
    connection_renew(&way->link.connection);
}

bool sink_configure(struct sink *sink, const struct conf_sink *conf, bool *renewed, struct err *err)
{
    if (!servers_configure(&sink->servers, conf, renewed, err))
        return false;
    for (unsigned i = 0; i < sink->way_count; i++) {
        window_limit(&sink->ways[i].pipeline.window, (size_t)conf->window_commands,
                     (size_t)conf->window_bytes);
        if (*renewed)
            way_renew(&sink->ways[i]);
    }
    if (sink->units)
        units_configure(sink->units, *renewed);
    if (*renewed)
        confirm_renew(sink->confirm);
    return true;
}

struct units *sink_units(const struct sink *sink)
{
    return sink->units;
}

bool sink_has_room(const struct sink *sink)
{
    for (unsigned i = 0; i < sink->way_count; i++)
        if (!window_has_room(&sink->ways[i].pipeline.window))
            return false;
    return true;
}

void sink_put(struct sink *sink, const struct slice *arguments, size_t count,
              const struct command *command, struct slice key, uint32_t ticket)
{
    struct place place = topology_place(&sink->servers.topology, key);
    struct way *way = &sink->ways[place.spread];

    window_put(&way->pipeline.window, arguments, count, command ? command->index : sink->other,
               ticket);
}

/* A good send() full leaves at once, so that the server works while more is put. */
void sink_commit(struct sink *sink)
{
    for (unsigned i = 0; i < sink->way_count; i++) {
        struct way *way = &sink->ways[i];
        window_commit(&way->pipeline.window);
        if (window_unsent(&way->pipeline.window).length >= SEND_BYTES)
            link_send(&way->link);
    }
}

void sink_rollback(struct sink *sink)
{
    for (unsigned i = 0; i < sink->way_count; i++)
        window_rollback(&sink->ways[i].pipeline.window);
}

/* The loop tells when there is something to read; only a sink without room asks by itself. */
void sink_turn(struct sink *sink)
{
    if (sink->units)
        units_turn(sink->units);
    for (unsigned i = 0; i < sink->way_count; i++) {
        struct way *way = &sink->ways[i];
        if (!window_has_room(&way->pipeline.window))
            link_read(&way->link);
        way_turn(way);
        link_send(&way->link);
    }
}

void sink_discard(struct sink *sink)
{
    for (unsigned i = 0; i < sink->way_count; i++)
        pipeline_discard(&sink->ways[i].pipeline);
}

size_t sink_inflight(const struct sink *sink)
{
    size_t inflight = 0;

    for (unsigned i = 0; i < sink->way_count; i++)
        inflight += sink->ways[i].pipeline.window.queue.count;
    return inflight;
}

const struct connection_setup *sink_setup(const struct sink *sink)
{
    return &sink->servers.setup;
}

const char *sink_run_id(const struct sink *sink)
{
    return servers_run_id(&sink->servers);
}

static void sink_server_changed(void *context, const struct connection *connection)
{
    struct sink *sink = context;
    bool repeats = false;

    if (!servers_have(&sink->servers, connection))
        return; /* one that only asks */
    for (unsigned i = 0; i < sink->way_count; i++)
        repeats |= connection == &sink->ways[i].link.connection;
    confirm_server_changed(sink->confirm, repeats);
}

struct confirm *sink_confirm(struct sink *sink, const char *key,
                             const struct confirm_events *events)
{
    sink->confirm = confirm_new(&sink->servers, key, events);
    sink->servers.setup.server_changed = sink_server_changed;
    sink->servers.setup.context = sink;
    return sink->confirm;
}

const char *sink_trouble(const struct sink *sink)
{
    return servers_trouble(&sink->servers);
}

int64_t sink_trouble_since_ms(const struct sink *sink)
{
    return servers_trouble_since_ms(&sink->servers);
}
