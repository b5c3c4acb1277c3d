/*
 * connection.h: one connection to a server, and how it comes back.
 *
 * connection.c opens it and opens it again; what flows while it is open is its driver's business,
 * which is link.c. The struct is open for it.
 */
#pragma once
#include "base/backoff.h"
#include "base/err.h"
#include "base/log_limit.h"
#include "redis/handshake.h"
#include "redis/socket.h"
#include "redis/stream.h"
#include "redis/topology.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct event;
struct event_base;
struct resolver;
struct conf_sink;
struct sink_counters;
struct tls_context;

/**
 *      DOWN -> RESOLVING -> CONNECTING -> SECURING -> GREETING -> OPEN
 *      any of them -> DOWN, when the connection is lost
 */
enum connection_state {
    CONNECTION_DOWN,       /* waits for the next attempt */
    CONNECTION_RESOLVING,  /* asks for the addresses */
    CONNECTION_CONNECTING, /* tries one of them */
    CONNECTION_SECURING,   /* handshake of TLS, if there is any */
    CONNECTION_GREETING,   /* handshake */
    CONNECTION_OPEN
};

enum {
    CONNECTION_INPUT_BYTES = 64 << 10,
    CONNECTION_TROUBLE_BYTES = ERR_TEXT_BYTES,
    CONNECTION_TIMEOUTS = 4 /* so many response timeouts in a row each double the next one */
};

struct connection;

/** What flows over a connection while it is open; every function but lost may lose it. */
struct connection_driver {
    /** The handshake is done. */
    void (*begin)(struct connection *connection);
    /** Something may have come. */
    void (*read)(struct connection *connection);
    /** There is room in the socket again. */
    void (*flush)(struct connection *connection);
    /** The timer of an open connection. */
    void (*wake)(struct connection *connection);
    /** The connection is gone, or was not even made, for @p text, which it may replace. True:
     * it left commands unanswered, which the server must not carry out any more once the next
     * connection is there. */
    bool (*lost)(struct connection *connection, char text[CONNECTION_TROUBLE_BYTES]);
    /** Commands that wait, for logs. */
    size_t (*waiting)(const struct connection *connection);
};

/** What all connections of a sink share. */
struct connection_setup {
    const struct conf_sink *options;
    struct handshake_options identity;
    struct topology *topology;
    struct tls_context *tls; /* NULL: plain */
    struct sink_counters *counters;
    struct event_base *base;
    /** It has come to another server than before; NULL: nobody asks. */
    void (*server_changed)(void *context, const struct connection *connection);
    void *context;
};

struct connection {
    enum connection_state state;
    const struct connection_setup *setup;
    const struct connection_driver *driver;
    void *context;     /* the driver's */
    unsigned number;   /* for logs */
    struct node *node; /* where it leads, or is to lead */
    unsigned refused;  /* servers in a row that it could not be made to */

    struct stream stream;
    bool blocked; /* the socket is full; writable will tell */
    struct event *readable, *writable, *timer;
    struct resolver *resolver;
    struct addresses addresses;
    size_t address; /* the one being tried */
    struct handshake handshake;
    struct handshake_memory memory; /* of what the other side knows */
    struct handshake_peer former;   /* the connection before, if it left commands unanswered */

    char *input;       /* CONNECTION_INPUT_BYTES to read into */
    unsigned timeouts; /* response timeouts in a row */
    struct backoff reconnect;

    bool troubled;
    char trouble[CONNECTION_TROUBLE_BYTES];
    int64_t trouble_since_ms;
    bool told;                  /* this trouble was logged */
    struct log_limit log_limit; /* which of its reasons were */
    uint32_t times;             /* how often there was one since */
    bool connected_once;
    char run_id[HANDSHAKE_RUN_ID_BYTES]; /* of the last server; empty: unknown */
    bool server_changed;                 /* the connection before led to another one */
};

/** Starts to connect. @p setup and @p context, the driver's, live as long as the connection. */
void connection_open(struct connection *connection, const struct connection_setup *setup,
                     const struct connection_driver *driver, unsigned number, void *context);

/** Ends it at once and frees what it holds. Takes an all-zero one. */
void connection_close(struct connection *connection);

/* --- for drivers ------------------------------------------------------------------------------ */

/** Connects again at once, because the setup has changed: what it has sent and was not answered is
 * sent again. */
void connection_renew(struct connection *connection);

/** As send(2), without blocking and without SIGPIPE. */
ssize_t connection_send(struct connection *connection, const void *bytes, size_t length);

/** As recv(2), without blocking. */
ssize_t connection_receive(struct connection *connection, void *bytes, size_t room);

/** The socket is full: the driver's flush is called when it is not. */
void connection_wait_writable(struct connection *connection);

/** Whether commands may flow. */
static inline bool connection_is_open(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN;
}

/** The socket is gone or cannot be trusted any more: closes it and tries again after a backoff. */
void connection_lost(struct connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* (trouble.c) */

/** It is connected for the first time. */
void connection_tell_connected(const struct connection *connection);

/** It was made again, to the process @p run_id: says so if that is another one than was there. */
void connection_tell_restart(const struct connection *connection, const char *run_id);

/** What it has to do without. */
void connection_tell_lacks(struct connection *connection);

/** Something keeps commands from flowing; shown by sink_trouble() and logged rarely. */
void connection_set_trouble(struct connection *connection, const char *text);

/** Commands flow, and the next trouble begins with the shortest timeout and pause again. */
void connection_recover(struct connection *connection);

/** How long the server may be silent now: the response timeout, longer after earlier timeouts. */
int64_t connection_timeout_ms(const struct connection *connection);

/** It was silent for longer. The next timeout is longer, so that a slow command gets through some
 * day. */
void connection_timed_out(struct connection *connection);

/** Calls the timer of the connection's state in @p milliseconds. */
void connection_wake_in(struct connection *connection, int64_t milliseconds);
