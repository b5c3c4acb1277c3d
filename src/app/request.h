/* request.h: the head of an HTTP request (RFC 9112), as far as the admin port cares. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>

struct request {
    bool head_only;
    bool last; /* no other request can follow on its connection: it has a body, which nobody reads,
                  or the client says so */
    struct slice path;   /* as the client sent it: begins with '/', nothing decoded */
    struct slice query;  /* the part after '?'; empty if there is none */
    struct slice host;   /* of the Host header, without port and brackets; empty: none */
    struct slice accept; /* of the first Accept header; empty: none */
};

/**
 * Reads @p head, the request line and the header lines, each with its CRLF, without the empty line.
 * Returns 200, or the status to refuse it with: 400, 405 or 505; @p request is set if it is 200.
 */
int request_parse(struct slice head, struct request *request);

/** Whether @p word is one of the words of a query, "a&b=1&c", alone or with a value. */
bool request_query_has(struct slice query, const char *word);
