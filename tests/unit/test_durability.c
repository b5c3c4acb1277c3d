/*
 * test_durability.c: which barriers count, and for what: durability.c and confirm.c between a
 * source, servers and barriers that do what the test says.
 */
#include "fake_durability.h"

#include "base/log.h"
#include "conf/conf.h"

enum { INTERVAL_MS = 500 };

static struct durability durability;
static int64_t now_ms;

/* --- the play --------------------------------------------------------------------------------- */

static struct conf_sink conf_sinks[SINKS];

static void open_all(void)
{
    static struct conf_source options = {.group = {.text = "group"},
                                         .commit_interval = INTERVAL_MS};
    static struct conf conf = {.sinks = conf_sinks, .sink_count = SINKS};
    struct sink *open[SINKS];

    memset(&source, 0, sizeof(source));
    source.news = true;
    now_ms = 1000000;
    for (size_t i = 0; i < SINKS; i++) {
        sinks[i] = (struct sink){.run_id = "a"};
        barriers[i] = (struct barrier){.run_id = "a", .history = "h1", .text = ""};
        conf_sinks[i] = (struct conf_sink){.name = "live",
                                           .durable = {DURABLE_WAIT, 0, 1, 100},
                                           .checkpoint_prefix = {.text = "penstock"}};
        open[i] = &sinks[i];
    }
    durability_open(&durability, &conf, &options, 3, NULL, open);
}

static void close_all(void)
{
    durability_close(&durability);
    for (size_t i = 0; i < SINKS; i++)
        confirm_free(sinks[i].confirm);
}

static void turn_in(int64_t milliseconds)
{
    now_ms += milliseconds;
    durability_turn(&durability, now_ms);
}

static void end_barrier(size_t sink, enum barrier_outcome outcome, const char *text)
{
    CU_ASSERT_TRUE(barriers[sink].running);
    barriers[sink].running = false;
    barriers[sink].ended = true;
    barriers[sink].outcome = outcome;
    barriers[sink].text = text;
    turn_in(1);
}

/* --- what counts ------------------------------------------------------------------------------ */

static void a_barrier_behind_a_mark_reaches_it(void)
{
    open_all();
    CU_ASSERT_EQUAL(source.barriers, 2);
    ASSERT_TEXT(barriers[0].key, "penstock:{group}:barrier:3");
    turn_in(0);
    CU_ASSERT_EQUAL(source.marks[0], 1);
    CU_ASSERT_EQUAL(barriers[0].begun, 1);
    turn_in(10 * INTERVAL_MS); /* one at a time */
    CU_ASSERT_EQUAL(source.marks[0], 1);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 1);
    CU_ASSERT_EQUAL(source.reached[1], 0); /* its barrier still runs */
    close_all();
}

static void barriers_keep_the_interval_unless_one_is_urgent(void)
{
    open_all();
    turn_in(0);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.marks[0], 1); /* none behind the barrier */
    turn_in(INTERVAL_MS - 2);
    CU_ASSERT_EQUAL(barriers[0].begun, 1);
    turn_in(1);
    CU_ASSERT_EQUAL(barriers[0].begun, 2);
    end_barrier(0, BARRIER_REACHED, "");
    source.urgent = true;
    turn_in(1);
    CU_ASSERT_EQUAL(barriers[0].begun, 3);
    close_all();
}

static void nothing_new_needs_no_barrier(void)
{
    open_all();
    source.news = false;
    turn_in(0);
    turn_in(INTERVAL_MS);
    CU_ASSERT_EQUAL(barriers[0].begun, 0);
    close_all();
}

static void a_barrier_is_not_run_on_another_server_than_the_datas(void)
{
    open_all();
    barriers[0].run_id = "b";
    turn_in(0);
    CU_ASSERT_EQUAL(barriers[0].begun, 0);
    CU_ASSERT_EQUAL(barriers[0].reconnects, 1);
    ASSERT_TEXT(durability_trouble(&durability, 0),
                "the connections of the sink lead to different servers");
    CU_ASSERT_PTR_NULL(durability_trouble(&durability, 1));
    close_all();
}

