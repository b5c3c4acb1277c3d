/* test_admin.c: what the admin port answers, and where it listens. */
#include "generated_page.h"
#include "port_fixture.h"
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void metrics_are_answered_as_prometheus_wants_them(void)
{
    port_open();
    port_get("/metrics");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    CU_ASSERT(port_says("Cache-Control: no-store\r\n"));
    CU_ASSERT(port_says("\npenstock_records_matched_total{route=\"rides\"} 0\n"));
    port_close();
}

static void metrics_are_openmetrics_if_the_client_prefers_them(void)
{
    port_open();
    port_ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\naccept: "
             "application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.4\r\n"
             "Connection: close\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(
        port_says("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    CU_ASSERT(port_says("\n# EOF\n"));
    port_close();
}

static void a_head_request_gets_the_head_alone(void)
{
    port_open();
    port_ask("HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("Content-Length: 3\r\n"));
    CU_ASSERT(answer[strlen(answer) - 1] == '\n' && !strstr(answer, "ok"));
    port_close();
}

static void a_probe_that_fails_lists_its_checks(void)
{
    port_open();
    port_get("/readyz");
    CU_ASSERT_EQUAL(port_status(), 503);
    CU_ASSERT(port_says("[-]kafka: 1 of 1 workers are not in their group\n"));
    CU_ASSERT(port_says("check failed\n"));
    port_get("/startupz");
    CU_ASSERT_EQUAL(port_status(), 503);
    port_close();
}

static void a_probe_that_passes_lists_its_checks_when_asked(void)
{
    port_open();
    port_tell_ready();
    port_get("/readyz");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("\r\n\r\nok\n"));
    port_get("/readyz?verbose");
    CU_ASSERT(
        port_says("\r\n\r\n[+]configuration ok\n[+]kafka ok\n[+]partitions ok\ncheck passed\n"));
    port_get("/startupz?verbose=1");
    CU_ASSERT(port_says("[+]start ok\ncheck passed\n"));
    port_close();
}

static void the_root_lists_the_endpoints(void)
{
    port_open();
    port_ask("GET / HTTP/1.1\r\nAccept: text/plain\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("\nGET    /metrics "));
    port_get("/"); /* as tools of Kafka Connect ask */
    CU_ASSERT(port_says("{\"version\":\"" PENSTOCK_VERSION "\",\"commit\":"));
    port_close();
}

static void an_unknown_path_is_told_the_nearest_one(void)
{
    port_open();
    port_get("/metric");
    CU_ASSERT_EQUAL(port_status(), 404);
    CU_ASSERT(port_says("did you mean /metrics?"));
    port_get("/etc/passwd");
    CU_ASSERT_EQUAL(port_status(), 404);
    CU_ASSERT(port_says("/ lists the pages"));
    port_close();
}

static void a_foreign_method_is_refused_with_those_that_work(void)
{
    const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};
    char request[256];

    port_open();
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        snprintf(request, sizeof(request),
                 "%s /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
                 methods[i]);
        port_ask(request);
        CU_ASSERT_EQUAL(port_status(), 405);
        CU_ASSERT(port_says("Allow: GET, HEAD\r\n"));
    }
    port_ask("BREW /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 405);
    port_close();
}

static void a_connection_carries_many_requests(void)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int handle;

    port_open();
    handle = port_dial();
    for (int i = 0; i < 100; i++) {
        send(handle, request, sizeof(request) - 1, MSG_NOSIGNAL);
        port_hear_one(handle);
        CU_ASSERT_EQUAL(port_status(), 200);
        CU_ASSERT_FALSE(strstr(answer, "Connection: close") != NULL);
    }
    close(handle);
    port_close();
}

static void a_client_that_wants_one_answer_gets_one(void)
{
    static const char *const requests[] = {
        "GET /livez HTTP/1.0\r\n\r\nGET /metrics HTTP/1.0\r\n\r\n",
        "GET /livez HTTP/1.1\r\nConnection: x, Close\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"};

    port_open();
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        port_ask(requests[i]);
        CU_ASSERT(port_says("Connection: close\r\n\r\nok\n"));
        CU_ASSERT_FALSE(strstr(answer, "penstock_") != NULL);
    }
    port_close();
}

