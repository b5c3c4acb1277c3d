/*
 * bundle.h: the connections of one worker to one sink, and what they share.
 *
 * sink.c and units.c have one each: what flows over its connections is theirs.
 */
#pragma once
#include "redis/connection.h"
#include "redis/topology.h"

struct conf_sink;

struct bundle {
    struct connection_setup
        setup; /* driver, events, counters and base are the owner's to fill in */
    struct topology topology;
    char *client_name;
    struct connection **connections; /* borrowed */
    size_t count, capacity;
};

/** Connects nothing yet; stays where it is from now on. Errors: ERR_CONFIG, and nothing to free. */
bool bundle_init(struct bundle *bundle, const struct conf_sink *options, const char *client_name,
                 struct err *err);

/** connection_open() with the bundle's setup. */
void bundle_open(struct bundle *bundle, struct connection *connection, unsigned number,
                 void *context);

/** Closes the connections. */
void bundle_close(struct bundle *bundle);

/** Reads the certificate files again, for connections to come; where one is bad the old ones stay,
 * and the log says so. Whether they were read. */
bool bundle_reload(struct bundle *bundle);

/** What sink.h says of sink_run(), sink_watch_moves(), sink_trouble(), sink_trouble_since_ms(). */
const char *bundle_run(const struct bundle *bundle);
void bundle_watch_moves(struct bundle *bundle, void (*moved)(void *context), void *context);
const char *bundle_trouble(const struct bundle *bundle);
int64_t bundle_trouble_since_ms(const struct bundle *bundle);
