/*
 * connection.c: one connection to a server, and how it comes back.
 *
 * Every loss ends in DOWN with a backoff. The name is resolved again at each attempt, and all its
 * addresses are tried in turn. The handshake makes sure that what the former connection left
 * unanswered does not run any more (handshake.c).
 */
#include "redis/connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/reply.h"
#include "redis/resolver.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BACKOFF_FIRST_MS = 50, BACKOFF_LONGEST_MS = 5000 };

/* --- opening and losing ----------------------------------------------------------------------- */

void connection_wake_in(struct connection *connection, int64_t milliseconds)
{
    struct timeval delay = {milliseconds / 1000, milliseconds % 1000 * 1000};

    evtimer_add(connection->timer, &delay);
}

int64_t connection_timeout_ms(const struct connection *connection)
{
    return connection->setup->options->response_timeout << connection->timeouts;
}

void connection_timed_out(struct connection *connection)
{
    if (connection->timeouts < CONNECTION_TIMEOUTS)
        connection->timeouts++;
}

/* How long one of the handshakes may take. */
static int64_t connection_handshake_ms(const struct connection *connection)
{
    int64_t timeout_ms = connection_timeout_ms(connection);
    int64_t connect_ms = connection->setup->options->connect_timeout;

    return timeout_ms < connect_ms ? timeout_ms : connect_ms;
}

static void connection_close_socket(struct connection *connection)
{
    if (connection->readable)
        event_free(connection->readable);
    if (connection->writable)
        event_free(connection->writable);
    stream_close(&connection->stream);
    connection->readable = connection->writable = NULL;
    connection->blocked = false;
    handshake_end(&connection->handshake);
}

static void connection_fall(struct connection *connection, int64_t wait_ms,
                            char text[CONNECTION_TROUBLE_BYTES])
{
    if (connection_is_open(connection))
        connection->setup->counters->connections_up--;
    if (connection->driver->lost(connection, text))
        connection->former = connection->handshake.self;
    connection->memory.left_out = 0; /* whoever answers next is asked for everything */
    connection_close_socket(connection);
    connection->state = CONNECTION_DOWN;
    connection_set_trouble(connection, text);
    connection_wake_in(connection, wait_ms);
}

/* A new attempt at once, without a word. */
static void connection_again(struct connection *connection)
{
    connection_close_socket(connection);
    connection->state = CONNECTION_DOWN;
    connection_wake_in(connection, 0);
}

/* Nothing is the matter, so nobody is told. */
void connection_renew(struct connection *connection)
{
    char text[CONNECTION_TROUBLE_BYTES] = "the configuration has changed";

    if (connection_is_open(connection))
        connection->setup->counters->connections_up--;
    if (connection->state != CONNECTION_DOWN && connection->driver->lost(connection, text))
        connection->former = connection->handshake.self;
    connection->memory = (struct handshake_memory){0};
    connection->refused = 0;
    backoff_reset(&connection->reconnect);
    connection_again(connection);
}

/* Another of the sink's servers may be the primary: it is asked at once, until each was. A server
 * that may not be asked for its role shows it by what it answers to commands. */
static bool connection_asks_next(struct connection *connection, const char *text)
{
    struct topology *topology = connection->setup->topology;
    bool open = connection_is_open(connection);

    if (!open || reply_meanings[reply_classify(slice_of(text))].command == REACT_RECONNECT)
        topology_doubt(topology, 0, connection->node);
    if (open || ++connection->refused >= topology->node_count) {
        connection->refused = 0;
        return false;
    }
    connection->memory.left_out = 0;
    connection_again(connection);
    return true;
}

