/*
 * dialogue.c: one question after the other to a Redis, waiting for each answer.
 *
 * For what may block: checks before a start, tools. The data path has connection.c. The socket is
 * nonblocking all the same, so that every wait ends at a deadline.
 */
#include "redis/dialogue.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "redis/commands.h"
#include "redis/endpoint.h"
#include "redis/handshake.h"
#include "redis/reader.h"
#include "redis/resp.h"
#include "redis/socket.h"
#include "redis/stream.h"
#include "redis/tls.h"
#include "redis/verdict.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 16 << 10 };

/* A page of dead letters is the most that is asked for. */
static const struct reader_limits limits = {.elements = 1 << 20, .bytes = 1 << 30};

struct dialogue {
    struct tls_context *tls; /* NULL: plain */
    struct stream stream;
    int64_t response_ms;
    struct reader *reader;
    bool hung_up;    /* the other side ended it */
    bool is_replica; /* of a server that takes no writes */
    char unknown[HANDSHAKE_WORDS_BYTES];
};

/* --- bytes, until a deadline ------------------------------------------------------------------ */

static bool dialogue_wait(int fd, short events, int64_t deadline_ms, struct err *err)
{
    struct pollfd socket = {.fd = fd, .events = events};
    int ready;

    do {
        int64_t left_ms = deadline_ms - clock_ms();
        ready = poll(&socket, 1, left_ms < 0 ? 0 : (int)left_ms);
    } while (ready < 0 && errno == EINTR);
    return ready == 1 || err_set(err, ERR_RETRY, "timed out");
}

/* Why the last call of the stream failed. */
static const char *dialogue_reason(const struct dialogue *dialogue)
{
    const char *failure = stream_failure(&dialogue->stream);

    return failure ? failure : strerror(errno);
}

/* Until nothing of what TLS has encrypted is left. */
static bool dialogue_flush(struct dialogue *dialogue, int64_t deadline_ms, struct err *err)
{
    while (stream_unsent(&dialogue->stream)) {
        if (!dialogue_wait(dialogue->stream.fd, POLLOUT, deadline_ms, err))
            return false;
        if (!stream_flush(&dialogue->stream))
            return err_set(err, ERR_RETRY, "send: %s", dialogue_reason(dialogue));
    }
    return true;
}

static bool dialogue_send(struct dialogue *dialogue, struct slice bytes, int64_t deadline_ms,
                          struct err *err)
{
    while (bytes.length) {
        ssize_t sent = stream_send(&dialogue->stream, bytes);
        if (sent >= 0) {
            bytes = (struct slice){bytes.data + sent, bytes.length - (size_t)sent};
            continue;
        }
        if (errno != EAGAIN)
            return err_set(err, ERR_RETRY, "send: %s", dialogue_reason(dialogue));
        if (!dialogue_wait(dialogue->stream.fd, POLLOUT, deadline_ms, err))
            return false;
    }
    return dialogue_flush(dialogue, deadline_ms, err);
}

/* Reads what there is into @p room, at least one byte. */
static bool dialogue_receive(struct dialogue *dialogue, char room[READ_BYTES], size_t *length,
                             int64_t deadline_ms, struct err *err)
{
    for (;;) {
        ssize_t received = stream_receive(&dialogue->stream, room, READ_BYTES);
        if (received > 0) {
            *length = (size_t)received;
            return true;
        }
        dialogue->hung_up = received == 0 || errno == ECONNRESET;
        if (dialogue->hung_up)
            return err_set(err, ERR_RETRY, "the server closed the connection");
        if (errno != EAGAIN)
            return err_set(err, ERR_RETRY, "receive: %s", dialogue_reason(dialogue));
        if (!dialogue_wait(dialogue->stream.fd, POLLIN, deadline_ms, err))
            return false;
    }
}

/* --- connect and greet ------------------------------------------------------------------------ */

static bool dialogue_resolve(const struct endpoint *endpoint, struct addresses *addresses,
                             struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char port[16];

    if (endpoint->socket_path)
        return addresses_unix(addresses, endpoint->socket_path, err);
    snprintf(port, sizeof(port), "%d", endpoint->port);
    int failure = getaddrinfo(endpoint->host, port, &hints, &found);
    if (failure)
        return err_set(err, ERR_RETRY, "resolve: %s", gai_strerror(failure));
    addresses_take(addresses, found);
    freeaddrinfo(found);
    return true;
}

