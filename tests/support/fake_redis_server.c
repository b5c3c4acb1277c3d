/* fake_redis_server.c: a server that says what a test wants, on the test's own event loop. */
#include "fake_redis_server.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PEERS_LIMIT = 256, RATE_TICKS = 20 };

struct peer {
    struct fake_server *server;
    struct bufferevent *client;
    struct bufferevent *real; /* the other side, of a proxy */
    redisReader *reader;
    unsigned index, commands, said;
    struct evbuffer *held; /* answers that leave in pieces */
    struct event *timer;
    bool ending;
    bool holding; /* a proxy that keeps the client's bytes */
    size_t passed;
};

struct fake_server {
    struct event_base *base;
    struct evconnlistener *listener;
    fake_answer answer, greet;
    void *context;
    int real_port;
    struct ev_token_bucket_cfg *rate;
    size_t slice, cut, hurry;
    bool frozen;
    int port;
    struct peer *peers[PEERS_LIMIT];
    unsigned count;
};

static void peer_end(struct peer *peer)
{
    if (peer->client)
        bufferevent_free(peer->client);
    if (peer->real)
        bufferevent_free(peer->real);
    peer->client = peer->real = NULL;
    event_del(peer->timer);
}

static void peer_flush(struct peer *peer)
{
    static const struct timeval soon = {0, 0};
    size_t slice = peer->server->slice;

    if (!peer->client || peer->server->frozen)
        return;
    if (!slice)
        slice = evbuffer_get_length(peer->held);
    evbuffer_remove_buffer(peer->held, bufferevent_get_output(peer->client), slice);
    if (evbuffer_get_length(peer->held))
        evtimer_add(peer->timer, &soon);
    else if (peer->ending)
        peer_end(peer);
}

static void peer_on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    peer_flush(context);
}

static void peer_take(struct peer *peer, const redisReply *command)
{
    static const char info[] = "$40\r\nrun_id:fake\r\nmaster_replid:fakehistory\r\n\r\n";
    const char *name = command->element[0]->str, *answer = "+OK\r\n", *greeting = NULL;
    struct fake_server *server = peer->server;

    if (server->greet)
        greeting = server->greet(server->context, peer->index, peer->said++, name);
    if (greeting)
        answer = greeting;
    else if (strcasecmp(name, "INFO") == 0)
        answer = info;
    else if (strcasecmp(name, "HELLO") != 0 && strcasecmp(name, "CLIENT") != 0 &&
             strcasecmp(name, "SELECT") != 0)
        answer = peer->server->answer(peer->server->context, peer->index, peer->commands++, name);
    if (!answer)
        return;
    if (!*answer)
        peer->ending = true;
    evbuffer_add(peer->held, answer, strlen(answer));
}

static void peer_on_read(struct bufferevent *event, void *context)
{
    struct evbuffer *input = bufferevent_get_input(event);
    struct peer *peer = context;
    void *command = NULL;

    if (peer->server->frozen)
        return;
    redisReaderFeed(peer->reader, (char *)evbuffer_pullup(input, -1), evbuffer_get_length(input));
    evbuffer_drain(input, evbuffer_get_length(input));
    while (!peer->ending && redisReaderGetReply(peer->reader, &command) == REDIS_OK && command) {
        peer_take(peer, command);
        freeReplyObject(command);
    }
    if (peer->server->hurry && peer->index == 0 &&
        peer->reader->len - peer->reader->pos >= peer->server->hurry) {
        evbuffer_add(peer->held, "+OK\r\n", 5);
        bufferevent_disable(event, EV_READ);
    }
    peer_flush(peer);
}

static void peer_on_event(struct bufferevent *event, short what, void *context)
{
    struct peer *peer = context;

    if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    if (!peer->holding || event == peer->real) {
        peer_end(peer);
        return;
    }
    bufferevent_free(peer->client); /* the client left, its bytes did not */
    peer->client = NULL;
}

/* What the real server says goes to the client: whole, in pieces, or not to its end. */
static void peer_answer(struct peer *peer, struct evbuffer *input)
{
    size_t length = evbuffer_get_length(input), left = peer->server->cut - peer->passed;
    struct evbuffer *output = bufferevent_get_output(peer->client);

    if (peer->server->slice) {
        evbuffer_add_buffer(peer->held, input);
        peer_flush(peer);
    } else if (!peer->server->cut || left > length) {
        peer->passed += length;
        evbuffer_add_buffer(output, input);
    } else {
        evbuffer_remove_buffer(input, output, left);
        evbuffer_unfreeze(output, 1);
        evbuffer_write(output, bufferevent_getfd(peer->client));
        peer_end(peer);
    }
}

