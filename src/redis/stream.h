/*
 * stream.h: the bytes of one connection to a server, plain or over TLS.
 *
 * stream_send() and stream_receive() behave as send(2) and recv(2) do on a nonblocking socket. What
 * TLS has encrypted counts as sent; what the socket did not take of it yet, stream_flush() sends.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_context;
struct tls_session;

/** fd -1: closed. */
struct stream {
    int fd;
    struct tls_session *tls; /* NULL: plain */
};

/** Takes over the connected @p fd; TLS begins if @p tls is not NULL, with the server @p host. */
void stream_open(struct stream *stream, int fd, struct tls_context *tls, const char *host);

/** Closes the socket; takes a closed one. */
void stream_close(struct stream *stream);

enum stream_progress {
    STREAM_READY,
    STREAM_WAITS, /* until the socket is readable, or writable if stream_unsent() */
    STREAM_FAILED
};

/**
 * Goes on with the handshake of TLS; without TLS it is ready at once. Errors:  ERR_CONFIG where
 * somebody has to mend a certificate, ERR_RETRY for the rest.
 */
enum stream_progress stream_shake(struct stream *stream, struct err *err);

/** As send(2): what was taken of @p bytes, or -1 and errno; EAGAIN: wait until it is writable. */
ssize_t stream_send(struct stream *stream, struct slice bytes);

/** As recv(2): what came, 0 at the end, or -1 and errno; EAGAIN: nothing is there. */
ssize_t stream_receive(struct stream *stream, char *out, size_t room);

/** Sends what is encrypted already, as far as the socket takes it; false and errno: it failed. */
bool stream_flush(struct stream *stream);

/** Bytes that wait for stream_flush(). */
size_t stream_unsent(const struct stream *stream);

/** Whether stream_receive() has something though the socket may not be readable. */
bool stream_holds(const struct stream *stream);

/** Bytes that were sent and not yet acknowledged by the other side. */
int stream_queued(const struct stream *stream);

/** Why TLS ended the stream, if it did: better than what errno says. NULL: it did not. */
const char *stream_failure(const struct stream *stream);
