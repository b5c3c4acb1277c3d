/*
 * access.c: who may ask the admin port for what.
 *
 *      endpoint needs      unix socket   port on loopback   port on another address
 *      OPEN                yes           yes                yes
 *      METRICS             yes           yes                unless admin.open = "probes", or token
 *      READ                yes           yes                if admin.open = "reading", or token
 *      CHANGE              yes           token              token
 *
 * Whoever may write to the unix socket is its owner or in its group. What decides for the port is
 * the address that it listens on and not the client's: behind a proxy every client is local.
 */
#include "app/access.h"

#include "base/base64.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

static bool host_is_address(struct slice host)
{
    struct in6_addr address; /* room for either kind */
    char text[INET6_ADDRSTRLEN];

    if (host.length >= sizeof(text))
        return false;
    memcpy(text, host.data, host.length);
    text[host.length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* A browser always sends a Host; a client without one is not a browser. */
static bool access_is_meant(const struct access *access, struct slice host)
{
    const struct conf_names *names = &access->conf->hosts;

    if (!host.length || request_is_like(host, "localhost") ||
        (access->name && request_is_like(host, access->name)) || host_is_address(host))
        return true;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], "*") == 0 || request_is_like(host, names->items[i]))
            return true;
    return false;
}

/* The page that asks came from here: "http://" and what the client takes for our name and port. */
static bool access_is_own_page(const struct request *request)
{
    struct slice origin = request->origin, scheme = request_cut(&origin, "://");

    return (slice_is(scheme, "http") || slice_is(scheme, "https")) && origin.length &&
           origin.length == request->authority.length &&
           strncasecmp(origin.data, request->authority.data, origin.length) == 0;
}

int access_admit(const struct access *access, const struct request *request, const char **why)
{
    if (!access_is_meant(access, request->host)) {
        *why = "This port answers to localhost, to IP addresses and to the names in admin.hosts.";
        return 421;
    }
    if (request->origin.data && !access_is_own_page(request)) {
        *why = "A page of another origin may not ask here.";
        return 403;
    }
    return 200;
}

/* Takes as long for a good as for a bad one: its length depends on the given token alone. */
static bool token_is(struct slice given, const char *token)
{
    size_t length = strlen(token);
    volatile unsigned char difference = given.length != length;

    for (size_t i = 0; i < given.length; i++)
        difference |= (unsigned char)(given.data[i] ^ token[i % length]);
    return !difference;
}

/* "Basic dXNlcjp0b2tlbg==": any user, and the token as the password, as clients of Kafka Connect
 * send it. */
static bool basic_is(struct slice text, const char *token)
{
    char *plain = mem_alloc(text.length + 1);
    struct slice password = {plain, 0};
    bool good = base64_read(text, plain, &password.length);

    if (good) {
        request_cut(&password, ":");
        good = token_is(password, token);
    }
    explicit_bzero(plain, text.length + 1);
    free(plain);
    return good;
}

static bool access_has_token(const struct request *request, const char *token)
{
    struct slice given = request->credentials, scheme;

    if (!given.length)
        return false;
    scheme = request_cut(&given, " ");
    while (given.length && given.data[0] == ' ')
        given = (struct slice){given.data + 1, given.length - 1};
    return request_is_like(scheme, "Bearer")  ? token_is(given, token)
           : request_is_like(scheme, "Basic") ? basic_is(given, token)
                                              : false;
}

static bool access_is_free(const struct access *access, enum endpoint_access needed)
{
    if (!access->name || needed == ACCESS_OPEN)
        return true;
    if (needed == ACCESS_CHANGE)
        return false;
    return access->loopback ||
           access->conf->open >= (needed == ACCESS_READ ? OPEN_READING : OPEN_METRICS);
}

int access_allow(const struct access *access, enum endpoint_access needed,
                 const struct request *request, const char **why)
{
    const char *token = access->conf->token.text;

    if (access_is_free(access, needed))
        return 200;
    if (!token || !*token) {
        *why = needed == ACCESS_CHANGE
                   ? "Changes need admin.token, which is not set, or the socket admin.socket."
                   : "On this address reading needs admin.token, which is not set, or admin.open.";
        return 403;
    }
    if (access_has_token(request, token))
        return 200;
    *why = request->credentials.data ? "The token is not admin.token."
                                     : "This needs admin.token: Authorization: Bearer TOKEN.";
    return 401;
}

static void who_local(int socket, char who[ACCESS_WHO_BYTES])
{
    struct ucred peer = {0};
    socklen_t length = sizeof(peer);

    getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
    snprintf(who, ACCESS_WHO_BYTES, "process %d of user %u", (int)peer.pid, (unsigned)peer.uid);
}

void access_who(int socket, char who[ACCESS_WHO_BYTES])
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    char host[64], port[8];

    getpeername(socket, (struct sockaddr *)&address, &length);
    if (address.ss_family == AF_UNIX) {
        who_local(socket, who);
        return;
    }
    if (getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(who, ACCESS_WHO_BYTES, "a client that has gone");
        return;
    }
    snprintf(who, ACCESS_WHO_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
