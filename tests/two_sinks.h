/* two_sinks.h: a bridge with two servers, the sinks "here" and "there". */
#pragma once
#include "bridge.h"

#define ROUTE_TO(sink, name, topic, rest)                                                          \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" topic "\" ]; to = \"" sink "\"; " rest \
    "}"
#define ROUTE(name, topic, rest) ROUTE_TO("here", name, topic, rest)

extern struct redis_server *here, *there;
extern const char *of_there; /* further settings of that sink, as the file has them */

void open_servers(void);

/** A bridge from the source "main"; @p top and @p routes as the file has them. */
void open_pipe(const char *group, const char *top, const char *routes);

/** The bridge and the servers. */
void close_all(void);
