/* test_events.c: the stream of events of the admin port, and viewers of every kind. */
#include "port_fixture.h"
#include "suite.h"

#include "app/http.h"
#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static const char question[] = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

static int view(void)
{
    int handle = port_dial();

    send(handle, question, sizeof(question) - 1, MSG_NOSIGNAL);
    return handle;
}

/* Reads until @p text has come @p times; whether it did. */
static bool hears(int handle, const char *text, int times)
{
    struct pollfd wait = {handle, POLLIN, 0};
    static char heard[1 << 16];
    size_t length = 0;
    ssize_t got = 1;
    int found = 0;

    while (found < times && got > 0 && length < sizeof(heard) - 1 &&
           poll(&wait, 1, PATIENCE_MS) > 0) {
        got = recv(handle, heard + length, sizeof(heard) - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        heard[length] = '\0';
        found = 0;
        for (const char *at = heard; (at = strstr(at, text)); at++)
            found++;
    }
    return found >= times;
}

static void a_viewer_gets_an_event_each_second(void)
{
    int64_t since_ms;
    int handle;

    port_open();
    since_ms = clock_ms();
    handle = view();
    CU_ASSERT(hears(handle, "\nContent-Type: text/event-stream\r\n", 1));
    CU_ASSERT(hears(handle, "event: sample\ndata: {\"time\":", 1));
    CU_ASSERT(hears(handle, "event: sample\n", 2));
    CU_ASSERT(clock_ms() - since_ms > 900);
    close(handle);
    CU_ASSERT(port_still_answers());
    port_close();
}

static void the_tables_come_as_their_pages_answer(void)
{
    char *body;
    int handle;

    port_open();
    port_get("/api/v1/routes");
    body = strdup(strstr(answer, "\r\n\r\n") + 4);
    body[strcspn(body, "\n")] = '\0';
    CU_ASSERT(strlen(body) > 10);
    handle = view();
    CU_ASSERT(hears(handle, "event: routes\ndata: ", 1));
    CU_ASSERT(hears(handle, body, 2)); /* and again */
    close(handle);
    handle = view();
    CU_ASSERT(hears(handle, "\nevent: problems\ndata: {\"problems\":[]}\n\n", 1));
    close(handle);
    free(body);
    port_close();
}

static void the_history_grows_while_nobody_looks(void)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    port_open();
    do {
        usleep(50 * 1000);
        port_get("/api/v1/history");
    } while (!strstr(answer, "\"records_per_second\":[0") && clock_ms() < until_ms);
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("Content-Type: application/json\r\n"));
    CU_ASSERT(port_says("\"records_per_second\":[0"));
    port_close();
}

static void a_head_of_the_stream_ends_at_once(void)
{
    port_open();
    port_ask("HEAD /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("Connection: close\r\n\r\n"));
    port_close();
}

static void viewers_have_places_of_their_own(void)
{
    int viewers[HTTP_STREAMS + 1], crowd[HTTP_CONNECTIONS];

    port_open();
    for (int i = 0; i < HTTP_STREAMS; i++) {
        viewers[i] = view();
        CU_ASSERT(hears(viewers[i], "event-stream", 1));
    }
    viewers[HTTP_STREAMS] = view();
    port_hear(viewers[HTTP_STREAMS]);
    CU_ASSERT_EQUAL(port_status(), 503);
    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        crowd[i] = port_dial(); /* says nothing */
    CU_ASSERT(port_still_answers());
    for (int i = 0; i < HTTP_STREAMS; i++) {
        CU_ASSERT(hears(viewers[i], "event: sample", 2)); /* the crowd took no place of a viewer */
        close(viewers[i]);
    }
    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        close(crowd[i]);
    int64_t until_ms = clock_ms() + PATIENCE_MS;
    bool viewing;
    do { /* until the port has noticed that their places are free again */
        viewers[0] = view();
        viewing = hears(viewers[0], "event-stream", 1);
        close(viewers[0]);
    } while (!viewing && clock_ms() < until_ms);
    CU_ASSERT_TRUE(viewing);
    port_close();
}

/* --- a slow viewer, of a server on this thread ---------------------------------------------- */

static void answer_stream(void *context, const struct http_request *request,
                          struct http_answer *reply)
{
    (void)context, (void)request;
    reply->stream = true;
}

static const struct endpoint stream_endpoint[] = {
    {.method = METHOD_GET, .path = "/api/v1/events", .answer = answer_stream}};

/* A client with little room, which reads nothing for now. */
static int dial_slowly(const struct http *http)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int handle = socket(AF_INET, SOCK_STREAM, 0), room = 4096;

    setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    address.sin_port = htons((uint16_t)atoi(strrchr(http_address(http), ':') + 1));
    CU_ASSERT_EQUAL(connect(handle, (struct sockaddr *)&address, sizeof(address)), 0);
    send(handle, question, sizeof(question) - 1, MSG_NOSIGNAL);
    return handle;
}

