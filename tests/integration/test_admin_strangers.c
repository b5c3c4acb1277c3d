/* test_admin_strangers.c: the admin port and those who send too much, too slowly, or are too many.
 */
#include "port_fixture.h"
#include "suite.h"

#include "app/http.h"
#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CROWD = 200 };

static void a_head_that_is_too_long_is_refused(void)
{
    static char request[HTTP_HEAD_BYTES + 4096];
    size_t length;

    port_open();
    memset(request, 'a', sizeof(request));
    memcpy(request, "GET /", 5);
    length = HTTP_HEAD_BYTES + 1000;
    memcpy(request + length, " HTTP/1.1\r\n\r\n", 13);
    port_say(request, length + 13);
    CU_ASSERT_EQUAL(port_status(), 414);
    length = (size_t)sprintf(request, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    memset(request + length, 'a', sizeof(request) - length);
    memcpy(request + sizeof(request) - 4, "\r\n\r\n", 4);
    port_say(request, sizeof(request));
    CU_ASSERT_EQUAL(port_status(), 431);
    CU_ASSERT(port_still_answers());
    port_close();
}

static void megabytes_of_anything_do_no_harm(void)
{
    enum { BYTES = 4 << 20 };
    const char patterns[] = {'a', '\n', '\0', ':', ' ', (char)0xff};
    char *bytes = malloc(BYTES);

    port_open();
    for (size_t i = 0; i < sizeof(patterns); i++) {
        memset(bytes, patterns[i], BYTES);
        port_say(bytes, BYTES);
        CU_ASSERT(port_status() == 400 || port_status() == 414 || port_status() == 431);
    }
    CU_ASSERT(port_still_answers());
    port_close();
    free(bytes);
}

static void a_body_is_thrown_away(void)
{
    static char request[1 << 20];
    size_t length = (size_t)sprintf(request, "GET /livez HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
                                    sizeof(request));

    port_open();
    memset(request + length, 'b', sizeof(request) - length);
    port_say(request, sizeof(request));
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("\r\n\r\nok\n"));
    memcpy(request, "PUT", 3);
    port_say(request, sizeof(request));
    CU_ASSERT_EQUAL(port_status(), 405);
    CU_ASSERT(port_says("\"error_code\":405"));
    port_close();
}

