/* test_probe.c: what "penstock check --online" finds out about a Redis. */
#include "suite.h"

#include "base/clock.h"
#include "conf/conf.h"
#include "probe_notes.h"
#include "real_redis_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct slice set[] = {{"SET", 3}, {"ride:1", 6}, {"a b", 3}};
static const struct slice unknown[] = {{"NOSUCH", 6}, {"ride:1", 6}};
static const struct slice short_hset[] = {{"HSET", 4}, {"ride:1", 6}};
static struct probe_command commands[] = {
    {set, 3, false}, {unknown, 2, false}, {short_hset, 2, false}};

static struct conf_sink sink_of(struct redis_server *server)
{
    static char host[] = "127.0.0.1";

    return (struct conf_sink){.host = host,
                              .port = redis_server_port(server),
                              .connections = 1,
                              .connect_timeout = 2000,
                              .response_timeout = 2000};
}

/* The findings about the first @p count of the commands above; *well is the verdict. */
static const char *probe(const struct conf_sink *sink, size_t count, bool *well)
{
    probe_found[0] = '\0';
    *well = redis_probe(sink, commands, count, true, &(struct probe_listener){NULL, probe_note});
    return probe_found;
}

static void a_good_server_gets_no_complaint(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    probe(&sink, 1, &well);
    CU_ASSERT_TRUE(well);
    ASSERT_FOUND("ok: answers PING\n");
    ASSERT_FOUND("ok: Redis ");
    ASSERT_FOUND("ok: may run: SET ride:1 \"a b\"\n");
    CU_ASSERT_PTR_NULL(strstr(probe_found, "warn:"));
    ASSERT_TEXT(redis_ask(server, "DBSIZE"), "0");
    redis_server_free(server);
}

static void too_few_replicas_are_told_where_the_sink_waits_for_them(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    sink.durable = (struct conf_durable){DURABLE_WAIT, 0, 2, 500};
    probe(&sink, 1, &well);
    CU_ASSERT_TRUE(well);
    ASSERT_FOUND("warn: durable waits for 2 replicas, and 0 are connected: nothing would be ");
    sink.durable = (struct conf_durable){DURABLE_WAITAOF, 1, 0, 500};
    probe(&sink, 1, &well);
    CU_ASSERT_PTR_NULL(strstr(probe_found, "warn:"));
    redis_server_free(server);
}

static void a_unix_socket_is_reached_too(void)
{
    struct redis_server *server = redis_server_start("--port", "0", NULL);
    struct conf_sink sink = sink_of(server);
    char path[256];
    bool well;

    snprintf(path, sizeof(path), "%s", redis_server_socket(server));
    sink.host = NULL;
    sink.socket_path = path;
    probe(&sink, 1, &well);
    CU_ASSERT_TRUE(well);
    redis_server_free(server);
}

