/*
 * stream.c: the bytes of one connection to a server, plain or over TLS.
 *
 * A server that does not like our certificate says so in an alert and closes; with TLS 1.3 that
 * comes after the handshake, when commands are on their way. So if sending fails, what has come
 * is read before the reason is told.
 */
#include "redis/stream.h"

#include "redis/socket.h"
#include "redis/tls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void stream_open(struct stream *stream, int fd, struct tls_context *tls, const char *host)
{
    *stream = (struct stream){.fd = fd, .tls = tls ? tls_session_new(tls, host) : NULL};
}

void stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    tls_session_free(stream->tls);
    *stream = (struct stream){.fd = -1};
}

static ssize_t socket_send(int fd, struct slice bytes)
{
    ssize_t sent;

    do
        sent = send(fd, bytes.data, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

static ssize_t socket_receive(int fd, char *out, size_t room)
{
    ssize_t got;

    do
        got = recv(fd, out, room, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool must_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* --- the wire of TLS -------------------------------------------------------------------------- */

/* Reads what has come; 1: something, 0: the end, -1 and errno. */
static int wire_receive(struct stream *stream)
{
    size_t room;
    char *input = tls_input(stream->tls, &room);

    if (room == 0) { /* the session has enough to read, and waits for something else */
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = socket_receive(stream->fd, input, room);
    if (got <= 0)
        return (int)got;
    tls_received(stream->tls, (size_t)got);
    return 1;
}

/* Sending failed: did the server say why? Its words come before its end. */
static void wire_ask_reason(struct stream *stream)
{
    int failed = errno;
    char scratch[256];
    ssize_t got;

    while ((got = tls_read(stream->tls, scratch, sizeof(scratch))) >= 0)
        if (got == 0 && wire_receive(stream) <= 0)
            break;
    errno = failed;
}

bool stream_flush(struct stream *stream)
{
    struct slice output;

    while (stream->tls && (output = tls_output(stream->tls)).length > 0) {
        ssize_t sent = socket_send(stream->fd, output);
        if (sent < 0 && must_wait())
            return true;
        if (sent < 0) {
            wire_ask_reason(stream);
            return false;
        }
        tls_sent(stream->tls, (size_t)sent);
    }
    return true;
}

static enum stream_progress shake_failed(const struct stream *stream, struct err *err, int got)
{
    const char *failure = tls_failure(stream->tls);

    if (failure)
        err_set(err, ERR_CONFIG, "%s", failure);
    else if (got == 0)
        err_set(err, ERR_RETRY, "TLS: the server closed the connection in the handshake");
    else
        err_set(err, ERR_RETRY, "TLS: %s in the handshake", strerror(errno));
    return STREAM_FAILED;
}

enum stream_progress stream_shake(struct stream *stream, struct err *err)
{
    while (stream->tls) {
        enum tls_progress progress = tls_shake(stream->tls, err);
        bool said = stream_unsent(stream) > 0;
        bool flushed = stream_flush(stream); /* an alert of ours, too */
        if (progress == TLS_FAILED)
            return STREAM_FAILED;
        if (!flushed)
            return shake_failed(stream, err, -1);
        if (progress == TLS_DONE)
            break;
        if (said && !stream_unsent(stream)) /* it may have had more to say than there was room */
            continue;
        int got = wire_receive(stream);
        if (got < 0 && must_wait())
            return STREAM_WAITS;
        if (got <= 0)
            return shake_failed(stream, err, got);
    }
    return STREAM_READY;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static ssize_t secret_send(struct stream *stream, struct slice bytes)
{
    ssize_t taken = tls_write(stream->tls, bytes);

    if (taken < 0) {
        errno = EPROTO;
        return -1;
    }
    if (!stream_flush(stream))
        return -1;
    if (taken > 0)
        return taken;
    errno = EAGAIN;
    return -1;
}

ssize_t stream_send(struct stream *stream, struct slice bytes)
{
    return stream->tls ? secret_send(stream, bytes) : socket_send(stream->fd, bytes);
}

/* Decrypts until there is no more, or no room for more. */
static ssize_t secret_receive(struct stream *stream, char *out, size_t room)
{
    size_t filled = 0;

    for (;;) {
        ssize_t got = tls_read(stream->tls, out + filled, room - filled);
        filled += got > 0 ? (size_t)got : 0;
        if (filled == room || (got < 0 && filled > 0))
            break;
        if (got < 0) {
            errno = EPROTO;
            return tls_failure(stream->tls) ? -1 : 0;
        }
        int wire = wire_receive(stream);
        if (wire <= 0 && filled > 0)
            break;
        if (wire <= 0)
            return wire;
    }
    return (ssize_t)filled;
}

ssize_t stream_receive(struct stream *stream, char *out, size_t room)
{
    if (!stream->tls)
        return socket_receive(stream->fd, out, room);
    ssize_t got = secret_receive(stream, out, room);
    if (got > 0)
        (void)stream_flush(
            stream); /* TLS may have an answer; that it failed, the next call tells */
    return got;
}

size_t stream_unsent(const struct stream *stream)
{
    return stream->tls ? tls_unsent(stream->tls) : 0;
}

bool stream_holds(const struct stream *stream)
{
    return stream->tls && tls_holds(stream->tls);
}

int stream_queued(const struct stream *stream)
{
    return socket_queued(stream->fd) + (int)stream_unsent(stream);
}

const char *stream_failure(const struct stream *stream)
{
    return stream->tls ? tls_failure(stream->tls) : NULL;
}
