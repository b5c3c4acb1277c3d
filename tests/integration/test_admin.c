/* test_admin.c: the admin port asked by real sockets, by friends and by others. */
#include "page.h"
#include "suite.h"

#include "app/admin.h"
#include "app/health.h"
#include "app/http.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/worker.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 17, CROWD = HTTP_CONNECTIONS + 6 };

static const char *const routes[] = {"rides"};
static const char *const sinks[] = {"live"};
static struct metrics *metrics;
static struct health *health;
static struct admin *admin;
static char answer[ANSWER_BYTES];

static void begin(void)
{
    struct err err;

    metrics = metrics_new(&(struct metrics_shape){1, routes, 1, sinks, 1, NULL, 0, "2", "0"});
    health = health_new(1);
    admin = admin_start("127.0.0.1:0", metrics, health, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(admin);
}

static void end(void)
{
    admin_stop(admin);
    health_free(health);
    metrics_free(metrics);
}

static void tell_ready(void)
{
    health_status(health, 0, &(struct worker_status){.joined = true});
}

/* Connects @p handle, a socket, to the port. */
static int dial_by(int handle)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    address.sin_port = htons((uint16_t)atoi(strrchr(admin_address(admin), ':') + 1));
    CU_ASSERT_EQUAL(connect(handle, (struct sockaddr *)&address, sizeof(address)), 0);
    return handle;
}

static int dial(void)
{
    return dial_by(socket(AF_INET, SOCK_STREAM, 0));
}

/* Reads until the other side closes, or for @p patience_ms; keeps what came in answer. */
static void hear(int handle, int patience_ms)
{
    struct pollfd wait = {handle, POLLIN, 0};
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && length < ANSWER_BYTES - 1 && poll(&wait, 1, patience_ms) > 0) {
        got = recv(handle, answer + length, ANSWER_BYTES - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
    }
    answer[length] = '\0';
    close(handle);
}

/* Sends these bytes, all of which find somebody who takes them, and keeps the whole answer. */
static const char *say(const char *bytes, size_t length)
{
    int handle = dial();

    CU_ASSERT_EQUAL(send(handle, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    hear(handle, 3000);
    return answer;
}

static const char *ask(const char *request)
{
    return say(request, strlen(request));
}

/* The answer to a GET of @p path. */
static const char *get(const char *path)
{
    char request[256];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    return ask(request);
}

static bool says(const char *text)
{
    if (strstr(answer, text))
        return true;
    fprintf(stderr, "\nno '%s' in: %.600s\n", text, answer);
    return false;
}

static int status(void)
{
    int number = 0;

    return sscanf(answer, "HTTP/1.%*d %d", &number) == 1 ? number : -1;
}

/* The pipe's side of the port is alive after all that. */
static bool still_answers(void)
{
    get("/livez");
    return status() == 200;
}

static void metrics_are_answered_as_prometheus_wants_them(void)
{
    begin();
    get("/metrics");
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    CU_ASSERT(says("Cache-Control: no-store\r\n"));
    CU_ASSERT(says("\npenstock_records_matched_total{route=\"rides\"} 0\n"));
    end();
}

static void a_head_request_gets_the_head_alone(void)
{
    begin();
    ask("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("Content-Length: 3\r\n"));
    CU_ASSERT(answer[strlen(answer) - 1] == '\n' && !strstr(answer, "ok"));
    end();
}

static void a_probe_that_fails_lists_its_checks(void)
{
    begin();
    get("/readyz");
    CU_ASSERT_EQUAL(status(), 503);
    CU_ASSERT(says("[-]kafka: 1 of 1 workers did not join the group yet\n"));
    CU_ASSERT(says("check failed\n"));
    get("/startupz");
    CU_ASSERT_EQUAL(status(), 503);
    end();
}

static void a_probe_that_passes_lists_its_checks_when_asked(void)
{
    begin();
    tell_ready();
    get("/readyz");
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("\r\n\r\nok\n"));
    get("/readyz?verbose");
    CU_ASSERT(says("\r\n\r\n[+]configuration ok\n[+]kafka ok\n[+]partitions ok\ncheck passed\n"));
    get("/startupz?verbose=1");
    CU_ASSERT(says("[+]start ok\ncheck passed\n"));
    end();
}

static void the_root_lists_the_endpoints(void)
{
    begin();
    get("/");
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("\n/metrics"));
    end();
}

static void an_unknown_path_is_told_the_nearest_one(void)
{
    begin();
    get("/metric");
    CU_ASSERT_EQUAL(status(), 404);
    CU_ASSERT(says("did you mean /metrics?"));
    get("/etc/passwd");
    CU_ASSERT_EQUAL(status(), 404);
    CU_ASSERT(says("/ lists what there is"));
    end();
}

static void a_foreign_method_is_refused_with_those_that_work(void)
{
    const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};
    char request[256];

    begin();
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        snprintf(request, sizeof(request),
                 "%s /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", methods[i]);
        ask(request);
        CU_ASSERT_EQUAL(status(), 405);
        CU_ASSERT(says("Allow: GET, HEAD\r\n"));
    }
    ask("BREW /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 405);
    end();
}

