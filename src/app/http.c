/*
 * http.c: a small HTTP server: GET and HEAD of a few fixed paths.
 *
 *      READING --head complete, too long, or too late--> ANSWERING --all sent--> LINGERING --> gone
 *         ^                                                  |
 *         +---first byte---  WAITING  <---all sent, not last-+
 *
 * A stream goes from READING to STREAMING, and stays there until its client or a deadline ends it.
 * Its place is one of its own: viewers take none from probes, and a crowd takes none from viewers.
 * Requests on one connection are answered one after the other: while an answer is being sent, the
 * next request stays in the buffer, which has a limit. A request that we refuse, one with a body
 * and one that comes when all places are taken are the last on their connection: what follows them
 * is never taken for a request. A connection that lingers has sent its answer and its end, and
 * discards what still comes: if it were closed at once, with bytes unread, TCP would reset it and
 * the client might never see the answer. At the limit of connections the listener pauses, and
 * clients wait in the kernel's queue for a free place; a client that has a place and does not use
 * it soon loses it.
 */
#include "app/http.h"

#include "app/listening.h"
#include "app/request.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { LINGER_MS = 1000, REST_MS = 200 };

enum connection_state { READING, ANSWERING, WAITING, LINGERING, STREAMING };

struct connection {
    struct http *http;
    struct bufferevent *stream;
    struct event *deadline;
    enum connection_state state;
    int64_t since_ms; /* in this state */
    bool last;        /* no request is taken after this one */
    bool ended;       /* the client will send nothing more */
};

struct http {
    struct event_base *base;
    struct listening listening;
    struct http_hosts hosts;
    struct event *rest;    /* pending: accept() failed a moment ago */
    struct event *crowded; /* pending: all places are taken */
    const struct http_endpoint *endpoints;
    size_t endpoint_count;
    void *context;
    struct connection *connections[HTTP_CONNECTIONS + HTTP_STREAMS];
    unsigned open, streams; /* each connection counts as one of them */
};

/* --- answers --------------------------------------------------------------------------------- */

static const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {414, "URI Too Long"},
        {421, "Misdirected Request"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].status == status)
            return rows[i].reason;
    return "Unknown";
}

static void connection_deadline(struct connection *connection, int milliseconds)
{
    struct timeval later = {milliseconds / 1000, (milliseconds % 1000) * 1000};

    evtimer_add(connection->deadline, &later);
}

static void connection_begin(struct connection *connection, enum connection_state state,
                             int milliseconds)
{
    connection->state = state;
    connection->since_ms = clock_ms();
    connection_deadline(connection, milliseconds);
}

/* A page takes nothing from anywhere else, and is a part of no other page. */
static const char standing_headers[] =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

static void connection_answer(struct connection *connection, const struct http_answer *answer,
                              struct slice body, bool head_only)
{
    struct evbuffer *out = bufferevent_get_output(connection->stream);

    evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n%sContent-Type: %s\r\n", answer->status,
                        http_reason(answer->status),
                        answer->status == 405 ? "Allow: GET, HEAD\r\n" : "", answer->type);
    if (!answer->stream)
        evbuffer_add_printf(out, "Content-Length: %zu\r\n", body.length);
    evbuffer_add_printf(out, "%s%s\r\n", standing_headers,
                        connection->last ? "Connection: close\r\n" : "");
    if (!head_only)
        evbuffer_add(out, body.data, body.length);
    connection_begin(connection, ANSWERING, HTTP_CONNECTION_MS);
}

static const struct http_answer plain_answer = {
    .status = 200,
    .type = "text/plain; charset=utf-8",
};

static void connection_refuse(struct connection *connection, int status, const char *why)
{
    struct http_answer answer = plain_answer;

    answer.status = status;
    connection->last = true;
    connection_answer(connection, &answer, slice_of(why), false);
}

static void http_not_found(const struct http *http, struct slice path, struct http_answer *answer)
{
    const char **paths = mem_array(http->endpoint_count, sizeof(*paths));

    for (size_t i = 0; i < http->endpoint_count; i++)
        paths[i] = http->endpoints[i].path;
    const char *nearest = text_nearest(path, paths, http->endpoint_count);
    answer->status = 404;
    fputs("There is no such page; ", answer->body);
    if (nearest)
        fprintf(answer->body, "did you mean %s?\n", nearest);
    else
        fputs("/ lists the pages.\n", answer->body);
    free(paths);
}

static void http_route(const struct http *http, const struct request *request,
                       struct http_answer *answer)
{
    for (size_t i = 0; i < http->endpoint_count; i++)
        if (slice_is(request->path, http->endpoints[i].path)) {
            http->endpoints[i].answer(http->context, request, answer);
            return;
        }
    http_not_found(http, request->path, answer);
}

static void http_make_room(struct http *http)
{
    http->open--;
    evtimer_del(http->crowded);
    if (!evtimer_pending(http->rest, NULL))
        evconnlistener_enable(http->listening.listener);
}

