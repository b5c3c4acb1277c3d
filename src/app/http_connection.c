/*
 * http_connection.c: one client of the HTTP server: its requests, and the answers.
 *
 *      READING --head--> RECEIVING --body--> ANSWERING --all sent--> LINGERING --> gone
 *         ^    \______malformed, too long, too late______/  |
 *         +--first byte--  WAITING  <---all sent, not last--+
 *
 *      A stream: RECEIVING --request whole--> STREAMING --the client ends, or stalls--> gone
 *
 * Requests are answered one after the other: while an answer is being sent, the next request stays
 * in the buffer, which has a limit. A request that we refuse and one that comes when all places are
 * taken are the last on their connection: what follows them is never taken for a request. A
 * connection that lingers has sent its answer and its end, and discards what still comes: if it
 * were closed at once, with bytes unread, TCP would reset it and the client might never see the
 * answer.
 */
#include "app/http_connection.h"

#include "app/body.h"
#include "app/http_answer.h"
#include "base/clock.h"
#include "base/mem.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LINGER_MS = 1000 };

enum connection_state { READING, RECEIVING, ANSWERING, WAITING, LINGERING, STREAMING };

struct http_connection {
    struct http_common *common;
    struct bufferevent *stream;
    struct event *deadline;
    enum connection_state state;
    int64_t since_ms; /* in this state; RECEIVING counts as READING */
    bool last;        /* no request is taken after this one */
    bool ended;       /* the client will send nothing more */
    char *head;       /* of the request; what follows is of it, too */
    struct request request;
    struct endpoint_found found;
    struct body body;
};

static void connection_deadline(struct http_connection *connection, int milliseconds)
{
    struct timeval later = {milliseconds / 1000, (milliseconds % 1000) * 1000};

    evtimer_add(connection->deadline, &later);
}

static void connection_begin(struct http_connection *connection, enum connection_state state,
                             int milliseconds)
{
    connection->state = state;
    connection->since_ms = clock_ms();
    connection_deadline(connection, milliseconds);
}

static void connection_forget(struct http_connection *connection)
{
    body_clear(&connection->body);
    if (connection->head)
        explicit_bzero(connection->head, strlen(connection->head)); /* it may have the token */
    free(connection->head);
    connection->head = NULL;
}

static void connection_make_room(struct http_common *common)
{
    common->open--;
    common->room(common);
}

void http_connection_free(struct http_connection *connection)
{
    struct http_common *common = connection->common;

    common->gone(common, connection);
    if (connection->state == STREAMING)
        common->streams--;
    else
        connection_make_room(common);
    connection_forget(connection);
    bufferevent_free(connection->stream);
    event_free(connection->deadline);
    free(connection);
}

int64_t http_connection_waits_ms(const struct http_connection *connection)
{
    bool busy = connection->state == ANSWERING || connection->state == STREAMING;

    return busy ? 0 : clock_ms() - connection->since_ms;
}

/* --- answers --------------------------------------------------------------------------------- */

static struct evbuffer *connection_out(struct http_connection *connection)
{
    return bufferevent_get_output(connection->stream);
}

/* Nothing more is taken from this client. */
static void connection_refuse(struct http_connection *connection, int status, const char *header,
                              const char *why)
{
    bool head = connection->head && connection->request.method == METHOD_HEAD;
    struct http_answer answer;
    char *memory = NULL;
    size_t length = 0;

    connection->last = true;
    http_answer_begin(&answer, &memory, &length);
    snprintf(answer.header, sizeof(answer.header), "%s", header);
    http_refuse(&answer, status, "%s", why);
    http_answer_end(&answer, &memory, &length, head ? HTTP_HEAD_ALONE : HTTP_WHOLE, true,
                    connection_out(connection));
    connection_forget(connection);
    connection_begin(connection, ANSWERING, HTTP_CONNECTION_MS);
}

/* What was answered so far is only the beginning. */
static void connection_stream(struct http_connection *connection)
{
    connection->common->streams++;
    connection_make_room(connection->common);
    connection_begin(connection, STREAMING, HTTP_STALLED_MS);
}

static void connection_answer(struct http_connection *connection, struct http_answer *answer,
                              char **memory, const size_t *length)
{
    bool head = connection->request.method == METHOD_HEAD;

    http_answer_end(answer, memory, length, head ? HTTP_HEAD_ALONE : HTTP_WHOLE, connection->last,
                    connection_out(connection));
    connection_forget(connection);
    connection_begin(connection, ANSWERING, HTTP_CONNECTION_MS);
    if (answer->stream && !head)
        connection_stream(connection);
}

