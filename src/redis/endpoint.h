/* endpoint.h: where a server listens. */
#pragma once
struct conf_sink;

/** The texts are borrowed from the configuration. */
struct endpoint {
    const char *host; /* NULL: a unix socket */
    int port;
    const char *socket_path;
    const struct conf_sink *tls; /* how it speaks TLS; NULL: it does not */
};

/** How many the sink's URL names, and one of them. */
unsigned endpoint_count(const struct conf_sink *options);
struct endpoint endpoint_of(const struct conf_sink *options, unsigned index);

enum { ENDPOINT_NAME_BYTES = 300 };

/** "host:port", "[::1]:port" or "unix:PATH", for logs. */
void endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_BYTES]);