static void a_head_that_is_too_long_is_refused(void)
{
    static char request[HTTP_HEAD_BYTES + 4096];
    size_t length;

    begin();
    memset(request, 'a', sizeof(request));
    memcpy(request, "GET /", 5);
    length = HTTP_HEAD_BYTES + 1000;
    memcpy(request + length, " HTTP/1.1\r\n\r\n", 13);
    say(request, length + 13);
    CU_ASSERT_EQUAL(status(), 414);
    length = (size_t)sprintf(request, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    memset(request + length, 'a', sizeof(request) - length);
    memcpy(request + sizeof(request) - 4, "\r\n\r\n", 4);
    say(request, sizeof(request));
    CU_ASSERT_EQUAL(status(), 431);
    CU_ASSERT(still_answers());
    end();
}

static void megabytes_of_anything_do_no_harm(void)
{
    enum { BYTES = 16 << 20 };
    const char patterns[] = {'a', '\n', '\0', ':', ' ', (char)0xff};
    char *bytes = malloc(BYTES);

    begin();
    for (size_t i = 0; i < sizeof(patterns); i++) {
        memset(bytes, patterns[i], BYTES);
        say(bytes, BYTES);
        CU_ASSERT(status() == 400 || status() == 414 || status() == 431);
    }
    CU_ASSERT(still_answers());
    end();
    free(bytes);
}

static void a_body_is_thrown_away(void)
{
    static char request[1 << 20];
    size_t length = (size_t)sprintf(request, "GET /livez HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
                                    sizeof(request));

    begin();
    memset(request + length, 'b', sizeof(request) - length);
    say(request, sizeof(request));
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("\r\n\r\nok\n"));
    memcpy(request, "PUT", 3);
    say(request, sizeof(request));
    CU_ASSERT_EQUAL(status(), 405);
    end();
}

static void what_is_not_http_is_refused(void)
{
    begin();
    ask("\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 400);
    CU_ASSERT(says("This is not an HTTP request.\n"));
    ask("GET / HTTP/2.0\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 505);
    CU_ASSERT(still_answers());
    end();
}

static void a_request_in_many_pieces_is_one_request(void)
{
    const char *request = "GET /livez?verbose HTTP/1.1\r\nHost: x\r\n\r\n";
    int handle;

    begin();
    handle = dial();
    for (size_t i = 0; request[i]; i++) {
        send(handle, request + i, 1, MSG_NOSIGNAL);
        usleep(1000);
    }
    hear(handle, 3000);
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("[+]worker 0 ok\ncheck passed\n"));
    end();
}

static void a_client_that_says_no_more_still_gets_its_answer(void)
{
    int handle;

    begin();
    handle = dial();
    send(handle, "GET /metrics HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL);
    shutdown(handle, SHUT_WR);
    hear(handle, 3000);
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("process_threads"));
    end();
}

static void a_client_that_hangs_up_does_no_harm(void)
{
    struct linger at_once = {1, 0};

    begin();
    for (int i = 0; i < 50; i++) {
        int handle = dial();
        send(handle, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 35, MSG_NOSIGNAL);
        setsockopt(handle, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(handle);
    }
    CU_ASSERT(still_answers());
    end();
}

static void more_clients_than_are_served_at_once_wait_their_turn(void)
{
    int handles[2 * HTTP_CONNECTIONS];

    begin();
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        handles[i] = dial();
        send(handles[i], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 33, MSG_NOSIGNAL);
    }
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        hear(handles[i], 3000);
        CU_ASSERT_EQUAL(status(), 200);
    }
    end();
}