static void peer_on_pass(struct bufferevent *event, void *context)
{
    struct evbuffer *input = bufferevent_get_input(event);
    struct peer *peer = context;

    if (event == peer->client && peer->holding)
        evbuffer_add_buffer(peer->held, input);
    else if (event == peer->client)
        bufferevent_write_buffer(peer->real, input);
    else if (peer->client)
        peer_answer(peer, input);
    else
        evbuffer_drain(input, evbuffer_get_length(input));
}

static void peer_connect_real(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)peer->server->real_port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->real = bufferevent_socket_new(peer->server->base, -1, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(peer->real, peer_on_pass, NULL, peer_on_event, peer);
    bufferevent_socket_connect(peer->real, (struct sockaddr *)&address, sizeof(address));
    bufferevent_enable(peer->real, EV_READ | EV_WRITE);
    bufferevent_set_rate_limit(peer->client, peer->server->rate);
}

static void fake_server_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                                  struct sockaddr *address, int length, void *context)
{
    struct fake_server *server = context;

    (void)listener, (void)address, (void)length;
    if (server->count == PEERS_LIMIT) {
        close(fd);
        return;
    }
    struct peer *peer = mem_new(struct peer);
    peer->server = server;
    peer->index = server->count;
    server->peers[server->count++] = peer;
    peer->reader = redisReaderCreate();
    peer->held = evbuffer_new();
    peer->timer = evtimer_new(server->base, peer_on_timer, peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* slices leave at once */
    peer->client = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (server->real_port)
        peer_connect_real(peer);
    bufferevent_setcb(peer->client, server->real_port ? peer_on_pass : peer_on_read, NULL,
                      peer_on_event, peer);
    bufferevent_enable(peer->client, EV_READ | EV_WRITE);
}

static struct fake_server *fake_server_new(struct event_base *base)
{
    struct fake_server *server = mem_new(struct fake_server);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->base = base;
    server->listener =
        evconnlistener_new_bind(base, fake_server_on_accept, server, LEV_OPT_CLOSE_ON_FREE, 16,
                                (struct sockaddr *)&address, sizeof(address));
    getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    return server;
}

struct fake_server *fake_server_open(struct event_base *base, fake_answer answer, void *context)
{
    struct fake_server *server = fake_server_new(base);

    server->answer = answer;
    server->context = context;
    return server;
}

void fake_server_greet(struct fake_server *server, fake_answer greet)
{
    server->greet = greet;
}

struct fake_server *fake_server_proxy(struct event_base *base, int port, size_t bytes_a_second)
{
    static const struct timeval tick = {0, 1000000 / RATE_TICKS};
    struct fake_server *server = fake_server_new(base);
    size_t share = bytes_a_second / RATE_TICKS;

    server->real_port = port;
    server->rate = ev_token_bucket_cfg_new(share, share, share, share, &tick);
    return server;
}

void fake_server_slice(struct fake_server *server, size_t bytes)
{
    server->slice = bytes;
}

void fake_server_cut(struct fake_server *server, size_t bytes)
{
    server->cut = bytes;
}

void fake_server_hurry(struct fake_server *server, size_t bytes)
{
    server->hurry = bytes;
}

void fake_server_freeze(struct fake_server *server)
{
    server->frozen = true;
    for (unsigned i = 0; i < server->count; i++)
        if (server->peers[i]->client)
            bufferevent_disable(server->peers[i]->client, EV_READ | EV_WRITE);
}

void fake_server_hold(struct fake_server *server)
{
    for (unsigned i = 0; i < server->count; i++)
        server->peers[i]->holding = true;
}

void fake_server_release(struct fake_server *server)
{
    for (unsigned i = 0; i < server->count; i++) {
        struct peer *peer = server->peers[i];
        peer->holding = false;
        if (peer->real)
            bufferevent_write_buffer(peer->real, peer->held);
    }
}

int fake_server_port(const struct fake_server *server)
{
    return server->port;
}

unsigned fake_server_commands(const struct fake_server *server)
{
    unsigned commands = 0;

    for (unsigned i = 0; i < server->count; i++)
        commands += server->peers[i]->commands;
    return commands;
}

unsigned fake_server_connections(const struct fake_server *server)
{
    return server->count;
}

void fake_server_close(struct fake_server *server)
{
    if (!server)
        return;
    for (unsigned i = 0; i < server->count; i++) {
        peer_end(server->peers[i]);
        event_free(server->peers[i]->timer);
        evbuffer_free(server->peers[i]->held);
        redisReaderFree(server->peers[i]->reader);
        free(server->peers[i]);
    }
    evconnlistener_free(server->listener);
    if (server->rate)
        ev_token_bucket_cfg_free(server->rate);
    free(server);
}
