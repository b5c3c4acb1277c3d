/* test_both_modes.c: one sink that takes ordinary commands and transactions. */
#include "suite.h"

#include "owner_fixture.h"
#include "real_redis_server.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static struct redis_server *server;
static struct owner *owner;
static unsigned done, put;

/* --- ordinary commands, each of which must be done -------------------------------------------- */

static void on_done(void *context, uint32_t ticket)
{
    (void)context, (void)ticket;
    done++;
}

static void on_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    (void)context, (void)ticket, (void)class, (void)text;
    CU_FAIL_FATAL("refused");
}

static bool is_wanted(void *context, uint32_t ticket)
{
    (void)context, (void)ticket;
    return true;
}

static const struct sink_events ordinary = {
    .done = on_done, .refused = on_refused, .wanted = is_wanted};

static void open_both(bool with_ordinary)
{
    done = put = 0;
    owner = owner_new(redis_server_port(server), 3);
    owner->options.connections = 2;
    owner->ordinary = with_ordinary ? &ordinary : NULL;
    owner->claims_again = true;
    owner_start(owner);
    owner_claim_all(owner);
}

/* One record more of each partition, and one command more of each key. */
static bool work(int64_t end)
{
    const struct slice keys[] = {SLICE("a"), SLICE("b"), SLICE("c"), SLICE("d")};

    for (size_t i = 0; owner->ordinary && i < 4; i++, put++)
        sink_put(owner->sink, (struct slice[]){SLICE("INCR"), keys[i]}, 2,
                 command_find(SLICE("INCR")), keys[i], put);
    sink_commit(owner->sink);
    owner_feed(owner, end);
    bool finished = owner_finish(owner);
    for (int64_t end_ms = clock_ms() + PATIENCE_MS; done < put && clock_ms() < end_ms;)
        owner_turn(owner);
    return finished && done == put;
}

static void close_both(void)
{
    owner_close(owner);
    redis_server_free(server);
}

/* How often the log of the warnings says @p words. */
static unsigned log_count(FILE *file, const char *words)
{
    char line[4096];
    unsigned count = 0;

    rewind(file);
    while (fgets(line, sizeof(line), file))
        count += strstr(line, words) != NULL;
    return count;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void commands_and_transactions_flow_side_by_side(void)
{
    server = redis_server_start(NULL);
    open_both(true);
    CU_ASSERT_PTR_NOT_NULL(sink_trouble(owner->sink)); /* not connected yet */
    CU_ASSERT_TRUE(work(100));
    CU_ASSERT_PTR_NULL(sink_trouble(owner->sink));
    ASSERT_TEXT(redis_ask(server, "MGET a b c d"), "[1 1 1 1]");
    ASSERT_TEXT(redis_ask(server, "LLEN list:2"), "100");
    CU_ASSERT_EQUAL(owner->counters->connections_up, 2 + 4);
    close_both();
}

static void trouble_of_either_is_the_sink_s(void)
{
    server = redis_server_start(NULL);
    open_both(true);
    CU_ASSERT_TRUE(work(1));
    redis_ask(server, "ACL SETUSER default -multi");
    owner_feed(owner, 2);
    CU_ASSERT_TRUE(owner_wait_trouble(owner, "NOPERM"));
    redis_ask(server, "ACL SETUSER default +multi");
    CU_ASSERT_TRUE(work(3));
    CU_ASSERT_PTR_NULL(sink_trouble(owner->sink));
    close_both();
}

static void expect_one_line_a_restart(bool with_ordinary)
{
    FILE *file = tmpfile();
    int terminal = dup(STDERR_FILENO);

    server = redis_server_start("--appendonly", "yes", "--appendfsync", "always", NULL);
    open_both(with_ordinary);
    CU_ASSERT_TRUE(work(10));
    dup2(fileno(file), STDERR_FILENO);
    log_configure(LOG_WARN, LOG_LOGFMT);
    for (unsigned i = 1; i <= 2; i++) {
        redis_server_restart(server);
        CU_ASSERT_TRUE(work(10 + i));
        CU_ASSERT_EQUAL(log_count(file, "redis was restarted"), i);
    }
    log_configure(LOG_ERROR, LOG_LOGFMT);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    fclose(file);
    close_both();
}

static void a_restart_is_told_once_with_both(void)
{
    expect_one_line_a_restart(true);
}

static void a_restart_is_told_once_with_transactions_only(void)
{
    expect_one_line_a_restart(false);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(commands_and_transactions_flow_side_by_side),
        TEST(trouble_of_either_is_the_sink_s),
        TEST(a_restart_is_told_once_with_both),
        TEST(a_restart_is_told_once_with_transactions_only),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("both_modes", tests);
}
