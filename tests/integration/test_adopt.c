/*
 * test_adopt.c: a worker takes another configuration while records flow.
 *
 * Each record pushes its offset to a list of its partition, behind a word for the configuration
 * that it met: what was lost, repeated or reordered shows.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "real_redis_server.h"

#include <poll.h>
#include <stdlib.h>

enum { FEW = 50, SOME = 100, ADOPTIONS = 60 };

static struct redis_server *server;
static const char *delivery = "at_least_once", *of_sink = "", *of_top = "";

#define HEAD                                                                                       \
    "sinks = { here = { url = \"redis://127.0.0.1:%d\"; %s }; };\n"                                \
    "defaults = { from = \"main\"; to = \"here\"; delivery = \"%s\"; };\n%s"
#define PUSH(word) "do = \"RPUSH seen:%%{$partition} " word "%%{$offset}\"; "

static void open_all(void)
{
    server = redis_server_start(NULL);
    delivery = "at_least_once";
    of_sink = of_top = "";
}

#define OPEN(topic, routes)                                                                        \
    bridge_open(redis_server_folder(server), topic, "drain_timeout = \"2s\";", HEAD routes,        \
                redis_server_port(server), of_sink, delivery, of_top)
#define ADOPT(routes)                                                                              \
    CU_ASSERT_TRUE(bridge_adopt(HEAD routes, redis_server_port(server), of_sink, delivery, of_top))
#define ROUTE(name, topic, rest) "{ name = \"" name "\"; topics = \"" topic "\"; " rest " }"

static void close_all(void)
{
    bridge_stop();
    bridge_free();
    redis_server_free(server);
}

/* Each list counts from 0 without a gap, a repeat or a step back; how many words were met. */
static void expect_each_once(const char *words)
{
    ASSERT_TEXT(redis_ask(server, "EVAL %s 0",
                          "local words = {} "
                          "for p = 0, 3 do local l = redis.call('LRANGE', 'seen:' .. p, 0, -1) "
                          "for i, n in ipairs(l) do words[n:sub(1, 1)] = 1 "
                          "if tonumber(n:sub(2)) ~= i - 1 then "
                          "return p .. ': ' .. n .. ' at ' .. i end end end "
                          "local n = 0 for _ in pairs(words) do n = n + 1 end "
                          "return n .. ' words'"),
                words);
}

/* Under load, with another template each time. */
static void adopt_many(const char *topic)
{
    for (int i = 0; i < ADOPTIONS; i++) {
        cluster_produce_all(topic, i * FEW, (i + 1) * FEW);
        CU_ASSERT_TRUE(bridge_adopt(HEAD "routes = ( { name = \"r\"; topics = \"%s\"; "
                                         "do = \"RPUSH seen:%%{$partition} %c%%{$offset}\"; } );\n",
                                    redis_server_port(server), of_sink, delivery, of_top, topic,
                                    i % 2 ? 'a' : 'b'));
        poll(NULL, 0, 3);
    }
    CU_ASSERT_TRUE(pushed_comes(server, 4 * ADOPTIONS * FEW));
    expect_each_once("2 words");
    CU_ASSERT_TRUE(commits_come(topic, topic, ADOPTIONS * FEW));
    CU_ASSERT_EQUAL(counters_of_sink(0)->reconnects, 0);
}

static void templates_change_under_load(void)
{
    open_all();
    cluster_topic("flow1");
    OPEN("flow1", "routes = ( " ROUTE("r", "flow1", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(ready_comes());
    adopt_many("flow1");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_RETURNED), 0);
    CU_ASSERT_PTR_NULL(bridge.adopted->older); /* none that is not used is kept */
    close_all();
}