void connection_lost(struct connection *connection, const char *format, ...)
{
    const char *failure = stream_failure(&connection->stream);
    char text[CONNECTION_TROUBLE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (failure) /* it says why what failed did */
        snprintf(text, sizeof(text), "%s", failure);
    if (!connection_asks_next(connection, text))
        connection_fall(connection, backoff_next(&connection->reconnect), text);
}

/* Somebody has to mend it: no hurry. */
static void connection_refused(struct connection *connection, const struct err *err)
{
    connection->setup->counters->logins_refused++;
    connection->reconnect.current_ms = BACKOFF_LONGEST_MS;
    connection_lost(connection, "%s", err->text);
}

/* --- the socket ------------------------------------------------------------------------------- */

/* What TLS holds back must not wait for the next command, in neither direction. */
static void connection_care(struct connection *connection)
{
    if (stream_unsent(&connection->stream))
        event_add(connection->writable, NULL);
    if (stream_holds(&connection->stream))
        event_active(connection->readable, EV_READ, 0);
}

ssize_t connection_send(struct connection *connection, const void *bytes, size_t length)
{
    ssize_t sent = stream_send(&connection->stream, (struct slice){bytes, length});
    int failed = errno;

    connection_care(connection);
    errno = failed;
    return sent;
}

ssize_t connection_receive(struct connection *connection, void *bytes, size_t room)
{
    ssize_t got = stream_receive(&connection->stream, bytes, room);
    int failed = errno;

    connection_care(connection);
    errno = failed;
    return got;
}

void connection_wait_writable(struct connection *connection)
{
    connection->blocked = true;
    event_add(connection->writable, NULL);
}

/* --- handshake -------------------------------------------------------------------------------- */

static void connection_send_handshake(struct connection *connection)
{
    struct slice output = handshake_output(&connection->handshake);
    ssize_t sent = connection_send(connection, output.data, output.length);

    if (sent < 0)
        connection_lost(connection, "send: %s", strerror(errno));
    else if ((size_t)sent < output.length) /* a few hundred bytes into an empty socket */
        connection_lost(connection, "send: no room for the handshake");
}

static void connection_greet(struct connection *connection)
{
    connection->state = CONNECTION_GREETING;
    handshake_begin(&connection->handshake, &connection->setup->identity, &connection->former,
                    &connection->memory);
    connection_wake_in(connection, connection_handshake_ms(connection));
    connection_send_handshake(connection);
}

/* Continues the TLS handshake as far as it can. */
static void connection_secure(struct connection *connection)
{
    struct err err = {0};

    switch (stream_shake(&connection->stream, &err)) {
    case STREAM_READY:
        connection_greet(connection);
        break;
    case STREAM_WAITS:
        connection_care(connection);
        break;
    case STREAM_FAILED:
        if (err.kind == ERR_CONFIG)
            connection_refused(connection, &err);
        else
            connection_lost(connection, "%s", err.text);
        break;
    }
}

static void connection_connected(struct connection *connection)
{
    connection->state = CONNECTION_SECURING;
    event_add(connection->readable, NULL);
    connection_wake_in(connection, connection_handshake_ms(connection));
    connection_secure(connection);
}

static void connection_compare_run_ids(struct connection *connection)
{
    const char *run_id = connection->handshake.run_id;
    bool same = *run_id && strcmp(run_id, connection->run_id) == 0;

    if (*run_id && !same && (*connection->run_id || !*connection->node->run_id))
        connection_tell_restart(connection, run_id);
    connection->server_changed = *run_id && *connection->run_id && !same;
    memcpy(connection->run_id, run_id, sizeof(connection->run_id));
    if (connection->connected_once && !same && connection->setup->server_changed)
        connection->setup->server_changed(connection->setup->context, connection);
}

static void connection_established(struct connection *connection)
{
    const struct connection_setup *setup = connection->setup;

    if (connection->handshake.is_replica) {
        connection_lost(connection, "READONLY: the server is a replica and takes no writes");
        return;
    }
    connection_tell_lacks(connection);
    handshake_end(&connection->handshake);
    connection->former.id = 0;
    setup->counters->connections_up++;
    if (connection->connected_once)
        setup->counters->reconnects++;
    else
        connection_tell_connected(connection);
    connection_compare_run_ids(connection);
    connection->connected_once = true;
    connection->state = CONNECTION_OPEN;
    connection->refused = 0;
    topology_found(setup->topology, 0, connection->node);
    connection->driver->begin(connection);
}

static void connection_take_handshake(struct connection *connection, struct slice bytes)
{
    struct err err = {0};

    switch (handshake_feed(&connection->handshake, bytes, &err)) {
    case HANDSHAKE_MORE:
        break;
    case HANDSHAKE_SEND:
        connection_send_handshake(connection);
        break;
    case HANDSHAKE_DONE:
        connection_established(connection);
        break;
    case HANDSHAKE_FAILED:
        connection_lost(connection, "%s", err.text);
        break;
    case HANDSHAKE_REFUSED:
        connection_refused(connection, &err);
        break;
    }
}

/* A TLS server drops a client that does not speak TLS, without a word; a proxy drops one that sends
 * a command that it does not know. */
static void connection_hung_up(struct connection *connection)
{
    bool silent = !connection->handshake.answered, tls = connection->stream.tls;
    bool may_want_tls = silent && !tls && !connection->setup->options->socket_path;
    struct err err;

    if (handshake_hung_up(&connection->handshake,
                          &err)) /* without the word that this one ended at */
        connection_again(connection);
    else if (may_want_tls)
        connection_lost(connection, "%s before it said a word: does it want TLS (rediss://)%s?",
                        err.text, connection->setup->identity.username ? ", or no username" : "");
    else
        connection_lost(connection, "%s", err.text);
}

static void connection_read_handshake(struct connection *connection)
{
    ssize_t got = connection_receive(connection, connection->input, CONNECTION_INPUT_BYTES);

    if (got > 0)
        connection_take_handshake(connection, (struct slice){connection->input, (size_t)got});
    else if (got == 0 || errno == ECONNRESET)
        connection_hung_up(connection);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        connection_lost(connection, "%s: %s", handshake_awaits(&connection->handshake),
                        strerror(errno));
}

/* --- connecting ------------------------------------------------------------------------------- */

static void connection_on_readable(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;

    (void)fd, (void)what;
    if (connection->state == CONNECTION_SECURING) {
        connection_secure(connection);
    } else if (connection->state == CONNECTION_GREETING) {
        connection_read_handshake(connection);
    } else {
        connection->driver->read(connection);
    }
}

static void connection_try_address(struct connection *connection);

/* The address being tried does not work: the next one, or the end of this attempt. */
static void connection_next_address(struct connection *connection, const struct err *err)
{
    connection_close_socket(connection);
    connection->address++;
    if (connection->address < connection->addresses.count)
        connection_try_address(connection);
    else
        connection_lost(connection, "%s", err->text);
}

static void connection_on_connected(struct connection *connection)
{
    struct err err;

    if (socket_connected(connection->stream.fd, &err))
        connection_connected(connection);
    else
        connection_next_address(connection, &err);
}

/* The socket has room again: first for what TLS has encrypted already. */
static void connection_on_room(struct connection *connection)
{
    if (!stream_flush(&connection->stream))
        connection_lost(connection, "send: %s", strerror(errno));
    else if (stream_unsent(&connection->stream))
        event_add(connection->writable, NULL);
    else if (connection->state == CONNECTION_SECURING)
        connection_secure(connection);
    else if (connection_is_open(connection)) {
        connection->blocked = false;
        connection->driver->flush(connection);
    }
}

static void connection_on_writable(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;

    (void)fd, (void)what;
    if (connection->state == CONNECTION_CONNECTING)
        connection_on_connected(connection);
    else
        connection_on_room(connection);
}

static void connection_try_address(struct connection *connection)
{
    struct event_base *base = connection->setup->base;
    int64_t share_ms =
        connection->setup->options->connect_timeout / (int64_t)connection->addresses.count;
    struct err err;

    connection->state = CONNECTION_CONNECTING;
    int fd = socket_connect(&connection->addresses, connection->address, &err);
    if (fd < 0) {
        connection_next_address(connection, &err);
        return;
    }
    stream_open(&connection->stream, fd, connection->setup->tls, connection->node->endpoint.host);
    connection->readable =
        event_new(base, fd, EV_READ | EV_PERSIST, connection_on_readable, connection);
    connection->writable = event_new(base, fd, EV_WRITE, connection_on_writable, connection);
    event_add(connection->writable, NULL);
    connection_wake_in(connection, share_ms);
}

static void connection_on_addresses(void *context, const struct addresses *found,
                                    const struct err *err)
{
    struct connection *connection = context;

    if (connection->state !=
        CONNECTION_RESOLVING) /* it took too long; the next attempt asks again */
        return;
    if (!found) {
        connection_lost(connection, "%s", err->text);
        return;
    }
    connection->addresses = *found;
    connection->address = 0;
    connection_try_address(connection);
}

static void connection_start(struct connection *connection)
{
    const struct connection_setup *setup = connection->setup;
    struct addresses found;
    struct err err = {0};

    connection->node = topology_owner(setup->topology, 0);
    const struct endpoint *endpoint = &connection->node->endpoint;
    connection->state = CONNECTION_RESOLVING;
    if (endpoint->socket_path) {
        bool good = addresses_unix(&found, endpoint->socket_path, &err);
        connection_on_addresses(connection, good ? &found : NULL, &err);
        return;
    }
    connection_wake_in(connection, setup->options->connect_timeout);
    resolver_ask(connection->resolver, endpoint->host, endpoint->port);
}

static void connection_handshake_timed_out(struct connection *connection)
{
    long long waited_ms = connection_handshake_ms(connection);

    connection_timed_out(connection);
    if (connection->state == CONNECTION_GREETING)
        connection_lost(connection, "handshake: timed out at %s after %lld ms",
                        handshake_awaits(&connection->handshake), waited_ms);
    else
        connection_lost(connection,
                        "TLS: no handshake within %lld ms: does the server speak TLS on this port?",
                        waited_ms);
}

static void connection_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    long long timeout_ms = connection->setup->options->connect_timeout;
    struct err err;

    (void)fd, (void)what;
    switch (connection->state) {
    case CONNECTION_DOWN:
        connection_start(connection);
        break;
    case CONNECTION_RESOLVING:
        connection_lost(connection, "resolve: timed out after %lld ms", timeout_ms);
        break;
    case CONNECTION_CONNECTING:
        err_set(&err, ERR_RETRY, "connect: timed out after %lld ms",
                timeout_ms / (long long)connection->addresses.count);
        connection_next_address(connection, &err);
        break;
    case CONNECTION_SECURING:
    case CONNECTION_GREETING:
        connection_handshake_timed_out(connection);
        break;
    case CONNECTION_OPEN:
        connection->driver->wake(connection);
        break;
    }
}