/* What was answered so far is only the beginning. */
static void connection_stream(struct connection *connection)
{
    connection->http->streams++;
    http_make_room(connection->http);
    connection_begin(connection, STREAMING, HTTP_STALLED_MS);
}

static void connection_serve(struct connection *connection, const struct request *request)
{
    struct http *http = connection->http;
    struct http_answer answer = plain_answer;
    char *body = NULL;
    size_t length = 0;

    answer.body = open_memstream(&body, &length);
    http_route(http, request, &answer);
    fclose(answer.body);
    connection->last = request->last || http->open == HTTP_CONNECTIONS || answer.stream;
    if (answer.stream && http->streams == HTTP_STREAMS) {
        connection_refuse(connection, 503, "As many clients as may read this stream read it.\n");
    } else {
        connection_answer(connection, &answer, (struct slice){body, length}, request->head_only);
        if (answer.stream && !request->head_only)
            connection_stream(connection);
    }
    free(body);
}

/* --- connections ----------------------------------------------------------------------------- */

static void connection_free(struct connection *connection)
{
    struct http *http = connection->http;

    for (unsigned i = 0; i < HTTP_CONNECTIONS + HTTP_STREAMS; i++)
        if (http->connections[i] == connection)
            http->connections[i] = NULL;
    if (connection->state == STREAMING)
        http->streams--;
    else
        http_make_room(http);
    bufferevent_free(connection->stream);
    event_free(connection->deadline);
    free(connection);
}