/* Two things that take ten seconds: a crowd that says nothing, and a loop that stands still. */
static void a_silent_crowd_is_sent_away_and_a_loop_that_stands_still_is_seen(void)
{
    int handles[CROWD];
    int64_t since_ms;

    begin();
    for (int i = 0; i < CROWD; i++) {
        handles[i] = dial();
        send(handles[i], "GET /livez HT", 13, MSG_NOSIGNAL);
    }
    since_ms = clock_ms();
    hear(handles[0], 12000);
    CU_ASSERT_EQUAL(status(), 408);
    CU_ASSERT(clock_ms() - since_ms > 9000);
    get("/livez");
    CU_ASSERT_EQUAL(status(), 503);
    CU_ASSERT(says("[-]worker 0: its loop stands still, for 1"));
    tell_ready();
    CU_ASSERT(still_answers());
    for (int i = 1; i < CROWD; i++)
        close(handles[i]);
    end();
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

static void without_file_descriptors_it_rests_and_then_goes_on(void)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    struct rlimit limit;
    int handle;
    double before;

    begin();
    CU_ASSERT(still_answers());
    usleep(100 * 1000); /* that connection's descriptor is free again */
    handle = socket(AF_INET, SOCK_STREAM, 0);
    limit = forbid_files();
    dial_by(handle);
    send(handle, request, sizeof(request) - 1, MSG_NOSIGNAL);
    before = cpu_seconds();
    usleep(1000 * 1000);
    CU_ASSERT(cpu_seconds() - before < 0.2);
    CU_ASSERT_EQUAL(recv(handle, answer, 1, MSG_DONTWAIT), -1);
    setrlimit(RLIMIT_NOFILE, &limit);
    hear(handle, 3000);
    CU_ASSERT_EQUAL(status(), 200);
    end();
}

static void a_port_in_use_is_told_clearly(void)
{
    struct err err;
    char expected[ERR_TEXT_BYTES];

    begin();
    CU_ASSERT_PTR_NULL(admin_start(admin_address(admin), metrics, health, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    snprintf(expected, sizeof(expected),
             "admin: listen %s: Address already in use; another process has this port, perhaps "
             "another penstock: choose another one with admin.listen",
             admin_address(admin));
    ASSERT_TEXT(err.text, expected);
    CU_ASSERT(still_answers());
    end();
}

static void an_address_that_is_none_is_told_clearly(void)
{
    const char *const addresses[] = {
        "9464",         "127.0.0.1", "127.0.0.1:http", "::1:9464", "127.0.0.1:70000", "[::1:9464",
        "127.0.0.1:-1", "",          "::1]:9464"};
    struct err err;

    begin();
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        CU_ASSERT_PTR_NULL(admin_start(addresses[i], metrics, health, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not host:port, such as 127.0.0.1:9464"));
    }
    CU_ASSERT_PTR_NULL(admin_start("192.0.2.1:0", metrics, health, &err));
    ASSERT_TEXT(err.text, "admin: listen 192.0.2.1:0: Cannot assign requested address");
    end();
}

static void a_name_and_an_ipv6_address_work_too(void)
{
    struct err err;
    struct admin *other;

    begin();
    CU_ASSERT_PTR_NOT_NULL(other = admin_start("localhost:0", metrics, health, &err));
    admin_stop(other);
    other = admin_start("[::1]:0", metrics, health, &err);
    if (other)
        CU_ASSERT(strncmp(admin_address(other), "[::1]:", 6) == 0);
    admin_stop(other);
    end();
}

static void it_stops_at_once_though_clients_are_connected(void)
{
    int handle;
    int64_t since_ms;

    begin();
    handle = dial();
    CU_ASSERT(still_answers());
    since_ms = clock_ms();
    end();
    CU_ASSERT(clock_ms() - since_ms < 1000);
    close(handle);
}

static void the_reference_page_is_current(void)
{
    ASSERT_PAGE(admin_write_reference, SOURCE_DIR "/docs/reference/http.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(metrics_are_answered_as_prometheus_wants_them),
        TEST(a_head_request_gets_the_head_alone),
        TEST(a_probe_that_fails_lists_its_checks),
        TEST(a_probe_that_passes_lists_its_checks_when_asked),
        TEST(the_root_lists_the_endpoints),
        TEST(an_unknown_path_is_told_the_nearest_one),
        TEST(a_foreign_method_is_refused_with_those_that_work),
        TEST(a_head_that_is_too_long_is_refused),
        TEST(megabytes_of_anything_do_no_harm),
        TEST(a_body_is_thrown_away),
        TEST(what_is_not_http_is_refused),
        TEST(a_request_in_many_pieces_is_one_request),
        TEST(a_client_that_says_no_more_still_gets_its_answer),
        TEST(a_client_that_hangs_up_does_no_harm),
        TEST(more_clients_than_are_served_at_once_wait_their_turn),
        TEST(a_silent_crowd_is_sent_away_and_a_loop_that_stands_still_is_seen),
        TEST(without_file_descriptors_it_rests_and_then_goes_on),
        TEST(a_port_in_use_is_told_clearly),
        TEST(an_address_that_is_none_is_told_clearly),
        TEST(a_name_and_an_ipv6_address_work_too),
        TEST(it_stops_at_once_though_clients_are_connected),
        TEST(the_reference_page_is_current),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("admin", tests);
}