static void where_the_data_is_without_a_server_nobody_is_blamed(void)
{
    open_all();
    barriers[0].run_id = "b";
    sinks[0].trouble = "connection refused";
    turn_in(0);
    CU_ASSERT_EQUAL(barriers[0].begun, 0);
    CU_ASSERT_EQUAL(barriers[0].reconnects, 0);
    CU_ASSERT_PTR_NULL(durability_trouble(&durability, 0));
    close_all();
}

static void a_barrier_that_ends_on_another_server_reaches_nothing(void)
{
    open_all();
    turn_in(0);
    sinks[0].run_id = "b"; /* and the barrier is still where it was */
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 0);
    close_all();
}

static void connections_on_different_servers_are_no_ground_for_a_barrier(void)
{
    open_all();
    sinks[0].run_id = NULL;
    turn_in(0);
    CU_ASSERT_EQUAL(barriers[0].begun, 0);
    CU_ASSERT_EQUAL(barriers[0].reconnects, 0); /* it is not its fault */
    close_all();
}

static void a_server_that_does_not_tell_who_it_is_reaches_nothing(void)
{
    open_all();
    sinks[0].run_id = barriers[0].run_id = "";
    turn_in(0);
    CU_ASSERT_EQUAL(barriers[0].begun, 0);
    ASSERT_TEXT(durability_trouble(&durability, 0),
                "the server does not tell who it is: the right to INFO is needed");
    close_all();
}

/* --- what is lost ----------------------------------------------------------------------------- */

static void another_server_reads_again_at_once_and_voids_the_barrier_under_way(void)
{
    open_all();
    turn_in(0);
    confirm_server_changed(sinks[0].confirm, true);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    CU_ASSERT_EQUAL(source.rewinds[1], 0);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 0);
    turn_in(INTERVAL_MS);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 1);
    close_all();
}

static void another_past_of_the_same_server_reads_again(void)
{
    open_all();
    turn_in(0);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 1);
    turn_in(INTERVAL_MS);
    barriers[0].history = "h2";
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 1);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    turn_in(INTERVAL_MS);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 2);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    close_all();
}

static void another_server_may_have_another_past(void)
{
    open_all();
    turn_in(0);
    end_barrier(0, BARRIER_REACHED, "");
    confirm_server_changed(sinks[0].confirm, true);
    sinks[0].run_id = barriers[0].run_id = "b";
    barriers[0].history = "h2";
    turn_in(INTERVAL_MS);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 2);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    close_all();
}

static void lanes_that_change_servers_are_awaited_before_all_is_read_again(void)
{
    open_all();
    turn_in(0);
    confirm_server_changed(sinks[0].confirm, false);
    sinks[0].run_id = NULL; /* one of them is there, the others are not */
    end_barrier(0, BARRIER_REACHED, "");
    turn_in(INTERVAL_MS);
    CU_ASSERT_EQUAL(source.reached[0], 0);
    CU_ASSERT_EQUAL(source.rewinds[0], 0);
    CU_ASSERT_EQUAL(barriers[0].begun, 1);
    sinks[0].run_id = barriers[0].run_id = "b";
    turn_in(1);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    CU_ASSERT_EQUAL(barriers[0].begun, 2);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_EQUAL(source.reached[0], 1);
    CU_ASSERT_EQUAL(source.rewinds[0], 1);
    close_all();
}

/* --- trouble ---------------------------------------------------------------------------------- */

