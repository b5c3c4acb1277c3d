/* admin_ask.c: asks a running penstock's admin port. */
#include "cli/admin_ask.h"

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

static void unix_failed(const char *path, int reason, struct err *err)
{
    if (reason == EACCES)
        err_set(err, ERR_FATAL,
                "%s: %s; only its owner and group may: use sudo, or join the service's group", path,
                strerror(reason));
    else
        err_set(err, ERR_RETRY, "%s: %s: no penstock listens there", path, strerror(reason));
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
        unix_failed(path, errno, err);
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

static char *write_request(const struct admin_question *question)
{
    const char *token = question->token, *body = question->body;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fprintf(out, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", question->method,
            question->path);
    fprintf(out, "Accept: text/plain, application/json\r\n");
    if (token)
        fprintf(out, "Authorization: Bearer %s\r\n", token);
    if (body)
        fprintf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    fprintf(out, "\r\n%s", body ? body : "");
    fclose(out);
    return text;
}

static bool send_request(int fd, const struct admin_question *question)
{
    char *text = write_request(question);
    size_t length = strlen(text), sent = 0;
    ssize_t wrote = 1;

    while (sent < length && wrote > 0) {
        wrote = send(fd, text + sent, length - sent, MSG_NOSIGNAL);
        sent += wrote > 0 ? (size_t)wrote : 0;
    }
    explicit_bzero(text, length);
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

/* Its body alone; frees what is no answer. */
static char *take_body(char *answer, const char *address, int *status, struct err *err)
{
    static const char version[] = "HTTP/1.1 ";
    char *body = answer ? strstr(answer, "\r\n\r\n") : NULL;

    if (!body || strncmp(answer, version, sizeof(version) - 1) != 0) {
        failed(address, answer ? "what answers there is not penstock" : "no answer", err);
        free(answer);
        return NULL;
    }
    *status = atoi(answer + sizeof(version) - 1);
    memmove(answer, body + 4, strlen(body + 4) + 1);
    return answer;
}

char *admin_ask(const struct admin_question *question, int *status, struct err *err)
{
    const char *address = question->address;
    int fd = strchr(address, '/') ? connect_unix(address, err) : connect_tcp(address, err);
    char *answer = NULL;

    if (fd < 0)
        return NULL;
    if (send_request(fd, question))
        answer = read_all(fd);
    close(fd);
    return take_body(answer, address, status, err);
}

char *admin_get(const char *address, const char *path, const char *token, struct err *err)
{
    int status;
    char *body =
        admin_ask(&(struct admin_question){address, token, "GET", path, NULL}, &status, err);

    if (!body || status == 200)
        return body;
    free(body);
    err_set(err, ERR_RETRY, "%s: status %d%s", address, status,
            status == 401 ? ": it needs the token: --token-file FILE" : "");
    return NULL;
}
