/* test_admin_strangers.c: the admin port and those who send too much, too slowly, or are too many.
 */
#include "admin_port.h"
#include "suite.h"

#include "app/http.h"
#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CROWD = HTTP_CONNECTIONS + 6 };

static void a_head_that_is_too_long_is_refused(void)
{
    static char request[HTTP_HEAD_BYTES + 4096];
    size_t length;

    port_open();
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
    port_close();
}

static void megabytes_of_anything_do_no_harm(void)
{
    enum { BYTES = 16 << 20 };
    const char patterns[] = {'a', '\n', '\0', ':', ' ', (char)0xff};
    char *bytes = malloc(BYTES);

    port_open();
    for (size_t i = 0; i < sizeof(patterns); i++) {
        memset(bytes, patterns[i], BYTES);
        say(bytes, BYTES);
        CU_ASSERT(status() == 400 || status() == 414 || status() == 431);
    }
    CU_ASSERT(still_answers());
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
    say(request, sizeof(request));
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("\r\n\r\nok\n"));
    memcpy(request, "PUT", 3);
    say(request, sizeof(request));
    CU_ASSERT_EQUAL(status(), 405);
    port_close();
}

static void what_is_not_http_is_refused(void)
{
    port_open();
    ask("\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 400);
    CU_ASSERT(says("This is not an HTTP request.\n"));
    ask("GET / HTTP/2.0\r\n\r\n");
    CU_ASSERT_EQUAL(status(), 505);
    CU_ASSERT(still_answers());
    port_close();
}

static void a_request_in_many_pieces_is_one_request(void)
{
    const char *request = "GET /livez?verbose HTTP/1.1\r\nHost: x\r\n\r\n";
    int handle;

    port_open();
    handle = dial();
    for (size_t i = 0; request[i]; i++) {
        send(handle, request + i, 1, MSG_NOSIGNAL);
        usleep(1000);
    }
    hear(handle, 3000);
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("[+]worker 0 ok\ncheck passed\n"));
    port_close();
}

static void a_client_that_says_no_more_still_gets_its_answer(void)
{
    int handle;

    port_open();
    handle = dial();
    send(handle, "GET /metrics HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL);
    shutdown(handle, SHUT_WR);
    hear(handle, 3000);
    CU_ASSERT_EQUAL(status(), 200);
    CU_ASSERT(says("process_threads"));
    port_close();
}

static void a_client_that_hangs_up_does_no_harm(void)
{
    struct linger at_once = {1, 0};

    port_open();
    for (int i = 0; i < 50; i++) {
        int handle = dial();
        send(handle, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 35, MSG_NOSIGNAL);
        setsockopt(handle, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(handle);
    }
    CU_ASSERT(still_answers());
    port_close();
}

static void more_clients_than_are_served_at_once_wait_their_turn(void)
{
    int handles[2 * HTTP_CONNECTIONS];

    port_open();
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        handles[i] = dial();
        send(handles[i], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 33, MSG_NOSIGNAL);
    }
    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        hear(handles[i], 3000);
        CU_ASSERT_EQUAL(status(), 200);
    }
    port_close();
}

/* Two things that take ten seconds: a crowd that says nothing, and a loop that stands still. */
static void a_silent_crowd_is_sent_away_and_a_loop_that_stands_still_is_seen(void)
{
    int handles[CROWD];
    int64_t since_ms;

    port_open();
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

static void without_file_descriptors_it_rests_and_then_goes_on(void)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    struct rlimit limit;
    int handle;
    double before;

    port_open();
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
        TEST(a_silent_crowd_is_sent_away_and_a_loop_that_stands_still_is_seen),
        TEST(without_file_descriptors_it_rests_and_then_goes_on),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("admin_strangers", tests);
}