static void turn(struct event_base *base)
{
    for (int i = 0; i < 4; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

/* How many events the viewer hears, each of which must be whole. */
static int events_heard(int handle, struct event_base *base, size_t event_length)
{
    static char heard[64 << 20];
    size_t length = 0;

    for (int silent = 0; silent < 20; silent++) {
        ssize_t got = recv(handle, heard + length, sizeof(heard) - length, MSG_DONTWAIT);
        if (got > 0) {
            length += (size_t)got;
            silent = 0;
        } else {
            usleep(5000);
        }
        turn(base);
    }
    heard[length] = '\0';
    const char *body = strstr(heard, "\r\n\r\n") + 4;
    CU_ASSERT_EQUAL((length - (size_t)(body - heard)) % event_length, 0);
    return (int)((length - (size_t)(body - heard)) / event_length);
}

static void a_slow_viewer_loses_events_and_takes_no_memory(void)
{
    enum { EVENTS = 20000, EVENT_BYTES = 1000 };
    char event[EVENT_BYTES];
    struct event_base *base = event_base_new();
    const struct endpoints endpoints = {stream_endpoint, 1};
    const struct conf_admin conf = {0};
    struct err err;
    struct http *http = http_new(base, "127.0.0.1:0", &conf, &endpoints, NULL, &err);
    int handle, heard;

    CU_ASSERT_PTR_NOT_NULL_FATAL(http);
    memset(event, 'e', sizeof(event));
    handle = dial_slowly(http);
    while (http_viewers(http) == 0)
        turn(base);
    for (int i = 0; i < EVENTS; i++) {
        http_publish(http, (struct slice){event, sizeof(event)});
        turn(base);
    }
    heard = events_heard(handle, base, sizeof(event));
    CU_ASSERT(heard >= HTTP_STREAM_BYTES / EVENT_BYTES);
    CU_ASSERT(heard < EVENTS / 2); /* what waited were the kernel's buffers, and ours */
    http_publish(http, (struct slice){event, sizeof(event)});
    CU_ASSERT_EQUAL(recv(handle, event, sizeof(event), MSG_DONTWAIT), -1);
    turn(base);
    CU_ASSERT_EQUAL(recv(handle, event, sizeof(event), MSG_WAITALL), EVENT_BYTES); /* goes on */
    close(handle);
    http_free(http);
    event_base_free(base);
}

static void it_stops_at_once_though_somebody_looks(void)
{
    int64_t since_ms;
    int handle;

    port_open();
    handle = view();
    CU_ASSERT(hears(handle, "event-stream", 1));
    since_ms = clock_ms();
    port_close();
    CU_ASSERT(clock_ms() - since_ms < AT_ONCE_MS);
    CU_ASSERT_FALSE(hears(handle, "event: no such event", 1)); /* its end, not a wait */
    close(handle);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_viewer_gets_an_event_each_second),
        TEST(the_tables_come_as_their_pages_answer),
        TEST(the_history_grows_while_nobody_looks),
        TEST(a_head_of_the_stream_ends_at_once),
        TEST(viewers_have_places_of_their_own),
        TEST(a_slow_viewer_loses_events_and_takes_no_memory),
        TEST(it_stops_at_once_though_somebody_looks),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("events", tests);
}