static void a_short_barrier_is_trouble_until_one_is_reached(void)
{
    open_all();
    turn_in(0);
    end_barrier(0, BARRIER_SHORT, "wait(1): 0 replicas acknowledged");
    CU_ASSERT_EQUAL(source.reached[0], 0);
    ASSERT_TEXT(durability_trouble(&durability, 0), "wait(1): 0 replicas acknowledged");
    source.urgent = true;
    turn_in(0); /* not at once, however urgent: the backoff is a millisecond at least */
    CU_ASSERT_EQUAL(barriers[0].begun, 1);
    turn_in(100);
    CU_ASSERT_EQUAL(barriers[0].begun, 2);
    end_barrier(0, BARRIER_REACHED, "");
    CU_ASSERT_PTR_NULL(durability_trouble(&durability, 0));
    close_all();
}

static void a_failed_barrier_is_tried_again_for_ever_within_a_second(void)
{
    open_all();
    turn_in(0);
    for (unsigned i = 1; i < 20; i++) {
        end_barrier(0, BARRIER_FAILED, "wait: UNBLOCKED");
        turn_in(1000);
        CU_ASSERT_EQUAL(barriers[0].begun, i + 1);
    }
    CU_ASSERT_EQUAL(source.reached[0], 0);
    close_all();
}

static void trouble_ends_where_nothing_waits_any_more(void)
{
    open_all();
    turn_in(0);
    end_barrier(0, BARRIER_SHORT, "wait(1): 0 replicas acknowledged");
    source.news = false; /* the partitions are another member's */
    turn_in(1000);
    CU_ASSERT_PTR_NULL(durability_trouble(&durability, 0));
    close_all();
}

static void a_lost_connection_for_barriers_is_trouble(void)
{
    open_all();
    barriers[1].trouble = "127.0.0.1:6379: connection refused";
    turn_in(0);
    CU_ASSERT_EQUAL(barriers[1].begun, 0);
    ASSERT_TEXT(durability_trouble(&durability, 1), "127.0.0.1:6379: connection refused");
    CU_ASSERT_PTR_NULL(durability_trouble(&durability, 0));
    close_all();
}

/* --- the file --------------------------------------------------------------------------------- */

static void a_route_that_commits_first_is_warned_of_a_durable_sink(void)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf_sink sink = {.name = (char[]){"live"}, .durable = {DURABLE_WAIT, 0, 1, 100}};
    struct conf_route route = {.name = (char[]){"r"}, .to = &sink, .delivery = AT_MOST_ONCE};

    durability_check(&route, problems);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    route.delivery = EXACTLY_ONCE;
    durability_check(&route, problems);
    route.delivery = AT_LEAST_ONCE;
    durability_check(&route, problems);
    route.delivery = AT_MOST_ONCE;
    route.to = NULL; /* named wrongly: told elsewhere */
    durability_check(&route, problems);
    sink.durable.kind = DURABLE_NONE;
    route.to = &sink;
    durability_check(&route, problems);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    conf_problems_free(problems);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_barrier_behind_a_mark_reaches_it),
        TEST(barriers_keep_the_interval_unless_one_is_urgent),
        TEST(nothing_new_needs_no_barrier),
        TEST(a_barrier_is_not_run_on_another_server_than_the_datas),
        TEST(where_the_data_is_without_a_server_nobody_is_blamed),
        TEST(a_barrier_that_ends_on_another_server_reaches_nothing),
        TEST(connections_on_different_servers_are_no_ground_for_a_barrier),
        TEST(a_server_that_does_not_tell_who_it_is_reaches_nothing),
        TEST(another_server_reads_again_at_once_and_voids_the_barrier_under_way),
        TEST(another_past_of_the_same_server_reads_again),
        TEST(another_server_may_have_another_past),
        TEST(lanes_that_change_servers_are_awaited_before_all_is_read_again),
        TEST(a_short_barrier_is_trouble_until_one_is_reached),
        TEST(a_failed_barrier_is_tried_again_for_ever_within_a_second),
        TEST(trouble_ends_where_nothing_waits_any_more),
        TEST(a_lost_connection_for_barriers_is_trouble),
        TEST(a_route_that_commits_first_is_warned_of_a_durable_sink),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("durability", tests);
}