/* The request is whole. */
static void connection_serve(struct http_connection *connection)
{
    const struct http_common *common = connection->common;
    const struct endpoint_found *found = &connection->found;
    char who[ACCESS_WHO_BYTES];
    const struct http_request request = {.head = &connection->request,
                                         .arguments = {found->arguments[0], found->arguments[1]},
                                         .body = {connection->body.bytes, connection->body.length},
                                         .who = who};
    struct http_answer answer;
    char *memory = NULL;
    size_t length = 0;

    access_who(bufferevent_getfd(connection->stream), who);
    http_answer_begin(&answer, &memory, &length);
    found->endpoint->answer(common->context, &request, &answer);
    if (answer.stream && common->streams == HTTP_STREAMS) {
        fclose(answer.body);
        free(memory);
        connection_refuse(connection, 503, "", "As many clients as may read this stream read it.");
        return;
    }
    connection->last =
        connection->request.last || common->open == HTTP_CONNECTIONS || answer.stream;
    connection_answer(connection, &answer, &memory, &length);
}

/* --- requests -------------------------------------------------------------------------------- */

static void connection_refuse_head(struct http_connection *connection, int status)
{
    static const struct {
        int status;
        const char *why;
    } rows[] = {
        {400, "This is not an HTTP request."},
        {413, "The body is longer than 16 KiB."},
        {417, "Of the expectations only 100-continue is supported."},
        {501, "Of the transfer codings only chunked is supported."},
        {505, "Only HTTP/1.1 and HTTP/1.0 are supported."},
    };
    size_t i = 0;

    while (rows[i].status != status)
        i++;
    connection_refuse(connection, status, "", rows[i].why);
}

static void connection_refuse_path(struct http_connection *connection)
{
    const char *nearest =
        endpoint_nearest(&connection->common->endpoints, connection->request.path);
    char why[ENDPOINT_ARGUMENT_BYTES];

    snprintf(why, sizeof(why), "There is no such page; %s%s",
             nearest ? "did you mean " : "/ lists the pages.", nearest ? nearest : "");
    if (nearest)
        strcat(why, "?");
    connection_refuse(connection, 404, "", why);
}

/* Finds who may answer; false: it was refused. */
static bool connection_route(struct http_connection *connection)
{
    const struct request *request = &connection->request;
    struct endpoint_found *found = &connection->found;
    const struct access *access = &connection->common->access;
    char allow[HTTP_HEADER_BYTES], takes[ENDPOINT_METHODS_BYTES + 96];
    const char *why;
    int status = access_admit(access, request, &why);

    if (status != 200) {
        connection_refuse(connection, status, "", why);
        return false;
    }
    status = endpoint_find(&connection->common->endpoints, request->method, request->path, found);
    if (status == 404) {
        connection_refuse_path(connection);
        return false;
    }
    if (status == 405) {
        snprintf(allow, sizeof(allow), "Allow: %s", found->methods);
        snprintf(takes, sizeof(takes),
                 "This page takes %s. Routes are made and changed in the configuration alone.",
                 found->methods);
        connection_refuse(connection, 405, allow, takes);
        return false;
    }
    status = access_allow(access, found->endpoint->access, request, &why);
    if (status != 200)
        connection_refuse(connection, status,
                          status == 401 ? "WWW-Authenticate: Bearer realm=\"penstock\"" : "", why);
    return status == 200;
}

/* Content-Type: application/json, perhaps with parameters. */
static bool type_is_json(struct slice type)
{
    struct slice essence = request_cut(&type, ";");

    while (essence.length && strchr(" \t", essence.data[essence.length - 1]))
        essence.length--;
    return request_is_like(essence, HTTP_JSON);
}

static bool connection_expect(struct http_connection *connection)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct request *request = &connection->request;
    int status = body_begin(&connection->body, request);

    if (status != 200) {
        connection_refuse_head(connection, status);
        return false;
    }
    if (request->has_body && !type_is_json(request->type)) {
        connection_refuse(connection, 415, "", "A body must be " HTTP_JSON ".");
        return false;
    }
    if (request->expects)
        evbuffer_add(connection_out(connection), go_on, sizeof(go_on) - 1);
    return true;
}

static void connection_receive(struct http_connection *connection, struct evbuffer *in)
{
    size_t length = evbuffer_get_length(in), used = 0;
    struct slice bytes = {(const char *)evbuffer_pullup(in, -1), length};
    int status = body_take(&connection->body, bytes, &used);

    evbuffer_drain(in, used);
    if (status == 200)
        connection_serve(connection);
    else if (status != 100)
        connection_refuse_head(connection, status);
}

