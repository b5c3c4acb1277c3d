/*
 * socket.c: a nonblocking stream socket to a server.
 *
 * A peer that vanished without a word is found by TCP_USER_TIMEOUT if bytes are on their way, by
 * keepalive if none are; the connection's own deadlines are usually faster.
 */
#include "redis/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

enum { USER_TIMEOUT_MS = 15000, KEEPALIVE_IDLE_S = 15, KEEPALIVE_EVERY_S = 5, KEEPALIVE_TIMES = 3 };

void addresses_take(struct addresses *addresses, const struct addrinfo *found)
{
    addresses->count = 0;
    for (; found && addresses->count < ADDRESSES_LIMIT; found = found->ai_next) {
        memcpy(&addresses->items[addresses->count], found->ai_addr, found->ai_addrlen);
        addresses->lengths[addresses->count++] = found->ai_addrlen;
    }
}

bool addresses_unix(struct addresses *addresses, const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);

    if (length >= sizeof(address.sun_path))
        return err_set(err, ERR_CONFIG, "the socket's path has %zu bytes, at most %zu are possible",
                       length, sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, length);
    memcpy(&addresses->items[0], &address, sizeof(address));
    addresses->lengths[0] = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    addresses->count = 1;
    return true;
}

static void socket_set(int fd, int level, int option, int value)
{
    /* Each of them only improves matters: a system without one still works. */
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * Bytes that are not sent when the socket is closed, or when the process ends in whatever way, are
 * thrown away. Otherwise a network that comes back late carries a former owner's commands behind
 * those of the next:
 *
 *      1  packets vanish, a window of commands waits in the kernel
 *      2  the process ends; another one starts, reads from the last commit, and gets through
 *      3  the kernel sends the old window again, and it gets through, too
 */
static void socket_forget_at_close(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void socket_tune(int fd)
{
    socket_forget_at_close(fd);
    socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    socket_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_USER_TIMEOUT
    socket_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
#endif
#ifdef TCP_KEEPIDLE
    socket_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    socket_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
    socket_set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TIMES);
#endif
}

int socket_connect(const struct addresses *addresses, size_t index, struct err *err)
{
    const struct sockaddr *address = (const struct sockaddr *)&addresses->items[index];
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        err_set(err, ERR_RETRY, "socket: %s", strerror(errno));
        return -1;
    }
    if (address->sa_family != AF_UNIX)
        socket_tune(fd);
    if (connect(fd, address, addresses->lengths[index]) < 0 && errno != EINPROGRESS) {
        err_set(err, ERR_RETRY, "connect: %s", strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

bool socket_connected(int fd, struct err *err)
{
    int error = 0;
    socklen_t length = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return error == 0 || err_set(err, ERR_RETRY, "connect: %s", strerror(error));
}

void socket_wake_at(int fd, size_t bytes)
{
    socket_set(fd, SOL_SOCKET, SO_RCVLOWAT, (int)bytes);
}

int socket_queued(int fd)
{
    int queued = 0;

    return ioctl(fd, TIOCOUTQ, &queued) < 0 ? 0 : queued;
}
