/*
 * ctl_client.c: one question to the admin port of a running bridge.
 *
 * The connection is closed behind the answer, which therefore ends with it.
 */
#include "cli/ctl_client.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_S = 10, ANSWER_BYTES = 64 << 20, READ_BYTES = 65536 };

/* --- the connection --------------------------------------------------------------------------- */

static bool limit_waits(int handle)
{
    const struct timeval wait = {WAIT_S, 0};

    return setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
           setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0;
}

static const char *unix_hint(int code)
{
    if (code == EACCES)
        return "; only its owner and group may: use sudo, or join the group of the service";
    if (code == ENOENT || code == ECONNREFUSED)
        return ": penstock does not run with this configuration, or runs elsewhere";
    return "";
}

static int connect_unix(const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(address.sun_path)) {
        err_set(err, ERR_CONFIG, "%s: longer than %zu bytes", path, sizeof(address.sun_path) - 1);
    } else {
        memcpy(address.sun_path, path, strlen(path));
        if (limit_waits(handle) &&
            connect(handle, (const struct sockaddr *)&address, sizeof(address)) == 0)
            return handle;
        int code = errno;
        err_set(err, code == EACCES ? ERR_FATAL : ERR_RETRY, "%s: %s%s", path, strerror(code),
                unix_hint(code));
    }
    close(handle);
    return -1;
}

/* The authority of the url, "host:port" or "[v6]:port", in two. */
static bool split(char *authority, const char **host, const char **port)
{
    char *colon = strrchr(authority, ':');

    authority[strcspn(authority, "/")] = '\0';
    if (!colon || strchr(colon, ']') || !colon[1])
        return false;
    *colon = '\0';
    *host = authority;
    *port = colon + 1;
    if (authority[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = authority + 1;
    }
    return **host;
}

static int connect_first(const struct addrinfo *found, const char *url, struct err *err)
{
    int handle = -1;

    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        handle = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (limit_waits(handle) && connect(handle, at->ai_addr, at->ai_addrlen) == 0)
            return handle;
        err_set(err, ERR_RETRY, "%s: %s", url, strerror(errno));
        close(handle);
    }
    return -1;
}

static int connect_url(const char *url, struct err *err)
{
    static const char scheme[] = "http://";
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const char *host, *port;
    int handle = -1, status;

    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0) {
        err_set(err, ERR_CONFIG, "%s: not http://HOST:PORT", url);
        return -1;
    }
    char *authority = mem_text(url + sizeof(scheme) - 1);
    if (!split(authority, &host, &port))
        err_set(err, ERR_CONFIG, "%s: not http://HOST:PORT", url);
    else if ((status = getaddrinfo(host, port, &hints, &found)) != 0)
        err_set(err, ERR_RETRY, "%s: %s", url, gai_strerror(status));
    else
        handle = connect_first(found, url, err);
    if (found)
        freeaddrinfo(found);
    free(authority);
    return handle;
}

/* --- question and answer ---------------------------------------------------------------------- */

static char *make_request(const struct ctl_target *target, const char *method, const char *path,
                          const char *body, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);

    fprintf(out, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, path);
    if (target->token)
        fprintf(out, "Authorization: Bearer %s\r\n", target->token);
    if (body)
        fprintf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    fprintf(out, "\r\n%s", body ? body : "");
    fclose(out);
    return text;
}

static bool send_all(int handle, const char *text, size_t length)
{
    while (length) {
        ssize_t sent = send(handle, text, length, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        text += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int handle, char **text, size_t *length)
{
    size_t capacity = 0;
    ssize_t got = 0;

    *text = NULL;
    *length = 0;
    do {
        *length += (size_t)got;
        if (capacity - *length < READ_BYTES) {
            capacity += capacity + 2 * READ_BYTES;
            *text = mem_resize(*text, capacity);
        }
        got = recv(handle, *text + *length, READ_BYTES - 1, 0);
    } while (got > 0 && *length < ANSWER_BYTES);
    (*text)[*length] = '\0';
    return got == 0;
}

static bool read_answer(char *text, size_t length, struct ctl_answer *answer)
{
    static const char version[] = "HTTP/1.1 ";
    const char *end = memmem(text, length, "\r\n\r\n", 4);

    if (!end || strncmp(text, version, sizeof(version) - 1) != 0)
        return false;
    answer->status = atoi(text + sizeof(version) - 1);
    answer->length = length - (size_t)(end + 4 - text);
    answer->body = mem_alloc(answer->length + 1);
    memcpy(answer->body, end + 4, answer->length + 1);
    return true;
}

bool ctl_ask(const struct ctl_target *target, const char *method, const char *path,
             const char *body, struct ctl_answer *answer, struct err *err)
{
    const char *where = target->socket ? target->socket : target->url;
    int handle = target->socket ? connect_unix(target->socket, err) : connect_url(target->url, err);
    char *request, *text = NULL;
    size_t length;
    bool good;

    if (handle < 0)
        return false;
    request = make_request(target, method, path, body, &length);
    good = send_all(handle, request, length) && receive_all(handle, &text, &length);
    if (!good)
        err_set(err, ERR_RETRY, "%s: %s", where,
                errno == EAGAIN ? "no answer within 10 s" : strerror(errno));
    else if (!(good = read_answer(text, length, answer)))
        err_set(err, ERR_RETRY, "%s: what answers there is not penstock", where);
    close(handle);
    explicit_bzero(request, strlen(request));
    free(request);
    free(text);
    return good;
}
