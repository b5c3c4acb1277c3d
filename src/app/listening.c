/* listening.c: the address or the unix socket that the admin port listens on. */
#include "app/listening.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, SOCKET_MODE = 0660 };

/* Splits "host:port" or "[v6]:port" in place. */
static bool listen_split(char *listen, const char **host, const char **port)
{
    char *colon = strrchr(listen, ':');
    int64_t number;

    if (!colon || !text_integer(slice_of(colon + 1), &number) || number < 0 || number > 65535)
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = listen;
    if (listen[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = listen + 1;
    } else if (strpbrk(listen, "[]:")) {
        return false;
    }
    return true;
}

static struct addrinfo *listen_resolve(const char *host, const char *port, struct err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found = NULL;
    int status = getaddrinfo(*host ? host : NULL, port, &hints, &found);

    if (status != 0)
        err_set(err, ERR_CONFIG, "%s", gai_strerror(status));
    return found;
}

static bool listen_bind(struct listening *listening, struct event_base *base,
                        const struct addrinfo *address, evconnlistener_cb accepted, void *context,
                        struct err *err)
{
    unsigned options = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

    listening->listener = evconnlistener_new_bind(base, accepted, context, options, BACKLOG,
                                                  address->ai_addr, (int)address->ai_addrlen);
    return listening->listener ||
           err_set(err, ERR_RETRY, "%s%s", strerror(errno),
                   errno == EADDRINUSE ? "; another process has this port, perhaps another "
                                         "penstock: choose another one with admin.listen"
                                       : "");
}

/* The address that it really listens on. */
static void listening_note(struct listening *listening)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    char host[96], port[8];

    getsockname(evconnlistener_get_fd(listening->listener), (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(listening->address, sizeof(listening->address),
             strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static bool listen_address(struct listening *listening, struct event_base *base, const char *where,
                           evconnlistener_cb accepted, void *context, struct err *err)
{
    char *copy = mem_text(where);
    const char *host, *port;
    struct addrinfo *addresses = NULL;
    bool bound = false;

    if (!listen_split(copy, &host, &port))
        err_set(err, ERR_CONFIG, "not host:port, such as 127.0.0.1:9464 or [::1]:9464");
    else if ((addresses = listen_resolve(host, port, err)))
        listening->name = mem_text(host);
    for (const struct addrinfo *at = addresses; at && !bound; at = at->ai_next)
        bound = listen_bind(listening, base, at, accepted, context, err);
    if (bound)
        listening_note(listening);
    if (addresses)
        freeaddrinfo(addresses);
    free(copy);
    return bound;
}

/* --- a unix socket --------------------------------------------------------------------------- */

/* Removes a socket on which nobody listens any more; anything else stays, and bind() says so. */
static void unix_clear(const struct sockaddr_un *address)
{
    struct stat found;
    int probe;

    if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
        return;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(probe);
}

/* Linux makes the file with the mode of the socket less the umask: it is never wider than 0660. */
static bool unix_bind(int handle, const struct sockaddr_un *address)
{
    return handle >= 0 && fchmod(handle, SOCKET_MODE) == 0 &&
           bind(handle, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
           chmod(address->sun_path, SOCKET_MODE) == 0;
}

static bool listen_unix(struct listening *listening, struct event_base *base, const char *path,
                        evconnlistener_cb accepted, void *context, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return err_set(err, ERR_CONFIG, "longer than %zu bytes", sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path));
    unix_clear(&address);
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!unix_bind(handle, &address)) {
        err_set(err, ERR_RETRY, "%s", strerror(errno));
        if (handle >= 0)
            close(handle);
        return false;
    }
    listening->listener =
        evconnlistener_new(base, accepted, context, LEV_OPT_CLOSE_ON_FREE, BACKLOG, handle);
    memcpy(listening->address, path, strlen(path));
    return true;
}

bool listening_open(struct listening *listening, struct event_base *base, const char *where,
                    evconnlistener_cb accepted, void *context, struct err *err)
{
    bool open = *where == '/' ? listen_unix(listening, base, where, accepted, context, err)
                              : listen_address(listening, base, where, accepted, context, err);

    return open || err_wrap(err, "admin: listen %s", where);
}

bool listening_is_loopback(const struct listening *listening)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);

    getsockname(evconnlistener_get_fd(listening->listener), (struct sockaddr *)&address, &length);
    if (address.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&address)->sin6_addr);
    return address.ss_family == AF_UNIX ||
           (address.ss_family == AF_INET &&
            ntohl(((struct sockaddr_in *)&address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET);
}

void listening_close(struct listening *listening)
{
    if (listening->listener && !listening->name)
        unlink(listening->address);
    if (listening->listener)
        evconnlistener_free(listening->listener);
    free(listening->name);
}
