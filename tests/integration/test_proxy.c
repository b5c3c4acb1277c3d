/*
 * test_proxy.c: proxies that know few words, and servers that announce what never comes.
 *
 * The proxies say what twemproxy 0.5 and Envoy say: the one hangs up at each word that it does not
 * know, without an answer, the other refuses it in words of its own, and wants AUTH first. The
 * servers announce an array of two thousand million elements wherever an answer is read; that must
 * cost no memory, before anything of it has come.
 */
#include "suite.h"

#include "fake_redis_server.h"
#include "owner_fixture.h"
#include "probe_notes.h"
#include "sink_fixture.h"

#include "base/clock.h"
#include "redis/barrier.h"
#include "redis/dlq_entries.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANNOUNCED "*2147483647\r\n"

enum { SPACE_MB = 256 };

static const struct slice set[] = {{"SET", 3}, {"key", 3}, {"value", 5}};
static const struct probe_command command = {set, 3, false};
static struct sink_fixture *fixture;
static struct fake_server *fake;
static pid_t child;
/* --- what the servers say --------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(name, *words) == 0)
            return true;
    return false;
}

static const char *data(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)context, (void)connection, (void)number;
    return strcmp(name, "PING") == 0 ? "+PONG\r\n" : "+OK\r\n";
}

/* twemproxy 0.5 with redis_auth. */
static const char *twemproxy(void *context, unsigned connection, unsigned number, const char *name)
{
    static const char *const known[] = {"AUTH", "SET", "GET", "EXISTS", "PING", NULL};

    (void)context, (void)connection, (void)number;
    return is_one_of(name, known) ? NULL : "";
}

/* Envoy 1.30 with a password, which comes before all else. */
static const char *envoy(void *context, unsigned connection, unsigned number, const char *name)
{
    static bool trusted[64];
    static const char *const known[] = {"SET", "GET", "EXISTS", "PING", NULL};

    (void)context;
    if (number == 0)
        trusted[connection % 64] = false;
    if (strcmp(name, "AUTH") == 0) {
        trusted[connection % 64] = true;
        return NULL;
    }
    if (!trusted[connection % 64])
        return "-NOAUTH Authentication required.\r\n";
    return is_one_of(name, known) ? NULL
                                  : "-ERR unknown command 'x', with args beginning with: \r\n";
}

static const char *announced; /* the word that is answered by what cannot come */

static const char *liar(void *context, unsigned connection, unsigned number, const char *name)
{
    (void)context, (void)connection, (void)number;
    return strcmp(name, announced) == 0 ? ANNOUNCED : NULL;
}

/* --- who asks --------------------------------------------------------------------------------- */

static void open_driver(fake_answer greet)
{
    fixture = sink_fixture_new(0);
    fake = fake_server_open(fixture->loop.base, data, NULL);
    fake_server_greet(fake, greet);
    fixture->options.port = fake_server_port(fake);
    fixture->options.password.text = "secret";
}

static void close_driver(void)
{
    sink_fixture_stop(fixture);
    fake_server_close(fake);
    sink_fixture_close(fixture);
    fixture = NULL;
}

/* A server in a process of its own, for who blocks. */
static struct conf_sink serve_apart(fake_answer greet)
{
    static char host[] = "127.0.0.1", name[] = "live";
    int ends[2], port = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        struct event_base *base = event_base_new();
        fake = fake_server_open(base, data, NULL);
        fake_server_greet(fake, greet);
        port = fake_server_port(fake);
        if (write(ends[1], &port, sizeof(port)) == sizeof(port))
            event_base_dispatch(base);
        _exit(0);
    }
    CU_ASSERT_EQUAL(read(ends[0], &port, sizeof(port)), sizeof(port));
    close(ends[0]);
    close(ends[1]);
    return (struct conf_sink){.name = name,
                              .host = host,
                              .port = port,
                              .connections = 1,
                              .password.text = "secret",
                              .connect_timeout = 2000,
                              .response_timeout = 2000};
}