/* --- life ------------------------------------------------------------------------------------- */

void connection_open(struct connection *connection, const struct connection_setup *setup,
                     const struct connection_driver *driver, unsigned number, void *context)
{
    *connection = (struct connection){.setup = setup,
                                      .driver = driver,
                                      .number = number,
                                      .node = topology_owner(setup->topology, 0),
                                      .context = context,
                                      .stream = {.fd = -1}};
    connection->reconnect =
        (struct backoff){.first_ms = BACKOFF_FIRST_MS, .longest_ms = BACKOFF_LONGEST_MS};
    connection->input = mem_resize(NULL, CONNECTION_INPUT_BYTES);
    connection->timer = evtimer_new(setup->base, connection_on_timer, connection);
    connection->resolver = resolver_new(setup->base, connection_on_addresses, connection);
    /* Not yet a trouble worth a line in the log. */
    connection->troubled = true;
    connection->trouble_since_ms = clock_ms();
    snprintf(connection->trouble, sizeof(connection->trouble), "not connected yet");
    connection_wake_in(connection, 0);
}

void connection_close(struct connection *connection)
{
    if (!connection->setup)
        return;
    if (connection_is_open(connection))
        connection->setup->counters->connections_up--;
    connection_close_socket(connection);
    resolver_free(connection->resolver);
    event_free(connection->timer);
    free(connection->input);
    *connection = (struct connection){.stream = {.fd = -1}};
}