static void exactly_once_stays_exact_while_templates_change(void)
{
    open_all();
    delivery = "exactly_once";
    cluster_topic("flow2");
    OPEN("flow2", "routes = ( " ROUTE("r", "flow2", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(ready_comes());
    adopt_many("flow2");
    close_all();
}

static void the_checkpoint_says(const char *topic, char routes[64])
{
    snprintf(routes, 64, "%s", checkpoint(server, topic, 1, "routes"));
    CU_ASSERT(strlen(routes) > 1);
}

/* Its checkpoint is that of the new routes at once, so that a restart knows it. */
static void a_route_comes_to_an_exactly_once_topic(void)
{
    char before[64], after[64];

    open_all();
    delivery = "exactly_once";
    cluster_topic("added");
    cluster_produce_all("added", 0, SOME);
    OPEN("added", "routes = ( " ROUTE("r", "added", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    CU_ASSERT_TRUE(checkpoint_comes(server, "added", 1, "next", "100"));
    the_checkpoint_says("added", before);
    ADOPT("routes = ( " ROUTE("r", "added", PUSH("b")) ", " ROUTE(
        "s", "added", "do = \"INCR more:%%{$partition}\"; ") " );\n");
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    do {
        poll(NULL, 0, 10);
        the_checkpoint_says("added", after);
    } while (strcmp(before, after) == 0 && clock_ms() < until_ms);
    CU_ASSERT(strcmp(before, after) != 0);
    ASSERT_TEXT(checkpoint(server, "added", 1, "next"), "100");
    cluster_produce_all("added", SOME, 2 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 8 * SOME));
    expect_each_once("2 words");
    CU_ASSERT_TRUE(checkpoint_comes(server, "added", 1, "next", "200"));
    ASSERT_TEXT(redis_ask(server, "GET more:1"), "100");
    ADOPT("routes = ( " ROUTE("r", "added", PUSH("b")) " );\n");
    cluster_produce_all("added", 2 * SOME, 3 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 12 * SOME));
    ASSERT_TEXT(redis_ask(server, "GET more:1"), "100");
    CU_ASSERT_TRUE(ready_comes());
    close_all();
}

static void a_held_partition_is_tried_with_the_new_template(void)
{
    open_all();
    cluster_topic("held");
    OPEN("held",
         "routes = ( " ROUTE("r", "held", "do = \"RPUSH seen:%%{$header.none} 1\"; ") " );\n");
    cluster_produce_all("held", 0, SOME);
    CU_ASSERT_TRUE(readyz_comes("[-]partition held[2]: "));
    ADOPT("routes = ( " ROUTE("r", "held", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    CU_ASSERT_TRUE(ready_comes());
    expect_each_once("1 words");
    close_all();
}

/* Redis is away: what it was sent, and what waits for it, is not lost; records to come have the new
 * template. */
static void a_template_changes_while_redis_is_away(void)
{
    open_all();
    of_sink = "response_timeout = \"60s\";";
    cluster_topic("away");
    OPEN("away", "routes = ( " ROUTE("r", "away", PUSH("a")) " );\n");
    cluster_produce_all("away", 0, SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    redis_server_pause(server);
    cluster_produce_all("away", SOME, 2 * SOME);
    CU_ASSERT_TRUE(inflight_comes(4 * SOME));
    ADOPT("routes = ( " ROUTE("r", "away", PUSH("b")) " );\n");
    CU_ASSERT_PTR_NOT_NULL(bridge.adopted);
    redis_server_resume(server);
    cluster_produce_all("away", 2 * SOME, 3 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 12 * SOME));
    expect_each_once("2 words");
    ASSERT_TEXT(redis_ask(server, "LINDEX seen:0 199"), "a199"); /* it had begun */
    ASSERT_TEXT(redis_ask(server, "LINDEX seen:0 200"), "b200");
    close_all();
}

static void dead_letters_begin_and_end(void)
{
    open_all();
    cluster_topic("letters");
    OPEN("letters", "routes = ( " ROUTE("r", "letters", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(ready_comes());
    of_top = "dlq = { sink = \"here\"; stream = \"dead\"; };\n";
    bridge_stop();
    bridge_free();
    OPEN("letters", "routes = ( " ROUTE("r", "letters", PUSH("a")) " );\n");
    ADOPT("routes = ( " ROUTE(
        "r", "letters", "on_error = \"dlq\"; do = \"RPUSH seen:%%{$header.none} 1\"; ") " );\n");
    cluster_produce_all("letters", 0, SOME);
    for (int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
         strcmp(redis_ask(server, "XLEN dead"), "400") != 0 && clock_ms() < until_ms;)
        poll(NULL, 0, 10);
    ASSERT_TEXT(redis_ask(server, "XLEN dead"), "400");
    ADOPT("routes = ( " ROUTE("r", "letters", "on_error = \"skip\"; " PUSH("c")) " );\n");
    cluster_produce_all("letters", SOME, 2 * SOME);
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    ASSERT_TEXT(redis_ask(server, "LINDEX seen:3 0"), "c100");
    close_all();
}

static void a_tolerance_that_is_used_up_ends_with_the_mistake(void)
{
#define TOLERANT "on_error = \"skip\"; tolerance = { records = 1; per = \"1h\"; }; "
    open_all();
    cluster_topic("tolerant");
    OPEN("tolerant",
         "routes = ( " ROUTE("r", "tolerant",
                             TOLERANT "do = \"RPUSH seen:%%{$header.none} 1\"; ") " );\n");
    cluster_produce_all("tolerant", 0, SOME);
    CU_ASSERT_TRUE(readyz_comes("more than 1 record failed within 1h"));
    ADOPT("routes = ( " ROUTE("r", "tolerant", TOLERANT PUSH("a")) " );\n");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME - 1));
    CU_ASSERT_TRUE(ready_comes());
    close_all();
}

/* A pause is kept by the name of its route. */
static void a_pause_follows_its_route_and_not_its_topics(void)
{
    struct steer steer = {.wish = STEER_PAUSES};

    open_all();
    cluster_topic("paused");
    OPEN("paused", "routes = ( " ROUTE("r", "paused", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(ready_comes());
    pauses_set_route(bridge.pauses, "r", true);
    CU_ASSERT_TRUE(worker_steer(bridge.worker, &steer, clock_ms() + BRIDGE_PATIENCE_MS));
    CU_ASSERT_EQUAL(steer.paused, 4);
    cluster_produce_all("paused", 0, SOME);
    ADOPT("routes = ( " ROUTE("s", "paused", PUSH("b")) " );\n");
    CU_ASSERT_TRUE(pushed_comes(server, 4 * SOME));
    ADOPT("routes = ( " ROUTE("r", "paused", PUSH("a")) " );\n");
    CU_ASSERT_TRUE(readyz_comes("[+]partition paused[3]: paused by the operator\n"));
    cluster_produce_all("paused", SOME, 2 * SOME);
    poll(NULL, 0, 300);
    CU_ASSERT_EQUAL(pushed(server), 4 * SOME);
    expect_each_once("1 words");
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(templates_change_under_load),
        TEST(exactly_once_stays_exact_while_templates_change),
        TEST(a_route_comes_to_an_exactly_once_topic),
        TEST(a_held_partition_is_tried_with_the_new_template),
        TEST(a_template_changes_while_redis_is_away),
        TEST(dead_letters_begin_and_end),
        TEST(a_tolerance_that_is_used_up_ends_with_the_mistake),
        TEST(a_pause_follows_its_route_and_not_its_topics),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("adopt", tests);
    cluster_end();
    return status;
}