/* The first address that answers; the error is that of the last one. */
static int dialogue_connect(const struct addresses *addresses, int64_t deadline_ms, struct err *err)
{
    for (size_t i = 0; i < addresses->count; i++) {
        int fd = socket_connect(addresses, i, err);
        if (fd < 0)
            continue;
        if (dialogue_wait(fd, POLLOUT, deadline_ms, err) && socket_connected(fd, err))
            return fd;
        close(fd);
    }
    return -1;
}

/* The handshake of TLS, if there is one. */
static bool dialogue_secure(struct dialogue *dialogue, int64_t deadline_ms, struct err *err)
{
    enum stream_progress progress;

    while ((progress = stream_shake(&dialogue->stream, err)) == STREAM_WAITS) {
        short events = stream_unsent(&dialogue->stream) ? POLLIN | POLLOUT : POLLIN;
        if (!dialogue_wait(dialogue->stream.fd, events, deadline_ms, err))
            return err_wrap(err, "TLS: the server does not finish the handshake");
    }
    return progress == STREAM_READY;
}

static bool dialogue_greet(struct dialogue *dialogue, const struct handshake_options *identity,
                           struct handshake_memory *memory, bool *again, struct err *err)
{
    const struct handshake_peer nobody = {0};
    int64_t deadline_ms = clock_ms() + dialogue->response_ms;
    enum handshake_result result = HANDSHAKE_SEND;
    struct handshake handshake;
    char room[READ_BYTES];
    size_t length;

    handshake_begin(&handshake, identity, &nobody, memory);
    while (result == HANDSHAKE_SEND || result == HANDSHAKE_MORE) {
        if (result == HANDSHAKE_SEND &&
            !dialogue_send(dialogue, handshake_output(&handshake), deadline_ms, err))
            break;
        if (!dialogue_receive(dialogue, room, &length, deadline_ms, err))
            break;
        result = handshake_feed(&handshake, (struct slice){room, length}, err);
    }
    *again = dialogue->hung_up && handshake_hung_up(&handshake, err);
    handshake_unknown(&handshake, dialogue->unknown);
    dialogue->is_replica = handshake.is_replica;
    handshake_end(&handshake);
    if (result == HANDSHAKE_REFUSED)
        err->kind = ERR_CONFIG;
    return result == HANDSHAKE_DONE;
}

/* To the first address that answers, and through the handshakes. */
static bool dialogue_begin(struct dialogue *dialogue, const struct endpoint *endpoint,
                           const struct handshake_options *identity,
                           struct dialogue_timeouts timeouts, struct handshake_memory *memory,
                           bool *again, struct err *err)
{
    struct addresses addresses = {0};

    *again = false;
    if (endpoint->tls && !(dialogue->tls = tls_context_new(endpoint->tls, err)))
        return false;
    if (!dialogue_resolve(endpoint, &addresses, err))
        return false;
    int fd = dialogue_connect(&addresses, clock_ms() + timeouts.connect_ms, err);
    if (fd < 0)
        return false;
    stream_open(&dialogue->stream, fd, dialogue->tls, endpoint->host);
    return dialogue_secure(dialogue, clock_ms() + timeouts.connect_ms, err) &&
           dialogue_greet(dialogue, identity, memory, again, err);
}

struct dialogue *dialogue_open(const struct endpoint *endpoint,
                               const struct handshake_options *identity,
                               struct dialogue_timeouts timeouts, struct err *err)
{
    struct handshake_memory memory = {0};
    bool again = true;

    while (again) {
        struct dialogue *dialogue = mem_new(struct dialogue);
        dialogue->stream.fd = -1;
        dialogue->response_ms = timeouts.response_ms;
        dialogue->reader = reader_new(limits);
        if (dialogue_begin(dialogue, endpoint, identity, timeouts, &memory, &again, err))
            return dialogue;
        dialogue_close(dialogue);
    }
    return NULL;
}