static void what_is_not_http_is_refused(void)
{
    port_open();
    port_ask("\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 400);
    CU_ASSERT(port_says("This is not an HTTP request."));
    port_ask("GET / HTTP/2.0\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 505);
    CU_ASSERT(port_still_answers());
    port_close();
}

static void a_request_in_many_pieces_is_one_request(void)
{
    const char *request = "GET /livez?verbose HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int handle;

    port_open();
    handle = port_dial();
    for (size_t i = 0; request[i]; i++) {
        send(handle, request + i, 1, MSG_NOSIGNAL);
        usleep(1000);
    }
    port_hear(handle);
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("[+]worker 0 ok\ncheck passed\n"));
    port_close();
}

static void a_client_that_says_no_more_still_gets_its_answer(void)
{
    int handle;

    port_open();
    handle = port_dial();
    send(handle, "GET /metrics HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL);
    shutdown(handle, SHUT_WR);
    port_hear(handle);
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("process_threads"));
    port_close();
}

static void send_text(int handle, const char *text)
{
    send(handle, text, strlen(text), MSG_NOSIGNAL);
}

static void a_client_that_hangs_up_does_no_harm(void)
{
    struct linger at_once = {1, 0};

    port_open();
    for (int i = 0; i < 50; i++) {
        int handle = port_dial();
        send_text(handle, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        setsockopt(handle, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(handle);
    }
    CU_ASSERT(port_still_answers());
    port_close();
}

static void more_clients_than_are_served_at_once_wait_their_turn(void)
{
    int handles[2 * HTTP_CONNECTIONS];

    port_open();
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        handles[i] = port_dial();
        send_text(handles[i], "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        port_hear(handles[i]);
        CU_ASSERT_EQUAL(port_status(), 200);
    }
    port_close();
}

static void a_head_that_does_not_come_is_not_waited_for(void)
{
    int64_t since_ms;
    int handle;

    port_open();
    since_ms = clock_ms();
    handle = port_dial();
    send_text(handle, "GET /livez HT");
    port_hear(handle);
    CU_ASSERT_EQUAL(port_status(), 408);
    CU_ASSERT(clock_ms() - since_ms >= HTTP_HEAD_MS - 100);
    CU_ASSERT(clock_ms() - since_ms < HTTP_HEAD_MS + AT_ONCE_MS);
    port_close();
}

/* Whether the first of a crowd were sent away for the others, without an answer: those whose time
 * is over get one. */
static void expect_no_answers(const int handles[CROWD])
{
    for (int i = 0; i < HTTP_CONNECTIONS; i++) {
        port_hear(handles[i]);
        CU_ASSERT_EQUAL(port_status(), -1);
    }
    for (int i = HTTP_CONNECTIONS; i < CROWD; i++)
        close(handles[i]);
}

static void a_crowd_that_says_nothing_keeps_nobody_waiting(void)
{
    int handles[CROWD];

    port_open();
    for (int i = 0; i < CROWD; i++)
        handles[i] = port_dial();
    for (int i = 0; i < 3; i++)
        CU_ASSERT(port_still_answers());
    expect_no_answers(handles);
    port_close();
}

static void requests_that_come_at_once_are_answered_one_by_one(void)
{
    enum { REQUESTS = 300 };
    int handle;

    port_open();
    handle = port_dial();
    for (int i = 0; i < REQUESTS; i++)
        send_text(handle, i % 2 ? "GET /metrics HTTP/1.1\r\n\r\n" : "GET /livez HTTP/1.1\r\n\r\n");
    shutdown(handle, SHUT_WR);
    for (int i = 0; i < REQUESTS; i++) {
        port_hear_one(handle);
        CU_ASSERT_EQUAL(port_status(), 200);
        CU_ASSERT_EQUAL(strstr(answer, "\r\n\r\nok\n") != NULL, i % 2 == 0);
    }
    CU_ASSERT_EQUAL(recv(handle, answer, 1, 0), 0);
    close(handle);
    port_close();
}

/* Another server before ours may end the body elsewhere. */
static void a_body_never_becomes_a_request(void)
{
    static const char smuggled[] = "\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {"Content-Length: 44\r\n", 200},
        {"Content-Length: 18446744073709551616\r\n", 200},
        {"Transfer-Encoding: chunked\r\n", 200},
        {"Transfer-Encoding: xchunked\r\n", 501},
        {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400},
        {"transfer-encoding: chunked\r\ncontent-length: 4\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
        {"Content-Length: 0\r\nContent-Length: 44\r\n", 400},
        {"Content-Length: 0, 44\r\n", 400},
        {"Content-Length: +0\r\n", 400},
        {"Content-Length: -1\r\n", 400},
        {"Content-Length: 0x0\r\n", 400},
        {"Content-Length:\r\n", 400},
        {"Content-Length : 0\r\n", 400},
        {"X: y\r\n Content-Length: 0\r\n", 400},
        {"X: y\nContent-Length: 0\r\n", 400},
    };
    char request[512];

    port_open();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(request, sizeof(request), "GET /livez HTTP/1.1\r\n%s%s", rows[i].headers,
                 smuggled);
        port_ask(request);
        CU_ASSERT_EQUAL(port_status(), rows[i].status);
        CU_ASSERT(port_says("Connection: close\r\n"));
        CU_ASSERT_FALSE(strstr(answer, "penstock_") != NULL);
    }
    port_close();
}

/* --- bodies ----------------------------------------------------------------------------------- */

#define POST                                                                                       \
    "POST /api/v1/log HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " PORT_TOKEN "\r\n"
#define JSON_TYPE "Content-Type: application/json\r\n"

static void a_body_that_cannot_be_one_is_refused(void)
{
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        {POST JSON_TYPE "Content-Length: 16385\r\n\r\n", 413},
        {POST JSON_TYPE "Content-Length: 99999999999999999999\r\n\r\n", 413},
        {POST JSON_TYPE "Content-Length: -1\r\n\r\n", 400},
        {POST JSON_TYPE "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
        {POST JSON_TYPE "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400},
        {POST JSON_TYPE "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400},
        {POST JSON_TYPE "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {POST JSON_TYPE "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {POST JSON_TYPE "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n\r\n\r\n", 400},
        {POST JSON_TYPE "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{\r\n", 400},
        {POST JSON_TYPE "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413},
        {POST "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415},
        {POST "Content-Length: 2\r\n\r\n{}", 415},
        {POST JSON_TYPE "Expect: cookies\r\nContent-Length: 2\r\n\r\n{}", 417},
        {"POST /api/v1/log HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 401},
        {"POST /api/v1/log HTTP/1.1\r\nAuthorization: Bearer " PORT_TOKEN
         "\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}",
         403},
    };

    port_open();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        port_ask(rows[i].request);
        if (port_status() != rows[i].status)
            fprintf(stderr, "\nrow %zu: %.200s\n", i, answer);
        CU_ASSERT_EQUAL(port_status(), rows[i].status);
        CU_ASSERT(port_says("Connection: close\r\n"));
    }
    CU_ASSERT(port_still_answers());
    port_close();
}

/* Each answers 400, for they are no levels: their bodies were read to the end, and no further. */
static void what_follows_a_body_is_the_next_request(void)
{
    static const char three[] = POST JSON_TYPE
        "Content-Length: 27\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n  " POST JSON_TYPE
        "Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n2;x=y\r\n{}\r\n0\r\nT: 1\r\n\r\n"
        "GET /livez HTTP/1.1\r\n\r\n";
    int handle;

    port_open();
    handle = port_dial();
    send_text(handle, three);
    port_hear_one(handle);
    CU_ASSERT_EQUAL(port_status(), 400);
    port_hear_one(handle);
    CU_ASSERT_EQUAL(port_status(), 400);
    port_hear_one(handle);
    CU_ASSERT(port_says("\r\n\r\nok\n"));
    close(handle);
    port_close();
}

static void a_client_that_waits_to_be_told_to_go_on_is_told(void)
{
    int handle;

    port_open();
    handle = port_dial();
    send_text(handle, POST JSON_TYPE "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CU_ASSERT_EQUAL(recv(handle, answer, 25, MSG_WAITALL), 25);
    CU_ASSERT_EQUAL(memcmp(answer, "HTTP/1.1 100 Continue\r\n\r\n", 25), 0);
    send_text(handle, "{}");
    port_hear_one(handle);
    CU_ASSERT_EQUAL(port_status(), 400);
    close(handle);
    port_close();
}

static void a_body_that_does_not_come_is_not_waited_for(void)
{
    int64_t since_ms;
    int handle;

    port_open();
    handle = port_dial();
    send_text(handle, POST JSON_TYPE "Content-Length: 20\r\n\r\n{\"level\"");
    since_ms = clock_ms();
    port_hear(handle);
    CU_ASSERT_EQUAL(port_status(), 408);
    CU_ASSERT(clock_ms() - since_ms < HTTP_HEAD_MS + AT_ONCE_MS);
    port_close();
}

static void a_crowd_of_slow_bodies_keeps_nobody_waiting(void)
{
    int handles[CROWD];

    port_open();
    for (int i = 0; i < CROWD; i++) {
        handles[i] = port_dial();
        send_text(handles[i], POST JSON_TYPE "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
    }
    for (int i = 0; i < 3; i++)
        CU_ASSERT(port_still_answers());
    expect_no_answers(handles);
    port_close();
}

static void a_crowd_that_has_its_answers_keeps_nobody_waiting(void)
{
    int handles[HTTP_CONNECTIONS];
    int64_t since_ms;

    port_open();
    for (int i = 0; i < HTTP_CONNECTIONS; i++) {
        handles[i] = port_dial();
        send_text(handles[i], "GET /livez HTTP/1.1\r\n\r\n");
        port_hear_one(handles[i]);
        CU_ASSERT_EQUAL(strstr(answer, "Connection: close") != NULL, i == HTTP_CONNECTIONS - 1);
    }
    since_ms = clock_ms();
    CU_ASSERT(port_still_answers());
    CU_ASSERT(clock_ms() - since_ms < AT_ONCE_MS); /* they may stay for HTTP_IDLE_MS */
    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        close(handles[i]);
    port_close();
}

/* As a page does whose own name leads to the loopback address. */
static void a_foreign_host_reads_nothing(void)
{
    static const char *const good[] = {
        "localhost", "LOCALHOST:9464", "127.0.0.1:1",     "[::1]:9464",
        "10.1.2.3",  "penstock.svc",   "Penstock.SVC:80", ""};
    static const char *const bad[] = {
        "evil.example",     "evil.example:9464", "localhost.evil.example", "127.0.0.1.nip.io", "x",
        "penstock.svc.evil"};
    char request[256];

    port_open();
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(request, sizeof(request), "GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        port_ask(request);
        CU_ASSERT_EQUAL(port_status(), 200);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(request, sizeof(request), "GET /metrics HTTP/1.1\r\nhost:\t%s \r\n\r\n", bad[i]);
        port_ask(request);
        CU_ASSERT_EQUAL(port_status(), 421);
        CU_ASSERT_FALSE(port_says("penstock_"));
    }
    port_ask("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 421);
    port_ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 400);
    port_close();
}

static void a_loop_that_stands_still_is_seen(void)
{
    port_open();
    usleep(10500 * 1000);
    port_get("/livez");
    CU_ASSERT_EQUAL(port_status(), 503);
    CU_ASSERT(port_says("[-]worker 0: its loop has not run for 1"));
    port_tell_ready();
    CU_ASSERT(port_still_answers());
    port_close();
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Lets no new file descriptor be opened until the limit that it returns is set again. */
static struct rlimit forbid_files(void)
{
    struct rlimit before, none;
    int next = open("/dev/null", O_RDONLY);

    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){(rlim_t)next, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    return before;
}

static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void without_file_descriptors_it_rests_and_then_goes_on(void)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct rlimit limit;
    int handle;
    double before;
    int files;

    port_open();
    files = open_files();
    CU_ASSERT(port_still_answers());
    for (int i = 0; i < 6000 && open_files() > files; i++)
        usleep(10 * 1000); /* until that connection's descriptor is free again */
    handle = socket(AF_INET, SOCK_STREAM, 0);
    limit = forbid_files();
    port_dial_by(handle);
    send(handle, request, sizeof(request) - 1, MSG_NOSIGNAL);
    before = cpu_seconds();
    usleep(1000 * 1000);
    CU_ASSERT(cpu_seconds() - before < 0.2);
    CU_ASSERT_EQUAL(recv(handle, answer, 1, MSG_DONTWAIT), -1);
    setrlimit(RLIMIT_NOFILE, &limit);
    port_hear(handle);
    CU_ASSERT_EQUAL(port_status(), 200);
    port_close();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_head_that_is_too_long_is_refused),
        TEST(megabytes_of_anything_do_no_harm),
        TEST(a_body_is_thrown_away),
        TEST(what_is_not_http_is_refused),
        TEST(a_request_in_many_pieces_is_one_request),
        TEST(a_client_that_says_no_more_still_gets_its_answer),
        TEST(a_client_that_hangs_up_does_no_harm),
        TEST(more_clients_than_are_served_at_once_wait_their_turn),
        TEST(a_head_that_does_not_come_is_not_waited_for),
        TEST(a_crowd_that_says_nothing_keeps_nobody_waiting),
        TEST(requests_that_come_at_once_are_answered_one_by_one),
        TEST(a_body_never_becomes_a_request),
        TEST(a_body_that_cannot_be_one_is_refused),
        TEST(what_follows_a_body_is_the_next_request),
        TEST(a_client_that_waits_to_be_told_to_go_on_is_told),
        TEST(a_body_that_does_not_come_is_not_waited_for),
        TEST(a_crowd_of_slow_bodies_keeps_nobody_waiting),
        TEST(a_crowd_that_has_its_answers_keeps_nobody_waiting),
        TEST(a_foreign_host_reads_nothing),
        TEST(a_loop_that_stands_still_is_seen),
        TEST(without_file_descriptors_it_rests_and_then_goes_on),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("admin_strangers", tests);
}
