/*
 * http.c: a small HTTP server: its places, and the clients that wait for one.
 *
 * At the limit of connections the listener pauses, and clients wait in the kernel's queue for a
 * free place; a client that has a place and does not use it soon loses it.
 */
#include "app/http.h"

#include "app/http_connection.h"
#include "app/listening.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>

enum { REST_MS = 200, PLACES = HTTP_CONNECTIONS + HTTP_STREAMS };

struct http {
    struct http_common common; /* first: common->gone() finds the rest */
    struct listening listening;
    struct event *rest;    /* pending: accept() failed a moment ago */
    struct event *crowded; /* pending: all places are taken */
    struct http_connection *connections[PLACES];
};

static void http_gone(struct http_common *common, struct http_connection *connection)
{
    struct http *http = (struct http *)common;

    for (unsigned i = 0; i < PLACES; i++)
        if (http->connections[i] == connection)
            http->connections[i] = NULL;
}

static void http_room(struct http_common *common)
{
    struct http *http = (struct http *)common;

    evtimer_del(http->crowded);
    if (!evtimer_pending(http->rest, NULL))
        evconnlistener_enable(http->listening.listener);
}

static const struct timeval moment = {0, HTTP_CROWDED_MS * 1000};

static void http_accept(struct evconnlistener *listener, evutil_socket_t handle,
                        struct sockaddr *address, int length, void *context)
{
    struct http *http = context;
    unsigned place = 0;

    (void)address, (void)length;
    while (http->connections[place])
        place++; /* one is free: the listener pauses while none is */
    http->connections[place] = http_connection_new(&http->common, handle);
    if (http->common.open < HTTP_CONNECTIONS)
        return;
    evconnlistener_disable(listener);
    evtimer_add(http->crowded, &moment);
}

/* All places have been taken for a while: a client that has not sent its request loses its place,
 * so that a crowd of silent clients cannot keep a probe waiting. */
static void http_is_crowded(evutil_socket_t handle, short what, void *context)
{
    struct http *http = context;

    (void)handle, (void)what;
    evtimer_add(http->crowded, &moment);
    for (unsigned i = 0; i < PLACES; i++) {
        struct http_connection *connection = http->connections[i];
        if (connection && http_connection_waits_ms(connection) >= HTTP_CROWDED_MS)
            http_connection_free(connection);
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
    if (http->common.open < HTTP_CONNECTIONS)
        evconnlistener_enable(http->listening.listener);
}

/* --- life ------------------------------------------------------------------------------------ */

struct http *http_new(struct event_base *base, const char *listen, const struct conf_admin *conf,
                      const struct endpoints *endpoints, void *context, struct err *err)
{
    struct http *http = mem_new(struct http);

    http->common = (struct http_common){.base = base,
                                        .endpoints = *endpoints,
                                        .context = context,
                                        .room = http_room,
                                        .gone = http_gone};
    http->rest = evtimer_new(base, http_rested, http);
    http->crowded = evtimer_new(base, http_is_crowded, http);
    if (!listening_open(&http->listening, base, listen, http_accept, http, err))
        goto fail;
    evconnlistener_set_error_cb(http->listening.listener, http_accept_failed);
    http->common.access =
        (struct access){conf, http->listening.name, listening_is_loopback(&http->listening)};
    return http;
fail:
    http_free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    for (unsigned i = 0; i < PLACES; i++)
        if (http->connections[i])
            http_connection_free(http->connections[i]);
    listening_close(&http->listening);
    event_free(http->crowded);
    event_free(http->rest);
    free(http);
}

void http_publish(struct http *http, struct slice event)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (http->connections[i])
            http_connection_publish(http->connections[i], event);
}

unsigned http_viewers(const struct http *http)
{
    return http->common.streams;
}

const char *http_address(const struct http *http)
{
    return http->listening.address;
}
