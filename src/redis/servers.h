/*
 * servers.h: the servers of one worker's sink, and its connections to them.
 *
 * What flows over the connections is the engines' (sink.c, units.c); what the connections have in
 * common is here.
 */
#pragma once
#include "redis/connection.h"
#include "redis/topology.h"

struct conf_sink;
struct link;

struct servers {
    struct connection_setup setup;
    struct topology topology;
    struct tls_context *tls; /* NULL: none was ever needed */
    char *client_name;
    struct connection **connections; /* of the data; borrowed */
    size_t count, capacity;
};

/** Connects nothing yet; stays where it is from now on. Errors: ERR_CONFIG, and nothing to free. */
bool servers_init(struct servers *servers, const struct conf_sink *options, const char *client_name,
                  struct event_base *base, struct sink_counters *counters, struct err *err);

/**
 * From now on as @p options says, which replaces the former one. *renew: those that
 * connect from now on do so otherwise.
 * Errors:  ERR_CONFIG: the certificate files cannot be read.
 */
bool servers_configure(struct servers *servers, const struct conf_sink *options, bool *renew,
                       struct err *err);

/** Whether the connection is one of the data. */
bool servers_have(const struct servers *servers, const struct connection *connection);

/** Starts to connect. */
void servers_open(struct servers *servers, struct link *link);

/** Closes the connections. */
void servers_close(struct servers *servers);

/** What sink.h says of sink_run_id(), sink_trouble(), sink_trouble_since_ms(). */
const char *servers_run_id(const struct servers *servers);
const char *servers_trouble(const struct servers *servers);
int64_t servers_trouble_since_ms(const struct servers *servers);