static void connection_head(struct http_connection *connection, struct slice head,
                            struct evbuffer *in)
{
    connection->head = mem_copy(head.data, head.length);
    evbuffer_drain(in, head.length + 2);
    int status = request_parse((struct slice){connection->head, head.length}, &connection->request);
    if (status != 200) {
        connection_forget(connection);
        connection_refuse_head(connection, status);
    } else if (connection_route(connection) && connection_expect(connection)) {
        connection->state = RECEIVING;
        connection_receive(connection, in);
    }
}

/* Answers the request whose head has come, or refuses what can be none. */
static void connection_take(struct http_connection *connection, struct evbuffer *in)
{
    size_t length = evbuffer_get_length(in);
    ev_ssize_t line = evbuffer_search(in, "\r\n", 2, NULL).pos;
    ev_ssize_t end = evbuffer_search(in, "\r\n\r\n", 4, NULL).pos;
    size_t head = end < 0 ? length : (size_t)end + 2;

    if (head > HTTP_HEAD_BYTES && (line < 0 || line > HTTP_HEAD_BYTES))
        connection_refuse(connection, 414, "", "The request line is longer than 8 KiB.");
    else if (head > HTTP_HEAD_BYTES)
        connection_refuse(connection, 431, "", "The headers are longer than 8 KiB.");
    else if (end >= 0)
        connection_head(connection,
                        (struct slice){(const char *)evbuffer_pullup(in, (ev_ssize_t)head), head},
                        in);
}

static void connection_read(struct bufferevent *stream, void *context)
{
    struct http_connection *connection = context;
    struct evbuffer *in = bufferevent_get_input(stream);

    if (connection->state == WAITING)
        connection_begin(connection, READING, HTTP_HEAD_MS);
    if (connection->state == READING)
        connection_take(connection, in);
    else if (connection->state == RECEIVING)
        connection_receive(connection, in);
    if (connection->last)
        evbuffer_drain(in, evbuffer_get_length(in));
}

/* Its answer is sent, and not the last: the next request may be here already. */
static void connection_next(struct http_connection *connection)
{
    connection_begin(connection, WAITING, HTTP_IDLE_MS);
    if (evbuffer_get_length(bufferevent_get_input(connection->stream)))
        connection_read(connection->stream, connection);
    if (connection->ended && connection->state != ANSWERING)
        http_connection_free(connection);
}

/* Everything is written; libevent also calls this for a new connection. */
static void connection_written(struct bufferevent *stream, void *context)
{
    struct http_connection *connection = context;

    if (connection->state == STREAMING)
        evtimer_del(connection->deadline);
    else if (connection->state != ANSWERING)
        return;
    if (connection->state == ANSWERING && !connection->last) {
        connection_next(connection);
    } else if (connection->ended) {
        http_connection_free(connection);
    } else if (connection->state == ANSWERING) {
        shutdown(bufferevent_getfd(stream), SHUT_WR);
        connection_begin(connection, LINGERING, LINGER_MS);
    }
}

static void connection_event(struct bufferevent *stream, short what, void *context)
{
    struct http_connection *connection = context;
    bool writes = evbuffer_get_length(bufferevent_get_output(stream)) > 0;

    connection->ended = true;
    if (!writes || (what & BEV_EVENT_ERROR))
        http_connection_free(connection);
}

static void connection_late(evutil_socket_t handle, short what, void *context)
{
    struct http_connection *connection = context;

    (void)handle, (void)what;
    if (connection->state != READING && connection->state != RECEIVING) {
        http_connection_free(connection);
        return;
    }
    connection_refuse(connection, 408, "", "The request did not arrive within 2 s.");
    connection_deadline(connection, LINGER_MS);
}

struct http_connection *http_connection_new(struct http_common *common, int handle)
{
    struct http_connection *connection = mem_new(struct http_connection);

    common->open++;
    connection->common = common;
    connection->stream = bufferevent_socket_new(common->base, handle, BEV_OPT_CLOSE_ON_FREE);
    connection->deadline = evtimer_new(common->base, connection_late, connection);
    connection->body.part = BODY_WHOLE;
    bufferevent_setcb(connection->stream, connection_read, connection_written, connection_event,
                      connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, 2 * HTTP_HEAD_BYTES);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    connection_begin(connection, READING, HTTP_HEAD_MS);
    return connection;
}

/* A viewer that takes nothing has a deadline from the first event that waits. */
void http_connection_publish(struct http_connection *connection, struct slice event)
{
    struct evbuffer *out = connection_out(connection);

    if (connection->state != STREAMING || evbuffer_get_length(out) > HTTP_STREAM_BYTES)
        return;
    if (!evtimer_pending(connection->deadline, NULL))
        connection_deadline(connection, HTTP_STALLED_MS);
    evbuffer_add(out, event.data, event.length);
}