static void a_command_that_the_server_would_refuse_is_an_error(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    probe(&sink, 3, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("error: NOSUCH ride:1: ERR Command 'NOSUCH' not found\n");
    ASSERT_FOUND("error: HSET ride:1: ERR wrong number of arguments for 'hset' command\n");
    redis_server_free(server);
}

static void a_user_without_rights_is_found_before_the_start(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    redis_ask(server, "ACL SETUSER narrow on >secret ~other:* +@all");
    sink.username.text = "narrow";
    sink.password.text = "secret";
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("error: SET ride:1 \"a b\": ");
    ASSERT_FOUND(" has no permissions to access");
    redis_server_free(server);
}

static void of_a_secret_command_nothing_but_the_name_is_shown(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    for (size_t i = 0; i < 3; i++)
        commands[i].secret = true;
    probe(&sink, 3, &well);
    ASSERT_FOUND("ok: may run: SET *** ***\n");
    ASSERT_FOUND("error: *** ***: refused\n");
    ASSERT_FOUND("error: HSET ***: refused\n");
    redis_ask(server, "ACL SETUSER narrow on >secret ~other:* +@all -acl");
    sink.username.text = "narrow";
    sink.password.text = "secret";
    probe(&sink, 3, &well);
    ASSERT_FOUND("error: ***: the server does not know this command\n");
    CU_ASSERT_PTR_NULL(strstr(probe_found, "ride:1"));
    CU_ASSERT_PTR_NULL(strstr(probe_found, "NOSUCH"));
    for (size_t i = 0; i < 3; i++)
        commands[i].secret = false;
    redis_server_free(server);
}

static void a_user_who_may_not_ask_is_told_what_was_not_checked(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    redis_ask(server, "ACL SETUSER writer on >secret ~* +set +ping +hello +auth +command");
    sink.username.text = "writer";
    sink.password.text = "secret";
    probe(&sink, 2, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("warn: version and role not checked: INFO: NOPERM");
    ASSERT_FOUND("error: rights of user 'writer' not checked: it may not ask for them; ACL SETUSER "
                 "writer +acl|dryrun lets it\n");
    ASSERT_FOUND("error: NOSUCH: the server does not know this command\n");
    redis_server_free(server);
}

static void a_wrong_password_is_an_error_without_the_password(void)
{
    struct redis_server *server = redis_server_start("--requirepass", "right", NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    sink.password.text = "wrong-secret";
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("WRONGPASS");
    CU_ASSERT_PTR_NULL(strstr(probe_found, "wrong-secret"));
    sink.password.text = NULL;
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("NOAUTH: the server wants a password and the sink has none: set 'password'");
    redis_server_free(server);
}

static void a_database_that_is_not_there_is_named_with_how_many_are(void)
{
    struct redis_server *server = redis_server_start("--databases", "4", NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    sink.database = 4;
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("database 4: ERR DB index is out of range\n");
    ASSERT_FOUND("the server has 4 databases, numbered from 0\n");
    sink.database = 3;
    probe(&sink, 1, &well);
    CU_ASSERT_TRUE(well);
    redis_server_free(server);
}

static void a_replica_and_a_cluster_node_are_the_wrong_servers(void)
{
    struct redis_server *server = redis_server_start("--replicaof", "127.0.0.1", "1", NULL);
    struct redis_server *node = redis_server_start("--cluster-enabled", "yes", NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("error: this is a replica");
    sink = sink_of(node);
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("error: this is a node of a cluster");
    redis_server_free(server);
    redis_server_free(node);
}

static void a_server_that_is_away_is_named(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    char name[64];
    bool well;

    snprintf(name, sizeof(name), "error: 127.0.0.1:%d: connect: Connection refused\n", sink.port);
    redis_server_kill(server);
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND(name);
    redis_server_free(server);
}

static void a_host_that_has_no_address_is_named(void)
{
    static char host[] = "no.such.host.invalid";
    struct conf_sink sink = {.host = host,
                             .port = 6379,
                             .connections = 1,
                             .connect_timeout = 200,
                             .response_timeout = 200};
    bool well;

    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("error: no.such.host.invalid:6379: resolve: ");
}

static void a_server_that_hangs_costs_its_timeout_and_no_more(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct conf_sink sink = sink_of(server);
    int64_t begun_ms = clock_ms();
    bool well;

    sink.response_timeout = 200;
    redis_server_pause(server);
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("timed out");
    CU_ASSERT(clock_ms() - begun_ms < AT_ONCE_MS);
    redis_server_free(server);
}

/* Listens on a unix socket, takes one connection and answers everything with @p answer. */
static pid_t start_stranger(const char *path, const char *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char room[4096];
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(listener, 1);
    pid_t child = fork();
    if (child) {
        close(listener);
        return child;
    }
    int peer = accept(listener, NULL, NULL);
    while (read(peer, room, sizeof(room)) > 0 && write(peer, answer, strlen(answer)) > 0)
        ;
    _exit(0);
}

static void a_server_that_is_not_redis_is_named_so(void)
{
    char path[] = "/tmp/penstock-probe-XXXXXX";
    struct conf_sink sink = {
        .socket_path = path, .connections = 1, .connect_timeout = 2000, .response_timeout = 2000};
    bool well;

    close(mkstemp(path));
    pid_t stranger = start_stranger(path, "HTTP/1.1 400 Bad Request\r\n\r\n");
    probe(&sink, 1, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("does not speak Redis' protocol");
    waitpid(stranger, NULL, 0);
    unlink(path);
}

static void a_policy_that_evicts_checkpoints_is_an_error(void)
{
    struct redis_server *server = redis_server_start("--maxmemory-policy", "allkeys-lfu", NULL);
    struct conf_sink sink = sink_of(server);
    bool well;

    probe(&sink, 0, &well);
    CU_ASSERT_FALSE(well);
    ASSERT_FOUND("maxmemory-policy is allkeys-lfu");
    redis_ask(server, "CONFIG SET maxmemory-policy volatile-lru");
    probe(&sink, 0, &well);
    CU_ASSERT_TRUE(well);
    redis_server_free(server);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_policy_that_evicts_checkpoints_is_an_error),
        TEST(a_good_server_gets_no_complaint),
        TEST(too_few_replicas_are_told_where_the_sink_waits_for_them),
        TEST(a_unix_socket_is_reached_too),
        TEST(a_command_that_the_server_would_refuse_is_an_error),
        TEST(a_user_without_rights_is_found_before_the_start),
        TEST(of_a_secret_command_nothing_but_the_name_is_shown),
        TEST(a_user_who_may_not_ask_is_told_what_was_not_checked),
        TEST(a_wrong_password_is_an_error_without_the_password),
        TEST(a_database_that_is_not_there_is_named_with_how_many_are),
        TEST(a_replica_and_a_cluster_node_are_the_wrong_servers),
        TEST(a_server_that_is_away_is_named),
        TEST(a_host_that_has_no_address_is_named),
        TEST(a_server_that_hangs_costs_its_timeout_and_no_more),
        TEST(a_server_that_is_not_redis_is_named_so),
    };

    return SUITE("probe", tests);
}
