/* test_redis_server.c: the redis-server that the other tests lean on. */
#include "suite.h"

#include "real_redis_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_reply_reads_as_text(void)
{
    struct redis_server *server = redis_server_start(NULL);

    ASSERT_TEXT(redis_ask(server, "SET %s %b", "key", "a b", (size_t)3), "OK");
    ASSERT_TEXT(redis_ask(server, "GET key"), "a b");
    ASSERT_TEXT(redis_ask(server, "INCR n"), "1");
    ASSERT_TEXT(redis_ask(server, "GET none"), "(nil)");
    ASSERT_TEXT(redis_ask(server, "MGET key none"), "[a b (nil)]");
    ASSERT_TEXT(redis_ask(server, "INCR key"), "-ERR value is not an integer or out of range");
    redis_server_free(server);
}

static void two_servers_do_not_meet(void)
{
    struct redis_server *one = redis_server_start(NULL);
    struct redis_server *other = redis_server_start("--databases", "2", NULL);

    CU_ASSERT_NOT_EQUAL(redis_server_port(one), redis_server_port(other));
    redis_ask(one, "SET key one");
    ASSERT_TEXT(redis_ask(other, "GET key"), "(nil)");
    ASSERT_TEXT(redis_ask(other, "SELECT 2"), "-ERR DB index is out of range");
    redis_server_free(one);
    redis_server_free(other);
}

static void what_the_aof_holds_outlives_a_kill(void)
{
    struct redis_server *server =
        redis_server_start("--appendonly", "yes", "--appendfsync", "always", NULL);
    int port = redis_server_port(server);

    redis_ask(server, "SET key value");
    redis_server_kill(server);
    CU_ASSERT_EQUAL(redis_server_pid(server), 0);
    CU_ASSERT_EQUAL(redis_ask(server, "GET key")[0], '!');
    redis_server_restart(server);
    CU_ASSERT_EQUAL(redis_server_port(server), port);
    ASSERT_TEXT(redis_ask(server, "GET key"), "value");
    redis_server_free(server);
}

static void a_paused_server_answers_when_it_is_resumed(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct redis_client *client = redis_client_open(server);

    redis_server_pause(server);
    redis_client_send(client, "PING");
    redis_server_resume(server);
    ASSERT_TEXT(redis_client_read(client), "PONG");
    redis_client_close(client);
    redis_server_free(server);
}

/* Starts a server, tells its port and folder, and dies without a chance to clean up. */
static _Noreturn void start_and_abort(int out)
{
    struct redis_server *server = redis_server_start(NULL);
    int port = redis_server_port(server);
    const char *folder = redis_server_folder(server);

    if (write(out, &port, sizeof(port)) > 0 && write(out, folder, strlen(folder)) > 0)
        kill(getpid(), SIGKILL);
    _exit(1);
}

static bool is_served(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool served = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return served;
}

static void server_and_folder_go_with_an_aborted_test(void)
{
    char folder[256] = "";
    int ends[2], port = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        start_and_abort(ends[1]);
    waitpid(child, NULL, 0);
    CU_ASSERT_EQUAL(read(ends[0], &port, sizeof(port)), (ssize_t)sizeof(port));
    CU_ASSERT(read(ends[0], folder, sizeof(folder) - 1) > 0);
    for (int i = 0; i < 6000 && (access(folder, F_OK) == 0 || is_served(port)); i++)
        poll(NULL, 0, 10);
    CU_ASSERT_NOT_EQUAL(access(folder, F_OK), 0);
    CU_ASSERT_FALSE(is_served(port));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_reply_reads_as_text),
        TEST(two_servers_do_not_meet),
        TEST(what_the_aof_holds_outlives_a_kill),
        TEST(a_paused_server_answers_when_it_is_resumed),
        TEST(server_and_folder_go_with_an_aborted_test),
    };

    return SUITE("redis_server", tests);
}
