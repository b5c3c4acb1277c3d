/*
 * real_redis_server.c: a real redis-server for one test.
 *
 * Two children a server: redis-server itself, which the kernel kills when its parent thread ends
 * (PR_SET_PDEATHSIG), and a janitor that waits for the end of a pipe and then removes the folder.
 * The pipe's other end closes with this process, also when a test aborts.
 */
#include "real_redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 64,
    TRIES_MAX = 20,
    WAIT_MS = 60000,
    PORT_FIRST = 20000, /* below the ephemeral ports; a cluster's bus is 10000 above */
    PORT_COUNT = 10000
};

struct redis_client {
    redisContext *context;
    char *text; /* of the last reply */
};

struct redis_server {
    pid_t pid, janitor;
    int janitor_pipe;
    int port, tls_port; /* tls_port 0: none */
    char folder[128], socket[160], log[160], port_text[16], tls_port_text[16];
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    struct redis_client *client; /* of redis_ask() */
};

static _Noreturn void give_up(const struct redis_server *server, const char *what)
{
    fprintf(stderr, "redis_server: %s\n", what);
    if (server && server->log[0]) {
        char line[512];
        FILE *log = fopen(server->log, "r");
        while (log && fgets(line, sizeof(line), log))
            fprintf(stderr, "    %s", line);
    }
    exit(2);
}

/* --- the client ------------------------------------------------------------------------------- */

static void put_reply(FILE *out, const redisReply *reply)
{
    switch (reply->type) {
    case REDIS_REPLY_INTEGER:
        fprintf(out, "%lld", reply->integer);
        break;
    case REDIS_REPLY_NIL:
        fputs("(nil)", out);
        break;
    case REDIS_REPLY_ARRAY:
        fputc('[', out);
        for (size_t i = 0; i < reply->elements; i++) {
            if (i)
                fputc(' ', out);
            put_reply(out, reply->element[i]);
        }
        fputc(']', out);
        break;
    default:
        if (reply->type == REDIS_REPLY_ERROR)
            fputc('-', out);
        fwrite(reply->str, 1, (size_t)reply->len, out);
    }
}

static struct redis_client *client_new(redisContext *context)
{
    struct redis_client *client = calloc(1, sizeof(*client));
    struct timeval limit = {.tv_sec = WAIT_MS / 1000};

    client->context = context;
    if (!client->context->err)
        redisSetTimeout(client->context, limit);
    return client;
}

struct redis_client *redis_client_open(struct redis_server *server)
{
    struct timeval limit = {.tv_sec = WAIT_MS / 1000};

    return client_new(redisConnectWithTimeout("127.0.0.1", server->port, limit));
}

void redis_client_close(struct redis_client *client)
{
    if (!client)
        return;
    redisFree(client->context);
    free(client->text);
    free(client);
}

const char *redis_client_read(struct redis_client *client)
{
    redisReply *reply = NULL;
    size_t length;
    FILE *out;

    free(client->text);
    out = open_memstream(&client->text, &length);
    if (!client->context->err && redisGetReply(client->context, (void **)&reply) == REDIS_OK)
        put_reply(out, reply);
    else
        fprintf(out, "!%s", client->context->errstr);
    fclose(out);
    if (reply)
        freeReplyObject(reply);
    return client->text;
}

/* Flushes what was appended, so that a caller may wait before it reads. */
static void client_flush(struct redis_client *client)
{
    int done = 0;

    while (!client->context->err && !done)
        if (redisBufferWrite(client->context, &done) != REDIS_OK)
            return;
}

static void client_append(struct redis_client *client, const char *format, va_list arguments)
{
    if (!client->context->err)
        redisvAppendCommand(client->context, format, arguments);
    client_flush(client);
}

void redis_client_send(struct redis_client *client, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    client_append(client, format, arguments);
    va_end(arguments);
}

void redis_client_send_bytes(struct redis_client *client, const void *bytes, size_t length)
{
    if (!client->context->err)
        redisAppendFormattedCommand(client->context, bytes, length);
    client_flush(client);
}

const char *redis_client_ask(struct redis_client *client, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    client_append(client, format, arguments);
    va_end(arguments);
    return redis_client_read(client);
}

const char *redis_ask(struct redis_server *server, const char *format, ...)
{
    va_list arguments;

    if (server->client && server->client->context->err) {
        redis_client_close(server->client);
        server->client = NULL;
    }
    if (!server->client)
        server->client = redis_client_open(server);
    va_start(arguments, format);
    client_append(server->client, format, arguments);
    va_end(arguments);
    return redis_client_read(server->client);
}

/* --- the server ------------------------------------------------------------------------------- */

static bool port_is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return is_free;
}

static int choose_port(void)
{
    static unsigned next;

    if (!next) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        next = (unsigned)getpid() * 7919u + (unsigned)now.tv_nsec / 1000u;
    }
    for (int i = 0; i < PORT_COUNT; i++) {
        int port = PORT_FIRST + (int)(next++ % PORT_COUNT);
        if (port_is_free(port))
            return port;
    }
    give_up(NULL, "no free port");
}

