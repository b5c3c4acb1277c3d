/* port_fixture.c: an admin port, and a client that asks it by real sockets. */
#include "port_fixture.h"

#include "conf/conf.h"
#include "flow/worker.h"
#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 17, PATIENCE_MS = 60000 };

struct metrics *metrics;
struct health *health;
struct admin *admin;
char answer[ANSWER_BYTES];
static struct conf open_conf, port_conf; /* of admin and of another port beside it */

struct admin *port_start(const struct conf_admin *conf, struct err *err)
{
    port_conf.admin = *conf;
    return admin_start(
        &(struct admin_parts){.conf = &port_conf, .metrics = metrics, .health = health}, err);
}

void port_open_as(const struct conf_admin *conf)
{
    struct err err;

    metrics = metrics_new(&(struct metrics_shape){1, NULL, 0, "2", "0"});
    metrics_add_route(metrics, "rides");
    metrics_add_sink(metrics, "live");
    health = health_new(1, false);
    open_conf.admin = *conf;
    admin = admin_start(
        &(struct admin_parts){.conf = &open_conf, .metrics = metrics, .health = health}, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(admin);
}

void port_open(void)
{
    static const char *names[] = {"penstock.svc"};

    port_open_as(&(struct conf_admin){.listen.text = "127.0.0.1:0",
                                      .hosts = {names, 1},
                                      .token.text = PORT_TOKEN,
                                      .open = OPEN_METRICS});
}

void port_close(void)
{
    admin_stop(admin);
    health_free(health);
    metrics_free(metrics);
}

void port_tell_ready(void)
{
    health_status(health, 0, &(struct worker_status){.joined = true});
}

int port_dial_by(int handle)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    address.sin_port = htons((uint16_t)atoi(strrchr(admin_address(admin), ':') + 1));
    CU_ASSERT_EQUAL(connect(handle, (struct sockaddr *)&address, sizeof(address)), 0);
    return handle;
}

int port_dial(void)
{
    return port_dial_by(socket(AF_INET, SOCK_STREAM, 0));
}

/* Whether the answer has its end, and the port will not close the connection behind it. */
static bool port_has_heard_all(size_t length)
{
    const char *end = strstr(answer, "\r\n\r\n"), *field = strstr(answer, "Content-Length: ");

    return end && field && !strstr(answer, "Connection: close\r\n") &&
           length == (size_t)(end + 4 - answer) + strtoul(field + 16, NULL, 10);
}

void port_hear(int handle)
{
    struct pollfd wait = {handle, POLLIN, 0};
    size_t length = 0;
    ssize_t got = 1;

    answer[0] = '\0';
    while (got > 0 && length < ANSWER_BYTES - 1 && !port_has_heard_all(length) &&
           poll(&wait, 1, PATIENCE_MS) > 0) {
        got = recv(handle, answer + length, ANSWER_BYTES - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        answer[length] = '\0';
    }
    close(handle);
}

/* Reads until so many bytes of the answer are there; false if they do not come. */
static bool port_hear_bytes(int handle, size_t *length, size_t wanted)
{
    struct pollfd wait = {handle, POLLIN, 0};
    ssize_t got = 1;

    while (*length < wanted && wanted < ANSWER_BYTES && got > 0 &&
           poll(&wait, 1, PATIENCE_MS) > 0) {
        got = recv(handle, answer + *length, wanted - *length, 0);
        *length += got > 0 ? (size_t)got : 0;
    }
    answer[*length] = '\0';
    return *length == wanted;
}

/* The head byte by byte, for another answer may follow; then the body. */
void port_hear_one(int handle)
{
    size_t length = 0;

    answer[0] = '\0';
    while (length < 4 || memcmp(answer + length - 4, "\r\n\r\n", 4) != 0)
        if (!port_hear_bytes(handle, &length, length + 1))
            return;
    const char *field = strstr(answer, "Content-Length: ");
    if (field)
        port_hear_bytes(handle, &length, length + strtoul(field + 16, NULL, 10));
}

const char *port_say(const char *bytes, size_t length)
{
    int handle = port_dial();

    CU_ASSERT_EQUAL(send(handle, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    port_hear(handle);
    return answer;
}

const char *port_ask(const char *request)
{
    return port_say(request, strlen(request));
}

const char *port_get(const char *path)
{
    char request[256];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    return port_ask(request);
}

bool port_says(const char *text)
{
    if (strstr(answer, text))
        return true;
    fprintf(stderr, "\nno '%s' in: %.600s\n", text, answer);
    return false;
}

int port_status(void)
{
    int number = 0;

    return sscanf(answer, "HTTP/1.%*d %d", &number) == 1 ? number : -1;
}

bool port_still_answers(void)
{
    port_get("/livez");
    return port_status() == 200;
}