static void end_apart(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static bool probe(const struct conf_sink *sink, bool checkpoints)
{
    probe_found[0] = '\0';
    return redis_probe(sink, &command, 1, checkpoints, &(struct probe_listener){NULL, probe_note});
}

/* --- proxies ---------------------------------------------------------------------------------- */

static void records_flow_through_a_proxy_that_hangs_up_at_words(void)
{
    open_driver(twemproxy);
    sink_fixture_start(fixture);
    for (int i = 0; i < 20; i++)
        sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    CU_ASSERT_EQUAL(fake_server_connections(fake), 4); /* HELLO, CLIENT, INFO, and no more */
    close_driver();
}

static void records_flow_through_a_proxy_that_refuses_words(void)
{
    open_driver(envoy);
    sink_fixture_start(fixture);
    for (int i = 0; i < 20; i++)
        sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    CU_ASSERT_EQUAL(fake_server_connections(fake), 1);
    close_driver();
}

static void a_check_is_content_where_records_flow(void)
{
    static const fake_answer proxies[] = {twemproxy, envoy};

    for (size_t i = 0; i < 2; i++) {
        struct conf_sink sink = serve_apart(proxies[i]);
        CU_ASSERT_TRUE(probe(&sink, false));
        ASSERT_FOUND("ok: answers PING\n");
        ASSERT_FOUND("does not know HELLO, CLIENT, INFO: penstock does without\n");
        ASSERT_FOUND("warn: version and role not checked: INFO: ");
        ASSERT_FOUND(
            "warn: rights of user 'default' not checked: the server, or a proxy before it, "
            "does not know ACL DRYRUN");
        CU_ASSERT_PTR_NULL(strstr(probe_found, "error:"));
        end_apart();
    }
}

static void a_check_tells_that_a_proxy_has_no_transactions(void)
{
    struct conf_sink sink = serve_apart(twemproxy);

    CU_ASSERT_FALSE(probe(&sink, true));
    ASSERT_FOUND("error: exactly-once delivery needs transactions: MULTI: the server closed the "
                 "connection\n");
    end_apart();
}

/* --- what is announced ------------------------------------------------------------------------ */

static size_t space_mb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;

    CU_ASSERT_EQUAL(fscanf(file, "%zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE) >> 20;
}

static void an_endless_answer_in_a_handshake_is_refused(void)
{
    static const char *const words[] = {"HELLO", "CLIENT", "INFO"};

    for (size_t i = 0; i < 3; i++) {
        size_t before = space_mb();
        announced = words[i];
        open_driver(liar);
        sink_fixture_start(fixture);
        sink_fixture_put(fixture, "SET", "key", "value", NULL);
        CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "an answer of 2147483647 elements"));
        CU_ASSERT(space_mb() - before < SPACE_MB);
        close_driver();
    }
}

static void an_endless_answer_to_a_barrier_is_refused(void)
{
    size_t before = space_mb();
    enum barrier_outcome outcome = BARRIER_REACHED;

    announced = "WAIT";
    open_driver(liar);
    fixture->options.durable = (struct conf_durable){DURABLE_WAIT, 0, 1, 100};
    sink_fixture_start(fixture);
    struct barrier *barrier = barrier_new(sink_setup(fixture->sink), "penstock:barrier");
    while (!barrier_is_ready(barrier))
        sink_fixture_turn(fixture);
    barrier_begin(barrier);
    for (int64_t until_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
         !barrier_take(barrier, &outcome) && clock_ms() < until_ms;)
        sink_fixture_turn(fixture);
    CU_ASSERT_EQUAL(outcome, BARRIER_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(barrier_trouble(barrier), "an answer of 2147483647 elements"));
    CU_ASSERT(space_mb() - before < SPACE_MB);
    barrier_free(barrier);
    close_driver();
}

static void an_endless_answer_to_a_transaction_is_refused(void)
{
    struct owner *owner = owner_new(0, 1);
    size_t before = space_mb();

    announced = "MGET";
    fake = fake_server_open(owner->loop.base, data, NULL);
    fake_server_greet(fake, liar);
    owner->options.port = fake_server_port(fake);
    owner_start(owner);
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "the answer is not what Redis says here"));
    CU_ASSERT(space_mb() - before < SPACE_MB);
    sink_free(owner->sink);
    owner->sink = NULL;
    fake_server_close(fake);
    owner_close(owner);
}

static void an_endless_answer_to_a_check_is_refused(void)
{
    static const char *const words[] = {"HELLO", "INFO", "ACL"};

    for (size_t i = 0; i < 3; i++) {
        announced = words[i];
        size_t before = space_mb();
        struct conf_sink sink = serve_apart(liar);
        probe(&sink, false);
        ASSERT_FOUND("an answer of 2147483647 elements");
        CU_ASSERT(space_mb() - before < SPACE_MB);
        end_apart();
    }
}

static void an_endless_answer_of_the_letters_stream_is_refused(void)
{
    const struct slice *items;
    struct err err = {0};
    size_t count, before = space_mb();
    const char *id;

    announced = "XRANGE";
    struct conf_sink sink = serve_apart(liar);
    struct dlq_entries *entries = dlq_entries_new(&sink, "penstock:dlq", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
    CU_ASSERT_FALSE(dlq_entries_next(entries, &id, &items, &count, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "an answer of 2147483647 elements"));
    CU_ASSERT(space_mb() - before < SPACE_MB);
    dlq_entries_free(entries);
    end_apart();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(records_flow_through_a_proxy_that_hangs_up_at_words),
        TEST(records_flow_through_a_proxy_that_refuses_words),
        TEST(a_check_is_content_where_records_flow),
        TEST(a_check_tells_that_a_proxy_has_no_transactions),
        TEST(an_endless_answer_in_a_handshake_is_refused),
        TEST(an_endless_answer_to_a_barrier_is_refused),
        TEST(an_endless_answer_to_a_transaction_is_refused),
        TEST(an_endless_answer_to_a_check_is_refused),
        TEST(an_endless_answer_of_the_letters_stream_is_refused),
    };

    return SUITE("proxy", tests);
}
