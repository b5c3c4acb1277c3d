/*
 * test_deferred.c: a format that cannot decode a record yet: its partition waits, and nothing is
 * lost, repeated or out of order.
 */
#include "suite.h"

#include "base/log.h"
#include "bridge_fixture.h"
#include "codec/json.h"
#include "flow/holds.h"
#include "member_fixture.h"

#include <poll.h>
#include <stdatomic.h>

enum { RECORDS = 40 /* of each partition */, REFUSALS = 9 };

/* The codec says "not yet" at every seventh question, so often; and of one value, as long as its
 * schema is away. */
static int left;
static unsigned asked;
static atomic_int away; /* 0: none */

static const struct value *decode_later(void *state, struct slice bytes, struct arena *arena,
                                        struct err *err)
{
    bool refused = asked++ % 7 == 3 && left > 0;
    char value[12];

    left -= refused;
    snprintf(value, sizeof(value), "%d", atomic_load(&away));
    if (refused || (*value != '0' && slice_is(bytes, value))) {
        err_set(err, ERR_RETRY, "schema 7 is not here yet");
        return NULL;
    }
    return json_codec_decode(state, bytes, arena, err);
}

static void decode_routes_later(struct routes *routes)
{
    static const struct codec later = {.name = "later", .decode = decode_later};

    for (size_t i = 0; i < routes->count; i++)
        routes->items[i].value_decoder = (struct decoder){.codec = &later};
}

/* The values count from 0. */
#define PUSH  "RPUSH seen:%{$partition} %{*|json}"
#define SKIPS "on_error = \"skip\"; do = \"" PUSH "\"; "

static void start_later(const char *topic, int refusals, const char *settings)
{
    char routes[400];

    asked = 0;
    left = refusals;
    bridge_compiled = decode_routes_later;
    snprintf(routes, sizeof(routes),
             "{ name = \"counts\"; from = \"main\"; to = \"here\"; topics = [ \"%s\" ]; "
             "format = \"json\"; %s }",
             topic, settings);
    bridge_open_two(topic, "", routes);
    bridge_compiled = NULL;
}

static void open_later(const char *topic, int refusals, const char *settings)
{
    bridge_open_servers();
    cluster_topic(topic);
    cluster_produce_all(topic, 0, RECORDS);
    start_later(topic, refusals, settings);
}

/* Each list is 0, 1, 2, ..., RECORDS - 1. */
static void expect_all(void)
{
    ASSERT_TEXT(redis_ask(here, "EVAL %s 0",
                          "for p = 0, 3 do local seen = redis.call('LRANGE', 'seen:' .. p, 0, -1) "
                          "if #seen ~= 40 then return p .. ' has ' .. #seen end "
                          "for i, n in ipairs(seen) do if tonumber(n) ~= i - 1 then "
                          "return p .. ': ' .. n .. ' at ' .. i end end end return 'good'"),
                "good");
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 4 * RECORDS);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DROPPED), 0);
}

static void expect_nothing_is_lost(const char *topic, const char *settings)
{
    open_later(topic, REFUSALS, settings);
    CU_ASSERT_TRUE(commits_come(topic, topic, RECORDS));
    bridge_stop();
    CU_ASSERT_EQUAL(left, 0);
    CU_ASSERT(outcome_of(0, OUTCOME_RETURNED) >= REFUSALS);
    expect_all();
    bridge_close_two();
}

static void a_record_that_cannot_be_decoded_yet_is_written_in_its_place(void)
{
    expect_nothing_is_lost("least", SKIPS);
}

static void with_exactly_once_too(void)
{
    expect_nothing_is_lost("exact", SKIPS "delivery = \"exactly_once\";");
}

static void a_partition_that_waits_says_so_and_goes_on_by_itself(void)
{
    atomic_store(&away, 20);
    open_later("says", 0, SKIPS);
    CU_ASSERT_TRUE(
        readyz_comes("says[2]: offset 20: route counts: RPUSH: value: schema 7 is not here yet"));
    CU_ASSERT_TRUE(pushed_comes(here, 4 * 20));
    CU_ASSERT_TRUE(commits_come("says", "says", 20));
    atomic_store(&away, 0);
    CU_ASSERT_TRUE(commits_come("says", "says", RECORDS));
    CU_ASSERT_TRUE(ready_comes());
    bridge_stop();
    expect_all();
    bridge_close_two();
}

/* How many commands a record has is not known before it is decoded, so its route cannot be passed
 * over as one that was carried out. */
static void the_commands_that_failed_of_a_record_are_not_taken_for_done(void)
{
    static const char two[] = "delivery = \"exactly_once\"; all = true; do = ( \"" PUSH
                              "\", \"INCRBY sum:%{$partition}:%{*|json} 1\" );";

    bridge_open_servers();
    redis_ask(here, "SET sum:2:20 none");
    cluster_topic("hole");
    cluster_produce_all("hole", 0, RECORDS);
    start_later("hole", 0, two);
    CU_ASSERT_TRUE(checkpoint_comes(here, "hole", 2, "holes", "20:1"));
    bridge_stop();
    bridge_free();
    redis_ask(here, "DEL sum:2:20");
    atomic_store(&away, 20);
    start_later("hole", 0, two);
    CU_ASSERT_TRUE(readyz_comes("hole[2]: offset 20: route counts: "));
    atomic_store(&away, 0);
    CU_ASSERT_TRUE(commits_come("hole", "hole", RECORDS));
    bridge_stop();
    ASSERT_TEXT(redis_ask(here, "GET sum:2:20"), "1");
    ASSERT_TEXT(redis_ask(here, "LLEN seen:2"), "40");
    bridge_close_two();
}

/* In several times HOLD_DECODE_MS the partition is not read again: its records would be sent twice.
 */
static void what_redis_has_not_answered_is_not_sent_again(void)
{
    atomic_store(&away, 20);
    open_later("once", 0, SKIPS);
    CU_ASSERT_TRUE(commits_come("once", "once", 20));
    redis_server_pause(here);
    atomic_store(&away, 30);
    CU_ASSERT_TRUE(inflight_comes(4 * 11));
    poll(NULL, 0, 3 * HOLD_DECODE_MS);
    redis_server_resume(here);
    CU_ASSERT_TRUE(commits_come("once", "once", 30));
    atomic_store(&away, 0);
    CU_ASSERT_TRUE(commits_come("once", "once", RECORDS));
    bridge_stop();
    expect_all();
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_that_cannot_be_decoded_yet_is_written_in_its_place),
        TEST(with_exactly_once_too),
        TEST(the_commands_that_failed_of_a_record_are_not_taken_for_done),
        TEST(what_redis_has_not_answered_is_not_sent_again),
        TEST(a_partition_that_waits_says_so_and_goes_on_by_itself),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE("deferred", tests);
    cluster_end();
    return status;
}
