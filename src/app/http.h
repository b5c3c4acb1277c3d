/*
 * http.h: a small HTTP server.
 *
 * It runs on its caller's event loop and trusts nobody: heads, bodies, connections and their age
 * are limited, and no client can stop the loop.
 */
#pragma once
#include "app/endpoint.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct conf_admin;
struct event_base;
struct http;

enum {
    HTTP_HEAD_BYTES = 8192,     /* request line and headers; longer: 414 or 431 */
    HTTP_CONNECTIONS = 64,      /* at once; the next ones wait to be accepted */
    HTTP_HEAD_MS = 2000,        /* from connect, or the first byte of a later request, to the end of
                                   the request; longer: 408 */
    HTTP_CROWDED_MS = 100,      /* for the same if all places are taken: then it loses its place */
    HTTP_CONNECTION_MS = 10000, /* from then to the last byte of the answer */
    HTTP_IDLE_MS = 90000,       /* from then to the next request; longer: it is closed */
    HTTP_STREAMS = 16,          /* at once, beside the connections; a further one gets 503 */
    HTTP_STREAM_BYTES = 65536,  /* may wait for a slow viewer; what comes then is lost to it */
    HTTP_STALLED_MS = 30000,    /* without taking anything that waits; longer: it is closed */
    HTTP_HEADER_BYTES = 128
};

#define HTTP_JSON "application/json"

/** What an endpoint is asked; borrowed for the call. */
struct http_request {
    const struct request *head;
    const char *arguments[ENDPOINT_ARGUMENTS]; /* what stands in place of the path's "{name}"s */
    struct slice body;                         /* data NULL: none */
    const char *who;                           /* asks: for the log */
};

struct http_answer {
    int status;       /* 200 unless the endpoint sets another */
    const char *type; /* Content-Type; plain text unless the endpoint sets another */
    bool stream;      /* after the body come the events of http_publish(), until the client ends */
    char header[HTTP_HEADER_BYTES]; /* one more, "Name: value"; empty: none */
    FILE *body;
};

/** Makes @p answer an error, {"error_code": STATUS, "message": "..."}; nothing was written to its
 * body yet. */
void http_refuse(struct http_answer *answer, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * Listens on @p listen (see listening.h). @p conf (who may ask) and @p endpoints are borrowed; @p
 * context goes to them. Errors:  NULL and those of listening_open().
 */
struct http *http_new(struct event_base *base, const char *listen, const struct conf_admin *conf,
                      const struct endpoints *endpoints, void *context, struct err *err);

/** Closes its connections and frees it. Takes NULL. */
void http_free(struct http *http);

/** How many clients read its stream. */
unsigned http_viewers(const struct http *http);

/** Sends @p event to each client of a stream, except to one that has not taken earlier ones. */
void http_publish(struct http *http, struct slice event);

/** The address it listens on, with the real port. */
const char *http_address(const struct http *http);