static bool host_is_address(struct slice host)
{
    struct in6_addr address; /* room for either kind */
    char text[INET6_ADDRSTRLEN];

    if (host.length >= sizeof(text))
        return false;
    memcpy(text, host.data, host.length);
    text[host.length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool host_is(struct slice host, const char *name)
{
    return strlen(name) == host.length && strncasecmp(name, host.data, host.length) == 0;
}

/* A browser always sends a Host; a client without one is not a browser. */
static bool http_is_meant(const struct http *http, struct slice host)
{
    if (!host.length || host_is(host, "localhost") ||
        (http->listening.name && host_is(host, http->listening.name)) || host_is_address(host))
        return true;
    for (size_t i = 0; i < http->hosts.count; i++)
        if (strcmp(http->hosts.names[i], "*") == 0 || host_is(host, http->hosts.names[i]))
            return true;
    return false;
}

static void connection_head(struct connection *connection, struct slice head)
{
    struct request request;
    int status = request_parse(head, &request);

    if (status == 200 && !http_is_meant(connection->http, request.host))
        connection_refuse(connection, 421,
                          "This port answers to localhost, to IP addresses and to the names in "
                          "admin.hosts.\n");
    else if (status == 200)
        connection_serve(connection, &request);
    else if (status == 405)
        connection_refuse(connection, status, "Only GET and HEAD are supported.\n");
    else if (status == 505)
        connection_refuse(connection, status, "Only HTTP/1.1 and HTTP/1.0 are supported.\n");
    else
        connection_refuse(connection, status, "This is not an HTTP request.\n");
}

/* Answers the request whose head has come, or refuses what can be none. */
static void connection_take(struct connection *connection, struct evbuffer *in)
{
    size_t length = evbuffer_get_length(in);
    ev_ssize_t line = evbuffer_search(in, "\r\n", 2, NULL).pos;
    ev_ssize_t end = evbuffer_search(in, "\r\n\r\n", 4, NULL).pos;
    size_t head = end < 0 ? length : (size_t)end + 2;

    if (head > HTTP_HEAD_BYTES && (line < 0 || line > HTTP_HEAD_BYTES))
        connection_refuse(connection, 414, "The request line is longer than 8 KiB.\n");
    else if (head > HTTP_HEAD_BYTES)
        connection_refuse(connection, 431, "The headers are longer than 8 KiB.\n");
    else if (end >= 0)
        connection_head(connection,
                        (struct slice){(const char *)evbuffer_pullup(in, (ev_ssize_t)head), head});
    else
        return;
    evbuffer_drain(in, connection->last ? length : head + 2);
}

static void connection_read(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    struct evbuffer *in = bufferevent_get_input(stream);

    if (connection->state == WAITING)
        connection_begin(connection, READING, HTTP_HEAD_MS);
    if (connection->state == READING)
        connection_take(connection, in);
    else if (connection->last)
        evbuffer_drain(in, evbuffer_get_length(in));
}

/* Its answer is sent, and not the last: the next request may be here already. */
static void connection_next(struct connection *connection)
{
    connection_begin(connection, WAITING, HTTP_IDLE_MS);
    if (evbuffer_get_length(bufferevent_get_input(connection->stream)))
        connection_read(connection->stream, connection);
    if (connection->ended && connection->state != ANSWERING)
        connection_free(connection);
}

/* Everything is written; libevent also calls this for a new connection. */
static void connection_written(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;

    if (connection->state == STREAMING)
        evtimer_del(connection->deadline);
    else if (connection->state != ANSWERING)
        return;
    if (connection->state == ANSWERING && !connection->last) {
        connection_next(connection);
    } else if (connection->ended) {
        connection_free(connection);
    } else if (connection->state == ANSWERING) {
        shutdown(bufferevent_getfd(stream), SHUT_WR);
        connection_begin(connection, LINGERING, LINGER_MS);
    }
}

static void connection_event(struct bufferevent *stream, short what, void *context)
{
    struct connection *connection = context;
    bool writes = evbuffer_get_length(bufferevent_get_output(stream)) > 0;

    connection->ended = true;
    if (!writes || (what & BEV_EVENT_ERROR))
        connection_free(connection);
}

static void connection_late(evutil_socket_t handle, short what, void *context)
{
    struct connection *connection = context;

    (void)handle, (void)what;
    if (connection->state != READING) {
        connection_free(connection);
        return;
    }
    connection_refuse(connection, 408, "The request did not arrive within 2 s.\n");
    connection_deadline(connection, LINGER_MS);
}

static const struct timeval moment = {0, HTTP_CROWDED_MS * 1000};

static void http_accept(struct evconnlistener *listener, evutil_socket_t handle,
                        struct sockaddr *address, int length, void *context)
{
    struct http *http = context;
    struct connection *connection = mem_new(struct connection);
    unsigned place = 0;

    (void)address, (void)length;
    while (http->connections[place])
        place++; /* one is free: the listener pauses while none is */
    http->connections[place] = connection;
    connection->http = http;
    connection->stream = bufferevent_socket_new(http->base, handle, BEV_OPT_CLOSE_ON_FREE);
    connection->deadline = evtimer_new(http->base, connection_late, connection);
    bufferevent_setcb(connection->stream, connection_read, connection_written, connection_event,
                      connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, 2 * HTTP_HEAD_BYTES);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    connection_begin(connection, READING, HTTP_HEAD_MS);
    if (++http->open < HTTP_CONNECTIONS)
        return;
    evconnlistener_disable(listener);
    evtimer_add(http->crowded, &moment);
}

/* All places have been taken for a while: a client that has not sent its request loses its place,
 * so that a crowd of silent clients cannot keep a probe waiting. */
static void http_is_crowded(evutil_socket_t handle, short what, void *context)
{
    struct http *http = context;
    int64_t now_ms = clock_ms();

    (void)handle, (void)what;
    evtimer_add(http->crowded, &moment);
    for (unsigned i = 0; i < HTTP_CONNECTIONS + HTTP_STREAMS; i++) {
        struct connection *connection = http->connections[i];
        if (connection && connection->state != ANSWERING && connection->state != STREAMING &&
            now_ms - connection->since_ms >= HTTP_CROWDED_MS)
            connection_free(connection);
    }
}

/* Most likely no file descriptor is left: pause instead of trying again at once. */
static void http_accept_failed(struct evconnlistener *listener, void *context)
{
    static const struct timeval later = {0, REST_MS * 1000};
    struct http *http = context;

    log_warn("admin connection refused", LOG_STR("error", strerror(errno)));
    evconnlistener_disable(listener);
    evtimer_add(http->rest, &later);
}

static void http_rested(evutil_socket_t handle, short what, void *context)
{
    struct http *http = context;

    (void)handle, (void)what;
    if (http->open < HTTP_CONNECTIONS)
        evconnlistener_enable(http->listening.listener);
}

/* --- life ------------------------------------------------------------------------------------ */

struct http *http_new(struct event_base *base, const char *listen, struct http_hosts hosts,
                      const struct http_endpoint *endpoints, size_t count, void *context,
                      struct err *err)
{
    struct http *http = mem_new(struct http);

    http->base = base;
    http->hosts = hosts;
    http->endpoints = endpoints;
    http->endpoint_count = count;
    http->context = context;
    http->rest = evtimer_new(base, http_rested, http);
    http->crowded = evtimer_new(base, http_is_crowded, http);
    if (!listening_open(&http->listening, base, listen, http_accept, http, err))
        goto fail;
    evconnlistener_set_error_cb(http->listening.listener, http_accept_failed);
    return http;
fail:
    http_free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    for (unsigned i = 0; i < HTTP_CONNECTIONS + HTTP_STREAMS; i++)
        if (http->connections[i])
            connection_free(http->connections[i]);
    listening_close(&http->listening);
    event_free(http->crowded);
    event_free(http->rest);
    free(http);
}

/* A viewer that takes nothing has a deadline from the first event that waits. */
static void connection_publish(struct connection *connection, struct slice event)
{
    struct evbuffer *out = bufferevent_get_output(connection->stream);

    if (evbuffer_get_length(out) > HTTP_STREAM_BYTES)
        return;
    if (!evtimer_pending(connection->deadline, NULL))
        connection_deadline(connection, HTTP_STALLED_MS);
    evbuffer_add(out, event.data, event.length);
}

void http_publish(struct http *http, struct slice event)
{
    for (unsigned i = 0; i < HTTP_CONNECTIONS + HTTP_STREAMS; i++)
        if (http->connections[i] && http->connections[i]->state == STREAMING)
            connection_publish(http->connections[i], event);
}

const char *http_address(const struct http *http)
{
    return http->listening.address;
}