/* What a client asks that may do nothing. */
static void who_may_not_ask_is_told_what_is_missing(void)
{
    port_open_as(&(struct conf_admin){
        .listen.text = "0.0.0.0:0", .open = OPEN_PROBES, .token.text = PORT_TOKEN});
    port_get("/livez");
    CU_ASSERT_EQUAL(port_status(), 200);
    port_get("/metrics");
    CU_ASSERT_EQUAL(port_status(), 401);
    CU_ASSERT(port_says("WWW-Authenticate: Bearer realm=\"penstock\"\r\n"));
    CU_ASSERT(port_says("{\"error_code\":401,\"message\":\"This needs admin.token"));
    port_ask("GET /metrics HTTP/1.1\r\nAuthorization: Bearer " PORT_TOKEN "\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 200);
    port_ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n");
    CU_ASSERT_EQUAL(port_status(), 403);
    port_close();
}

static void a_port_in_use_is_told_clearly(void)
{
    struct err err;
    char expected[ERR_TEXT_BYTES];

    port_open();
    CU_ASSERT_PTR_NULL(port_start(&(struct conf_admin){.listen.text = admin_address(admin)}, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY); /* no mistake of the file */
    snprintf(expected, sizeof(expected),
             "admin: listen %s: Address already in use; another process has this port, perhaps "
             "another penstock: choose another one with admin.listen",
             admin_address(admin));
    ASSERT_TEXT(err.text, expected);
    CU_ASSERT(port_still_answers());
    port_close();
}

static void an_address_that_is_none_is_told_clearly(void)
{
    const char *const addresses[] = {"9464",         "127.0.0.1",       "127.0.0.1:http",
                                     "::1:9464",     "127.0.0.1:70000", "[::1:9464",
                                     "127.0.0.1:-1", "::1]:9464"};
    struct err err;

    port_open();
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        CU_ASSERT_PTR_NULL(port_start(&(struct conf_admin){.listen.text = addresses[i]}, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not host:port, such as 127.0.0.1:9464"));
    }
    CU_ASSERT_PTR_NULL(port_start(&(struct conf_admin){.listen.text = "192.0.2.1:0"}, &err));
    ASSERT_TEXT(err.text, "admin: listen 192.0.2.1:0: Cannot assign requested address");
    port_close();
}

static void a_name_and_an_ipv6_address_work_too(void)
{
    struct err err;
    struct admin *other;

    port_open();
    CU_ASSERT_PTR_NOT_NULL(
        other = port_start(&(struct conf_admin){.listen.text = "localhost:0"}, &err));
    admin_stop(other);
    other = port_start(&(struct conf_admin){.listen.text = "[::1]:0"}, &err);
    if (other)
        CU_ASSERT(strncmp(admin_address(other), "[::1]:", 6) == 0);
    admin_stop(other);
    port_close();
}

enum { PATH_BYTES = 64 };

static void get_from_socket(const char *path)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(address.sun_path, path, strlen(path));
    CU_ASSERT_EQUAL(connect(handle, (struct sockaddr *)&address, sizeof(address)), 0);
    send(handle, request, sizeof(request) - 1, MSG_NOSIGNAL);
    port_hear(handle);
}

static struct admin *start_socket(char path[PATH_BYTES], struct err *err)
{
    return port_start(&(struct conf_admin){.socket.text = path}, err);
}

static void a_socket_answers_its_owner_and_group(void)
{
    char path[PATH_BYTES];
    struct admin *local;
    struct stat found;
    struct err err;
    mode_t before = umask(0);

    port_open();
    snprintf(path, sizeof(path), "/tmp/penstock-admin-%d.sock", (int)getpid());
    for (int mask = 0; mask <= 077; mask += 077) {
        umask((mode_t)mask);
        CU_ASSERT_PTR_NOT_NULL_FATAL(local = start_socket(path, &err));
        CU_ASSERT_EQUAL(stat(path, &found), 0);
        CU_ASSERT_EQUAL(found.st_mode & 07777, 0660);
        get_from_socket(path);
        CU_ASSERT_EQUAL(port_status(), 200);
        admin_stop(local);
        CU_ASSERT_EQUAL(access(path, F_OK), -1);
    }
    umask(before);
    port_close();
}

static void a_socket_of_the_environment_answers_beside_that_of_the_configuration(void)
{
    char path[PATH_BYTES], other[PATH_BYTES];
    struct admin *local;
    struct err err;

    port_open();
    snprintf(path, sizeof(path), "/tmp/penstock-admin-%d.sock", (int)getpid());
    snprintf(other, sizeof(other), "/tmp/penstock-service-%d.sock", (int)getpid());
    CU_ASSERT_FALSE(admin_is_wanted(&(struct conf_admin){.socket.text = ""}));
    setenv("PENSTOCK_SOCKET", other, 1);
    CU_ASSERT(admin_is_wanted(&(struct conf_admin){.socket.text = ""}));
    CU_ASSERT_PTR_NOT_NULL_FATAL(local = start_socket(path, &err));
    get_from_socket(path);
    CU_ASSERT_EQUAL(port_status(), 200);
    get_from_socket(other);
    CU_ASSERT_EQUAL(port_status(), 200);
    admin_stop(local);
    CU_ASSERT_PTR_NOT_NULL_FATAL(local = start_socket(other, &err)); /* the same one, once */
    get_from_socket(other);
    CU_ASSERT_EQUAL(port_status(), 200);
    admin_stop(local);
    unsetenv("PENSTOCK_SOCKET");
    port_close();
}

static void a_socket_that_a_killed_process_left_is_replaced(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int left = socket(AF_UNIX, SOCK_STREAM, 0);
    char path[PATH_BYTES];
    struct admin *local;
    struct err err;

    port_open();
    snprintf(path, sizeof(path), "/tmp/penstock-admin-%d.sock", (int)getpid());
    memcpy(address.sun_path, path, sizeof(path));
    CU_ASSERT_EQUAL(bind(left, (struct sockaddr *)&address, sizeof(address)), 0);
    close(left);
    CU_ASSERT_PTR_NOT_NULL_FATAL(local = start_socket(path, &err));
    CU_ASSERT_PTR_NULL(start_socket(path, &err)); /* one that is alive is not */
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "Address already in use"));
    get_from_socket(path);
    CU_ASSERT_EQUAL(port_status(), 200);
    admin_stop(local);
    port_close();
}