static void start_janitor(struct redis_server *server)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up(server, "no pipe for the janitor");
    server->janitor = fork();
    if (server->janitor == 0) {
        setsid();
        dup2(ends[0], STDIN_FILENO);
        execl("/bin/sh", "sh", "-c", "cat; rm -rf \"$1\" || { sleep 1; rm -rf \"$1\"; }", "janitor",
              server->folder, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    server->janitor_pipe = ends[1];
}

static void spawn(struct redis_server *server)
{
    pid_t parent = getpid();

    server->pid = fork();
    if (server->pid < 0)
        give_up(server, "cannot fork");
    if (server->pid)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    execvp("redis-server", (char *const *)(uintptr_t)server->arguments);
    fprintf(stderr, "redis_server: redis-server not found (Debian: redis-server)\n");
    _exit(127);
}

static bool has_ended(struct redis_server *server)
{
    if (server->pid && waitpid(server->pid, NULL, WNOHANG) == server->pid)
        server->pid = 0;
    return server->pid == 0;
}

/*
 * False if the server ended instead: another took the port, or it disliked its arguments. Asks
 * by the unix socket, which is nobody else's and appears once the port is bound.
 */
static bool wait_until_it_answers(struct redis_server *server, bool loaded)
{
    for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += 5) {
        struct redis_client *client = client_new(redisConnectUnix(server->socket));
        const char *answer = redis_client_ask(client, "PING");
        bool well = answer[0] != '!' && !(loaded && strncmp(answer, "-LOADING", 8) == 0);
        redis_client_close(client);
        if (has_ended(server))
            return false;
        if (well)
            return true;
        poll(NULL, 0, 5);
    }
    give_up(server, "redis-server does not answer");
}

static void add_argument(struct redis_server *server, const char *argument)
{
    if (server->argument_count + 1 >= ARGUMENTS_MAX)
        give_up(server, "too many arguments");
    server->arguments[server->argument_count++] = argument;
}

static void add_defaults(struct redis_server *server)
{
    static const char *const fixed[] = {
        "--bind", "127.0.0.1", "--save", "", "--daemonize", "no", "--enable-debug-command", "yes",
        "--enable-protected-configs", "yes",
        /* a test that fails should not take the machine's memory with it */
        "--maxmemory", "1gb", "--maxmemory-policy", "noeviction"};

    add_argument(server, "redis-server");
    add_argument(server, "--port");
    add_argument(server, server->port_text);
    add_argument(server, "--dir");
    add_argument(server, server->folder);
    add_argument(server, "--logfile");
    add_argument(server, server->log);
    add_argument(server, "--unixsocket");
    add_argument(server, server->socket);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        add_argument(server, fixed[i]);
}

static struct redis_server *server_new(void)
{
    struct redis_server *server = calloc(1, sizeof(*server));
    const char *base = getenv("TMPDIR");

    snprintf(server->folder, sizeof(server->folder), "%.60s/penstock-redis-XXXXXX",
             base && base[0] ? base : "/tmp");
    if (!mkdtemp(server->folder))
        give_up(NULL, "cannot make a folder for temporary files");
    snprintf(server->socket, sizeof(server->socket), "%s/redis.sock", server->folder);
    snprintf(server->log, sizeof(server->log), "%s/redis.log", server->folder);
    start_janitor(server);
    return server;
}

static void choose_ports(struct redis_server *server)
{
    server->port = choose_port();
    snprintf(server->port_text, sizeof(server->port_text), "%d", server->port);
    if (server->tls_port)
        server->tls_port = choose_port();
    snprintf(server->tls_port_text, sizeof(server->tls_port_text), "%d", server->tls_port);
}

static struct redis_server *start(struct redis_server *server, const char *argument,
                                  va_list arguments)
{
    for (; argument; argument = va_arg(arguments, const char *))
        add_argument(server, argument);
    for (int i = 0; i < TRIES_MAX; i++) {
        choose_ports(server);
        spawn(server);
        if (wait_until_it_answers(server, true))
            return server;
    }
    give_up(server, "redis-server ends at once");
}

struct redis_server *redis_server_start(const char *argument, ...)
{
    struct redis_server *server = server_new();
    va_list arguments;

    add_defaults(server);
    va_start(arguments, argument);
    start(server, argument, arguments);
    va_end(arguments);
    return server;
}

struct redis_server *redis_server_start_tls(const char *argument, ...)
{
    struct redis_server *server = server_new();
    va_list arguments;

    add_defaults(server);
    server->tls_port = 1; /* to be chosen */
    add_argument(server, "--tls-port");
    add_argument(server, server->tls_port_text);
    va_start(arguments, argument);
    start(server, argument, arguments);
    va_end(arguments);
    return server;
}

static void end(struct redis_server *server, int signal)
{
    if (!has_ended(server)) {
        kill(server->pid, signal);
        if (signal != SIGKILL) /* a stopped process takes no SIGTERM */
            kill(server->pid, SIGCONT);
        waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
    redis_client_close(server->client);
    server->client = NULL;
}

void redis_server_stop(struct redis_server *server)
{
    end(server, SIGTERM);
}

void redis_server_kill(struct redis_server *server)
{
    end(server, SIGKILL);
}

static void restart(struct redis_server *server, bool loaded)
{
    end(server, SIGKILL);
    spawn(server);
    if (!wait_until_it_answers(server, loaded))
        give_up(server, "redis-server does not start again");
}

void redis_server_restart(struct redis_server *server)
{
    restart(server, true);
}

void redis_server_restart_loading(struct redis_server *server)
{
    restart(server, false);
}

void redis_server_pause(struct redis_server *server)
{
    kill(server->pid, SIGSTOP);
}

void redis_server_resume(struct redis_server *server)
{
    kill(server->pid, SIGCONT);
}

void redis_server_free(struct redis_server *server)
{
    if (!server)
        return;
    end(server, SIGKILL);
    close(server->janitor_pipe);
    waitpid(server->janitor, NULL, 0);
    free(server);
}

int redis_server_port(const struct redis_server *server)
{
    return server->port;
}

int redis_server_tls_port(const struct redis_server *server)
{
    return server->tls_port;
}

const char *redis_server_socket(const struct redis_server *server)
{
    return server->socket;
}

const char *redis_server_folder(const struct redis_server *server)
{
    return server->folder;
}

pid_t redis_server_pid(const struct redis_server *server)
{
    return server->pid;
}
