/* endpoint.h: the paths that a server answers, and which of them a request means. */
#pragma once
#include "app/request.h"

#include <stddef.h>

struct http_answer;
struct http_request;

enum { ENDPOINT_ARGUMENTS = 2, ENDPOINT_ARGUMENT_BYTES = 256, ENDPOINT_METHODS_BYTES = 64 };

/** What a client needs to ask it: see access.h. */
enum endpoint_access { ACCESS_OPEN, ACCESS_METRICS, ACCESS_READ, ACCESS_CHANGE };

struct endpoint {
    enum method method; /* METHOD_GET answers HEAD, too */
    const char *path;   /* "/api/v1/routes/{route}": each "{name}" stands for one segment; one more
                           slash at its end changes nothing */
    enum endpoint_access access;
    const char *help;
    /** Fills @p answer. */
    void (*answer)(void *context, const struct http_request *request, struct http_answer *answer);
    const char *id;            /* a name for programs */
    const char *takes, *gives; /* the body of the request and of the answer: see endpoints.def */
};

struct endpoints {
    const struct endpoint *rows;
    size_t count;
};

struct endpoint_found {
    const struct endpoint *endpoint;
    char arguments[ENDPOINT_ARGUMENTS][ENDPOINT_ARGUMENT_BYTES]; /* of its placeholders, decoded */
    char methods[ENDPOINT_METHODS_BYTES]; /* of the path: "GET, HEAD, POST" */
};

/**
 * Finds the endpoint of a method and a path. Returns 200; 404: there is no such path; 405: it has
 * other methods, which @p found names.
 */
int endpoint_find(const struct endpoints *endpoints, enum method method, struct slice path,
                  struct endpoint_found *found);

/** The path that @p path was probably meant to be; NULL: none is near. */
const char *endpoint_nearest(const struct endpoints *endpoints, struct slice path);