static void a_file_in_the_place_of_the_socket_stays(void)
{
    char path[PATH_BYTES] = "/tmp/penstock-admin-XXXXXX";
    struct err err;

    port_open();
    close(mkstemp(path));
    CU_ASSERT_PTR_NULL(start_socket(path, &err));
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    unlink(path);
    port_close();
}

static void it_stops_at_once_though_clients_are_connected(void)
{
    int handle;
    int64_t since_ms;

    port_open();
    handle = port_dial();
    send(handle, "GET /livez HTTP/1.1\r\n\r\n", 23, MSG_NOSIGNAL);
    port_hear_one(handle); /* the next request is waited for HTTP_IDLE_MS */
    since_ms = clock_ms();
    port_close();
    CU_ASSERT(clock_ms() - since_ms < AT_ONCE_MS);
    close(handle);
}

static void the_reference_page_is_current(void)
{
    ASSERT_PAGE(endpoints_write_reference, SOURCE_DIR "/docs/reference/http.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(metrics_are_answered_as_prometheus_wants_them),
        TEST(metrics_are_openmetrics_if_the_client_prefers_them),
        TEST(a_head_request_gets_the_head_alone),
        TEST(a_probe_that_fails_lists_its_checks),
        TEST(a_probe_that_passes_lists_its_checks_when_asked),
        TEST(the_root_lists_the_endpoints),
        TEST(an_unknown_path_is_told_the_nearest_one),
        TEST(a_foreign_method_is_refused_with_those_that_work),
        TEST(a_connection_carries_many_requests),
        TEST(a_client_that_wants_one_answer_gets_one),
        TEST(who_may_not_ask_is_told_what_is_missing),
        TEST(a_port_in_use_is_told_clearly),
        TEST(an_address_that_is_none_is_told_clearly),
        TEST(a_name_and_an_ipv6_address_work_too),
        TEST(a_socket_answers_its_owner_and_group),
        TEST(a_socket_of_the_environment_answers_beside_that_of_the_configuration),
        TEST(a_socket_that_a_killed_process_left_is_replaced),
        TEST(a_file_in_the_place_of_the_socket_stays),
        TEST(it_stops_at_once_though_clients_are_connected),
        TEST(the_reference_page_is_current),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("admin", tests);
}
