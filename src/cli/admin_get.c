/* admin_get.c: asks a running penstock's admin port for a page. */
#include "cli/admin_get.h"

#include "base/mem.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_S = 5, PAGE_MOST = 64 << 20, READ_BYTES = 65536 };

/* --- connecting ------------------------------------------------------------------------------- */

static bool failed(const char *address, const char *why, struct err *err)
{
    return err_set(err, ERR_RETRY, "%s: %s", address, why);
}

static int open_socket(int family)
{
    const struct timeval limit = {TIMEOUT_S, 0};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    }
    return fd;
}

static int connect_to(int family, const struct sockaddr *address, socklen_t length)
{
    int fd = open_socket(family);

    if (fd >= 0 && connect(fd, address, length) == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return -1;
}

static int connect_unix(const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1;

    if (strlen(path) >= sizeof(address.sun_path)) {
        failed(path, "a socket's path is shorter", err);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
    if (fd < 0)
        failed(path, strerror(errno), err);
    return fd;
}

/* "host:port", "[::1]:port". */
static bool split(const char *address, char **host, const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;

    if (!colon || !colon[1])
        return false;
    *port = colon + 1;
    if (!length)
        *host = mem_text("localhost");
    else if (address[0] == '[' && address[length - 1] == ']')
        *host = mem_copy(address + 1, length - 2);
    else
        *host = mem_copy(address, length);
    return true;
}

static int connect_tcp(const char *address, struct err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const char *port;
    char *host;
    int fd = -1;

    if (!split(address, &host, &port)) {
        failed(address, "not HOST:PORT", err);
        return -1;
    }
    int code = getaddrinfo(host, port, &hints, &found);
    free(host);
    if (code) {
        failed(address, gai_strerror(code), err);
        return -1;
    }
    for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next)
        fd = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen);
    if (fd < 0)
        failed(address, strerror(errno), err);
    freeaddrinfo(found);
    return fd;
}

/* --- a request and its answer ----------------------------------------------------------------- */

static bool send_request(int fd, const char *path, const char *token)
{
    char *text = mem_format("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            "Accept: text/plain\r\n%s%s%s\r\n",
                            path, token ? "Authorization: Bearer " : "", token ? token : "",
                            token ? "\r\n" : "");
    size_t length = strlen(text), sent = 0;
    ssize_t wrote = 1;

    while (sent < length && wrote > 0) {
        wrote = send(fd, text + sent, length - sent, MSG_NOSIGNAL);
        sent += wrote > 0 ? (size_t)wrote : 0;
    }
    free(text);
    return sent == length;
}

/* All that comes until the other side closes; NULL: it does not come to that. */
static char *read_all(int fd)
{
    char *text = NULL;
    size_t length = 0;
    ssize_t got;

    do {
        text = mem_resize(text, length + READ_BYTES + 1);
        got = recv(fd, text + length, READ_BYTES, 0);
        length += got > 0 ? (size_t)got : 0;
    } while ((got > 0 || (got < 0 && errno == EINTR)) && length < PAGE_MOST);
    text[length] = '\0';
    if (got == 0 && length)
        return text;
    free(text);
    return NULL;
}

/* Its body alone; frees what is no good answer. */
static char *take_body(char *answer, const char *address, struct err *err)
{
    char *body = answer ? strstr(answer, "\r\n\r\n") : NULL;
    size_t line = answer ? strcspn(answer, "\r\n") : 0;

    if (!body) {
        failed(address, "no answer", err);
    } else if (strncmp(answer, "HTTP/1.1 200", 12) != 0) {
        err_set(err, ERR_RETRY, "%s: %.*s", address, (int)line, answer);
    } else {
        memmove(answer, body + 4, strlen(body + 4) + 1);
        return answer;
    }
    free(answer);
    return NULL;
}

char *admin_get(const char *address, const char *path, const char *token, struct err *err)
{
    int fd = strchr(address, '/') ? connect_unix(address, err) : connect_tcp(address, err);
    char *answer = NULL;

    if (fd < 0)
        return NULL;
    if (send_request(fd, path, token))
        answer = read_all(fd);
    close(fd);
    return take_body(answer, address, err);
}