struct dialogue *dialogue_with_sink(const struct conf_sink *sink, int database,
                                    const char *client_name, struct err *err)
{
    const struct handshake_options identity = {sink->username.text, sink->password.text,
                                               sink->password_decoded, client_name, database};
    const struct dialogue_timeouts timeouts = {sink->connect_timeout, sink->response_timeout};
    struct dialogue *found = NULL;

    for (unsigned i = 0; i < endpoint_count(sink) && (!found || found->is_replica); i++) {
        struct endpoint endpoint = endpoint_of(sink, i);
        struct dialogue *next = dialogue_open(&endpoint, &identity, timeouts, err);
        if (!next)
            continue;
        dialogue_close(found);
        found = next;
    }
    return found;
}

bool dialogue_hung_up(const struct dialogue *dialogue)
{
    return dialogue->hung_up;
}

const char *dialogue_unknown(const struct dialogue *dialogue)
{
    return dialogue->unknown;
}

void dialogue_close(struct dialogue *dialogue)
{
    if (!dialogue)
        return;
    stream_close(&dialogue->stream);
    tls_context_free(dialogue->tls);
    reader_free(dialogue->reader);
    free(dialogue);
}

/* --- ask -------------------------------------------------------------------------------------- */

static struct redisReply *dialogue_answer(struct dialogue *dialogue, int64_t deadline_ms,
                                          struct err *err)
{
    char room[READ_BYTES];
    redisReply *reply;
    size_t length;

    for (;;) {
        if (!reader_next(dialogue->reader, &reply, err))
            return NULL;
        if (reply)
            return reply;
        if (!dialogue_receive(dialogue, room, &length, deadline_ms, err) ||
            !reader_feed(dialogue->reader, (struct slice){room, length}, err))
            return NULL;
    }
}

struct redisReply *dialogue_ask(struct dialogue *dialogue, const struct slice *arguments,
                                size_t count, struct err *err)
{
    int64_t deadline_ms = clock_ms() + dialogue->response_ms;
    char *bytes = mem_alloc(resp_bound(arguments, count));
    char *end = resp_encode(bytes, arguments, count);
    bool sent =
        dialogue_send(dialogue, (struct slice){bytes, (size_t)(end - bytes)}, deadline_ms, err);

    free(bytes);
    return sent ? dialogue_answer(dialogue, deadline_ms, err) : NULL;
}

/* Passes over the whole answer. Errors: ERR_RETRY: none came in time. */
static bool dialogue_scan(struct dialogue *dialogue, struct resp_scanner *scanner,
                          int64_t deadline_ms, struct err *err)
{
    char *room = mem_alloc(RESP_LINE_BYTES + READ_BYTES);
    enum resp_result result = RESP_MORE;
    struct slice input = {room, 0};
    size_t got;

    while (result == RESP_MORE && input.length < RESP_LINE_BYTES) {
        memmove(room, input.data, input.length);
        if (!dialogue_receive(dialogue, room + input.length, &got, deadline_ms, err))
            break;
        input = (struct slice){room, input.length + got};
        result = resp_scan(scanner, &input);
        err_set(err, ERR_RETRY, "the answer is not Redis' protocol");
    }
    free(room);
    return result == RESP_REPLY;
}

static bool dialogue_judge(struct resp_scanner *scanner, uint32_t command, struct slice sent,
                           struct err *err)
{
    enum reply_class class =
        verdict_is_open(scanner, command) ? verdict_of(scanner, command, sent) : REPLY_DONE;

    return class == REPLY_DONE ||
           err_set(err, class == REPLY_REJECT ? ERR_RECORD : ERR_RETRY, "%s", scanner->text);
}

bool dialogue_run(struct dialogue *dialogue, const struct command *command,
                  const struct slice *arguments, size_t count, struct err *err)
{
    int64_t deadline_ms = clock_ms() + dialogue->response_ms;
    char *bytes = mem_alloc(resp_bound(arguments, count));
    struct slice sent = {bytes, (size_t)(resp_encode(bytes, arguments, count) - bytes)};
    struct resp_scanner scanner = {0};
    size_t rows;

    (void)command_all(&rows);
    bool done = dialogue_send(dialogue, sent, deadline_ms, err) &&
                dialogue_scan(dialogue, &scanner, deadline_ms, err) &&
                dialogue_judge(&scanner, command ? command->index : (uint32_t)rows, sent, err);
    free(bytes);
    return done;
}
