/*
 * sink.h: one worker's way into one Redis.
 *
 * Two engines share its servers: ordinary commands (here) and transactions (units.h). Ordinary
 * commands are put for one record at a time and become sendable, or are taken back, as a whole.
 * Everything runs on the worker's thread and its event loop and never blocks. Answers arrive
 * through sink_events while the loop runs, in the order of the commands of each connection.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"
#include "redis/commands.h"
#include "redis/sink_events.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_sink;
struct confirm;
struct confirm_events;
struct connection_setup;
struct event_base;
struct sink;
struct sink_counters;
struct units;
struct units_events;

/** Copied, unless a field says that it is borrowed. */
struct sink_options {
    const struct conf_sink *conf; /* borrowed */
    const char *client_name;      /* what CLIENT LIST shows */
    struct event_base *base;      /* borrowed */
    struct sink_counters *counters;
    const struct sink_events *events; /* of ordinary commands; NULL: there will be none */
    const struct units_events *units; /* of transactions; NULL: there will be none */
};

/** Starts to connect. Errors:  NULL and ERR_CONFIG. */
struct sink *sink_new(const struct sink_options *options, struct err *err);

/** Ends the connections at once. Takes NULL. */
void sink_free(struct sink *sink);

/**
 * From now on as @p conf says, which replaces the former one; it has the same name, connections and
 * durability. *renewed: each connection is made anew once all that it has sent is answered.
 * Certificate files are read again for connections to come; if one is bad the old ones stay, and
 * the log says so. Errors:  ERR_CONFIG: there were none before.
 */
bool sink_configure(struct sink *sink, const struct conf_sink *conf, bool *renewed,
                    struct err *err);

/** What transactions are put into, while the sink lives; NULL: none. */
struct units *sink_units(const struct sink *sink);

/** Whether another record's commands may be put. A record may go over the limit, then nothing more
 * until answers came. */
bool sink_has_room(const struct sink *sink);

/**
 * Puts one command behind what was put before. @p command is its row in commands.def, NULL if it
 * has none;
 * @p key picks the connection (one key stays on one connection); data NULL: the first connection.
 * @p ticket comes back with the answer.
 */
void sink_put(struct sink *sink, const struct slice *arguments, size_t count,
              const struct command *command, struct slice key, uint32_t ticket);

/** All that was put since the last call may be sent. */
void sink_commit(struct sink *sink);

/** Takes back all that was put since the last sink_commit(); no answers come for it. */
void sink_rollback(struct sink *sink);

/** Writes what fits and reads what came. */
void sink_turn(struct sink *sink);

/** Drops commands that were not sent and are not wanted any more. */
void sink_discard(struct sink *sink);

/** Ordinary commands put and not answered. */
size_t sink_inflight(const struct sink *sink);

/** What the sink's connections are made with; for comparison.c. */
const struct connection_setup *sink_setup(const struct sink *sink);

/** The run_id of the server that all connections lead to, or led to; empty if that is not known,
 * NULL if they differ. */
const char *sink_run_id(const struct sink *sink);

/** Confirms what the sink answers (confirm.h), while it lives. Once. */
struct confirm *sink_confirm(struct sink *sink, const char *key,
                             const struct confirm_events *events);

/** NULL while commands and transactions flow; else what is the matter, as /readyz shows it. */
const char *sink_trouble(const struct sink *sink);

/** Since when (clock_ms) sink_trouble() is not NULL; 0 while all is well. */
int64_t sink_trouble_since_ms(const struct sink *sink);
