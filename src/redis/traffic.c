/* traffic.c: bytes over an open connection, counted as signs of life; what goes wrong ends it. */
#include "redis/traffic.h"

#include "base/clock.h"
#include "metrics/metrics.h"

#include <errno.h>
#include <string.h>

static bool is_for_now(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

static bool is_end(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

size_t traffic_read(struct connection *connection, void *bytes, size_t room)
{
    ssize_t got = connection_receive(connection, bytes, room);

    if (got < 0 && (is_for_now(errno) || errno == EINTR))
        return 0;
    if (got <= 0) {
        connection->hung_up = got == 0 || is_end(errno);
        connection_lost(connection, "%s",
                        got < 0 ? strerror(errno) : "the server closed the connection");
        return 0;
    }
    connection->setup->counters->received_bytes += (uint64_t)got;
    connection->progress_ms = clock_ms();
    return (size_t)got;
}

size_t traffic_write(struct connection *connection, struct slice bytes)
{
    ssize_t sent = connection_send(connection, bytes.data, bytes.length);

    if (sent < 0 && is_for_now(errno))
        connection_wait_writable(connection);
    else if (sent < 0 && is_end(errno))
        connection->blocked = true; /* what it said before it hung up is read, then the end */
    else if (sent < 0 && errno != EINTR)
        connection_lost(connection, "send: %s", strerror(errno));
    if (sent <= 0)
        return 0;
    connection->setup->counters->sent_bytes += (uint64_t)sent;
    connection->progress_ms = clock_ms();
    return (size_t)sent;
}
