/* socket.h: a nonblocking stream socket to a server. */
#pragma once
#include "base/err.h"

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESSES_LIMIT = 8 };

/** What a name stands for: the addresses in the order to try them. */
struct addresses {
    size_t count;
    struct sockaddr_storage items[ADDRESSES_LIMIT];
    socklen_t lengths[ADDRESSES_LIMIT];
};

/** Takes over what getaddrinfo() found, at most ADDRESSES_LIMIT of it. */
void addresses_take(struct addresses *addresses, const struct addrinfo *found);

/** The address of a unix socket; ERR_CONFIG if the path is too long for the system. */
bool addresses_unix(struct addresses *addresses, const char *path, struct err *err);

/** Begins to connect; the descriptor turns writable when that is decided. -1 and ERR_RETRY. */
int socket_connect(const struct addresses *addresses, size_t index, struct err *err);

/** Whether the connection was made. ERR_RETRY. */
bool socket_connected(int fd, struct err *err);

/** The descriptor turns readable once so many bytes are there, or no more will come. */
void socket_wake_at(int fd, size_t bytes);

/** Bytes that were written and not yet acknowledged by the other side. */
int socket_queued(int fd);
