/* http_connection.h: one client of the HTTP server: its requests, and the answers. */
#pragma once
#include "app/access.h"
#include "app/http.h"

struct event_base;
struct http_connection;

/** What all connections of a server have in common. */
struct http_common {
    struct event_base *base;
    struct access access;
    struct endpoints endpoints;
    void *context;          /* of the endpoints */
    unsigned open, streams; /* each connection counts as one of them */
    /** There are fewer open ones. */
    void (*room)(struct http_common *common);
    /** A connection frees itself; it is not counted any more. */
    void (*gone)(struct http_common *common, struct http_connection *connection);
};

/** Serves the client at @p handle until it, the client or the server ends; @p common is borrowed.
 */
struct http_connection *http_connection_new(struct http_common *common, int handle);

/** Closes it; only common->gone() is called. */
void http_connection_free(struct http_connection *connection);

/** Sends @p event if it is a stream, and has not too much waiting. */
void http_connection_publish(struct http_connection *connection, struct slice event);

/** For how long it has waited for its client's request; 0: it answers one, or is a stream. */
int64_t http_connection_waits_ms(const struct http_connection *connection);
