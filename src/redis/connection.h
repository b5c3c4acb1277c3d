/*
 * connection.h: one connection to a server, its window, and how it comes back.
 *
 * connection.c opens it and opens it again; exchange.c sends commands and takes answers while it is
 * open. The struct is open for these two and for sink.c, which puts into the window.
 */
#pragma once
#include "base/backoff.h"
#include "base/err.h"
#include "redis/handshake.h"
#include "redis/resp.h"
#include "redis/sink.h"
#include "redis/socket.h"
#include "redis/topology.h"
#include "redis/window.h"

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct resolver;
struct sink_counters;

/**
 *      DOWN -> RESOLVING -> CONNECTING -> GREETING -> FLOWING <------- PROBING
 *                                            |           | retry class    ^
 *                                            |           v                |
 *                                            |        DRAINING -> PAUSED -|
 *                                            '--- commands wait ----------'
 *      any of them -> DOWN, when the connection is lost
 */
enum connection_state {
    CONNECTION_DOWN,       /* waits for the next attempt */
    CONNECTION_RESOLVING,  /* asks for the addresses */
    CONNECTION_CONNECTING, /* tries one of them */
    CONNECTION_GREETING,   /* handshake */
    CONNECTION_FLOWING,
    CONNECTION_DRAINING, /* an answer said "later": waits for the answers of all that was sent */
    CONNECTION_PAUSED,   /* "later" is not yet */
    CONNECTION_PROBING   /* the oldest command alone is sent, to see whether it goes again */
};

enum {
    CONNECTION_INPUT_BYTES = 64 << 10,
    CONNECTION_TROUBLE_BYTES = ERR_TEXT_BYTES,
    CONNECTION_IDLE_MS = 10000 /* then a PING */
};

/** What all connections of a sink share. */
struct connection_setup {
    const struct conf_sink *options;
    struct handshake_options identity;
    const struct topology *topology;
    const struct sink_events *events;
    struct sink_counters *counters;
    struct event_base *base;
};

struct connection {
    struct window window;
    enum connection_state state;
    const struct connection_setup *setup;
    unsigned number;
    char name[ENDPOINT_NAME_BYTES];

    int fd;       /* -1: none */
    bool blocked; /* the socket is full; writable will tell */
    struct event *readable, *writable, *timer;
    struct resolver *resolver;
    struct addresses addresses;
    size_t address; /* the one being tried */
    struct handshake handshake;
    struct handshake_peer former; /* the connection before, where it left commands unanswered */

    struct resp_scanner scanner;
    char *input; /* read and not scanned yet */
    size_t input_length;
    bool pinged; /* the next answer is a PING's */

    int64_t progress_ms; /* when the other side was last seen to do something */
    int queued;          /* socket_queued(), and when it was asked */
    int64_t queued_ms;
    unsigned silences; /* response timeouts in a row */
    struct backoff reconnect, retry, sick;
    struct backoff *pause; /* retry, or sick where the server ran out of something */

    bool troubled;
    char trouble[CONNECTION_TROUBLE_BYTES];
    int64_t trouble_since_ms;
    bool told;       /* this trouble was logged */
    int64_t told_ms; /* when one was logged; 0: never */
    uint32_t times;  /* how often there was one since */
    bool connected_once;
    char run[HANDSHAKE_RUN_BYTES]; /* of the server that was connected last, where it told */
};

/** Starts to connect. @p setup lives as long as the connection. */
void connection_open(struct connection *connection, const struct connection_setup *setup,
                     unsigned number);

/** Ends it at once and frees what it holds. Takes an all-zero one. */
void connection_close(struct connection *connection);

/** The commands that the operator took the interest from leave the window, where unsent. */
void connection_discard(struct connection *connection);

/* --- for exchange.c --------------------------------------------------------------------------- */

/** The socket is gone or cannot be trusted any more: closes it and tries again after a backoff. */
void connection_lost(struct connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Something keeps commands from flowing; shown by sink_trouble() and logged rarely. */
void connection_set_trouble(struct connection *connection, const char *text);

/** Commands flow. */
void connection_clear_trouble(struct connection *connection);

/** Calls the timer of the connection's state in @p milliseconds. */
void connection_wake_in(struct connection *connection, int64_t milliseconds);
