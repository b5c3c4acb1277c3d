/* request.h: the head of an HTTP request (RFC 9112), as far as the admin port cares. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OTHER };

/** "GET"; NULL of METHOD_OTHER. */
const char *method_name(enum method method);

/** Slices are parts of the head; the data of one that did not come is NULL. */
struct request {
    enum method method;
    bool last;          /* no other request can follow on its connection: it is a GET or HEAD with
                           a body, which nobody reads, or the client says so */
    bool has_body;      /* not of a GET or HEAD */
    bool chunked;       /* the body comes in chunks; else: */
    int64_t length;     /* bytes of the body; INT64_MAX: that or more */
    bool expects;       /* the client waits for "100 Continue" before it sends the body */
    struct slice path;  /* as the client sent it: begins with '/', nothing decoded */
    struct slice query; /* the part after '?'; empty if there is none */
    struct slice host;  /* where the request was sent to, without port and brackets; empty: the
                           client did not say */
    struct slice authority;   /* the same with port and brackets */
    struct slice origin;      /* of the page whose script asks, "http://host:port" */
    struct slice credentials; /* the Authorization header */
    struct slice type;        /* of the body */
    struct slice accept;
};

/**
 * Reads @p head, the request line and the header lines, each with its CRLF, without the empty line.
 * Returns 200, or the status to refuse it with: 400, 417, 501 or 505; @p request is set if it is
 * 200.
 */
int request_parse(struct slice head, struct request *request);

/** Whether @p word is one of the words of a query, "a&b=1&c", alone or with a value. */
bool request_query_has(struct slice query, const char *word);

/** Whether it is there with that value, in upper or lower case. */
bool request_query_is(struct slice query, const char *word, const char *value);

/** Cuts the part before @p mark off @p text, and the mark; all of it if there is no mark. */
struct slice request_cut(struct slice *text, const char *mark);

/** Whether they are the same, but for upper and lower case. */
bool request_is_like(struct slice text, const char *word);
