/* test_source_trouble.c: brokers that are away, requests that fail, offsets that are gone. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "member_fixture.h"

#include <stdatomic.h>
#include <unistd.h>

enum {
    FETCH = 1,
    OFFSET_COMMIT = 8,
    OFFSET_FETCH = 9,
    JOIN_GROUP = 11
}; /* Kafka's numbers of the requests */
enum { LARGE = 1000000, LARGE_RECORDS = 8, BROKER = 1 };
enum { PATIENCE_MS = 60000 };

static bool has_errors(struct member *member)
{
    return member->counts->source.errors > 0;
}

static void a_broker_that_comes_later_is_waited_for(void)
{
    struct member *member = member_new("later");

    cluster_topic("later");
    cluster_produce_all("later", 0, 10);
    rd_kafka_mock_broker_set_down(cluster, BROKER);
    member_join(member, "later");
    CU_ASSERT_TRUE(member_until(member, has_errors));
    rd_kafka_mock_broker_set_up(cluster, BROKER);
    CU_ASSERT(member_run(member, 40));
    CU_ASSERT_FALSE(member->disorder);
    member_stop(member);
    member_free(member);
}

static bool run_until_trouble(struct member *member, bool wanted)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while ((source_trouble(member->source) != NULL) != wanted && clock_ms() < until_ms)
        member_turn(member);
    return (source_trouble(member->source) != NULL) == wanted;
}

static bool run_until_trouble_says(struct member *member, const char *text)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;
    const char *trouble;

    do {
        member_turn(member);
        trouble = source_trouble(member->source);
    } while (!(trouble && strstr(trouble, text)) && clock_ms() < until_ms);
    return trouble && strstr(trouble, text);
}

static void a_broker_that_is_away_is_trouble_until_it_is_back(void)
{
    struct member *member = member_new("away");

    cluster_topic("away");
    cluster_produce_all("away", 0, 10);
    member_join(member, "away");
    CU_ASSERT(member_run(member, 40));
    CU_ASSERT_PTR_NULL(source_trouble(member->source));
    rd_kafka_mock_broker_set_down(cluster, BROKER);
    CU_ASSERT(run_until_trouble_says(member, "no broker can be reached: "));
    rd_kafka_mock_broker_set_up(cluster, BROKER);
    CU_ASSERT(run_until_trouble(member, false)); /* though no record comes */
    member_stop(member);
    member_free(member);
}

static void a_stop_does_not_wait_for_kafka_that_is_away(void)
{
    struct member *member = member_new("gone");

    cluster_topic("gone");
    cluster_produce_all("gone", 0, 10);
    member->finishes = false;
    member_join(member, "gone");
    CU_ASSERT(member_run(member, 40));
    rd_kafka_mock_broker_set_down(cluster, BROKER);
    CU_ASSERT(run_until_trouble(member, true));
    member_finish_all(member); /* answered, and the commit cannot be */
    int64_t took_ms = member_stop(member);
    if (took_ms > AT_ONCE_MS)
        fprintf(stderr, "\nit took %d ms\n", (int)took_ms);
    CU_ASSERT(took_ms <= AT_ONCE_MS);
    rd_kafka_mock_broker_set_up(cluster, BROKER);
    member_free(member);
}

/* The group refuses to take a member until the test is over. */
static struct member *member_refused(const char *name, rd_kafka_resp_err_t code)
{
    rd_kafka_resp_err_t codes[100];
    struct member *member = member_new(name);

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        codes[i] = code;
    cluster_topic(name);
    rd_kafka_mock_push_request_errors_array(cluster, JOIN_GROUP, sizeof(codes) / sizeof(codes[0]),
                                            codes);
    member_join(member, name);
    return member;
}

static void why_the_group_does_not_take_us_is_the_trouble(void)
{
    struct member *member = member_refused("full", RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED);

    CU_ASSERT_FATAL(run_until_trouble(member, true));
    CU_ASSERT_PTR_NOT_NULL(strstr(source_trouble(member->source), "reached maximum size"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(source_trouble(member->source), "raise the brokers' group.max.size"));
    rd_kafka_mock_clear_request_errors(cluster, JOIN_GROUP);
    CU_ASSERT(run_until_trouble(member, false));
    member_stop(member);
    member_free(member);
}

static void a_group_with_another_protocol_is_the_trouble(void)
{
    struct member *member =
        member_refused("protocol", RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);

    CU_ASSERT_FATAL(run_until_trouble(member, true));
    CU_ASSERT_PTR_NOT_NULL(strstr(source_trouble(member->source), "partition_assignment_strategy"));
    rd_kafka_mock_clear_request_errors(cluster, JOIN_GROUP);
    member_stop(member);
    member_free(member);
}

static void a_name_that_does_not_resolve_is_the_trouble(void)
{
    struct member *member = member_new("resolve");

    member->options.brokers.text = strdup("nowhere.invalid:9092");
    member_join(member, "resolve");
    CU_ASSERT_FATAL(run_until_trouble(member, true));
    CU_ASSERT_PTR_NOT_NULL(strstr(source_trouble(member->source), "nowhere.invalid"));
    member_stop(member);
    member_free(member);
}

static void offsets_that_cannot_be_asked_for_are_asked_for_again(void)
{
    struct member *member = member_new("asking");

    cluster_topic("asking");
    cluster_produce_all("asking", 0, 10);
    cluster_commit("asking", "asking", 2, 5);
    rd_kafka_mock_push_request_errors(
        cluster, OFFSET_FETCH, 3, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    member_join(member, "asking");
    CU_ASSERT(member_run(member, 35));
    CU_ASSERT_EQUAL(member->seen[2][4], 0);
    CU_ASSERT_EQUAL(member->seen[2][5], 1);
    member_stop(member);
    member_free(member);
}

static void a_commit_that_fails_is_made_good_by_the_next(void)
{
    struct member *member = member_new("failing");

    cluster_topic("failing");
    cluster_produce_all("failing", 0, 10);
    rd_kafka_mock_push_request_errors(cluster, OFFSET_COMMIT, 2,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    member_join(member, "failing");
    CU_ASSERT(member_run(member, 40));
    CU_ASSERT_TRUE(member_committed_comes(member, "failing", 3, 10));
    CU_ASSERT_EQUAL(member->counts->source.commits[COMMIT_FAILED], 2);
    member_stop(member);
    member_free(member);
}

/* --- out of range ---------------------------------------------------------------------------- */

/* The mock keeps five megabytes a partition: the first records of partition 1 are gone. */
static void topic_with_gone_records(const char *topic, const char *group)
{
    cluster_topic(topic);
    for (int i = 0; i < LARGE_RECORDS; i++)
        cluster_produce_large(topic, 1, LARGE);
    cluster_commit(group, topic, 1, 1);
}

static struct member *member_with_gone_records(const char *name, enum conf_out_of_range policy)
{
    struct member *member = member_new(name);

    topic_with_gone_records(name, name);
    member->options.on_out_of_range = policy;
    member_join(member, name);
    return member;
}

static uint64_t lost(struct member *member, const char *topic)
{
    return atomic_load(&member_gauges(member, topic, 1)->lost_records);
}

static void an_offset_that_is_gone_stops_its_partition(void)
{
    struct member *member = member_with_gone_records("gone-stop", OUT_OF_RANGE_STOP);

    cluster_produce("gone-stop", 0, 0, 10);
    CU_ASSERT(member_run(member, 10));
    CU_ASSERT(member_held_comes(member, 1));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(member->reason, "offset 1 is out of range: the log has "));
    CU_ASSERT_PTR_NOT_NULL(strstr(member->reason, " to 8; on_out_of_range = \"stop\""));
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("gone-stop", "gone-stop", 1), 1);
    member_free(member);
}

static bool earliest_has_all(struct member *member)
{
    return lost(member, "gone-earliest") + member->taken >= LARGE_RECORDS - 1;
}

static void an_offset_that_is_gone_may_go_on_with_the_earliest_and_is_counted(void)
{
    struct member *member = member_with_gone_records("gone-earliest", OUT_OF_RANGE_EARLIEST);

    CU_ASSERT_TRUE(member_until(member, earliest_has_all));
    member_idle(member, 300);
    CU_ASSERT_TRUE(lost(member, "gone-earliest") > 0);
    CU_ASSERT_EQUAL(lost(member, "gone-earliest") + member->taken, LARGE_RECORDS - 1);
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("gone-earliest", "gone-earliest", 1), LARGE_RECORDS);
    member_free(member);
}

static bool latest_has_lost_all(struct member *member)
{
    return lost(member, "gone-latest") >= LARGE_RECORDS - 1;
}

static void an_offset_that_is_gone_may_go_on_with_the_latest_and_is_counted(void)
{
    struct member *member = member_with_gone_records("gone-latest", OUT_OF_RANGE_LATEST);

    CU_ASSERT_TRUE(member_until(member, latest_has_lost_all));
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 0);
    CU_ASSERT_EQUAL(lost(member, "gone-latest"), LARGE_RECORDS - 1);
    cluster_produce_large("gone-latest", 1, 10);
    CU_ASSERT(member_run(member, 1));
    member_stop(member);
    member_free(member);
}

static void an_offset_behind_the_end_is_out_of_range_too(void)
{
    struct member *member = member_new("beyond");

    cluster_topic("beyond");
    cluster_produce_all("beyond", 0, 10);
    cluster_commit("beyond", "beyond", 1, 5000);
    member->options.on_out_of_range = OUT_OF_RANGE_EARLIEST;
    member_join(member, "beyond");
    CU_ASSERT(member_run(member, 40));
    CU_ASSERT_EQUAL(member->seen[1][0], 1);
    CU_ASSERT_FALSE(member->disorder);
    member_idle(member, 300);
    CU_ASSERT_EQUAL(member->taken, 40);
    /* Written while others were assigned anew: nothing is forgotten in a queue of its own. */
    cluster_produce_all("beyond", 10, 20);
    CU_ASSERT(member_run(member, 80));
    member_stop(member);
    member_free(member);
}

static void a_position_that_kafka_refuses_by_mistake_is_taken_up_again(void)
{
    struct member *member = member_new("mistake");

    cluster_topic("mistake");
    cluster_produce_all("mistake", 0, 10);
    member_join(member, "mistake");
    CU_ASSERT(member_run(member, 40));
    rd_kafka_mock_push_request_errors(cluster, FETCH, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    member_idle(member, 500);
    cluster_produce_all("mistake", 10, 20);
    CU_ASSERT(member_run(member, 80));
    member_idle(member, 200);
    CU_ASSERT_EQUAL(member->taken, 80);
    CU_ASSERT_FALSE(member->disorder);
    CU_ASSERT_EQUAL(member_held(member), 0);
    member_stop(member);
    member_free(member);
}

static void a_held_partition_that_kafka_refused_goes_on_when_it_is_released(void)
{
    struct member *member = member_new("refused");

    cluster_topic("refused");
    cluster_produce_all("refused", 0, 10);
    member->hold = HOLD_SINK;
    member->holds = 5;
    member_join(member, "refused");
    CU_ASSERT(member_run(member, 4 * 6)); /* all are held: what Kafka refuses is put aside */
    rd_kafka_mock_push_request_errors(cluster, FETCH, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    member_idle(member, 500);
    member->holds = -1;
    source_release(member->held, HOLD_SINK);
    CU_ASSERT(member_run(member, 4 * 6 + 5));
    CU_ASSERT_FALSE(member->disorder);
    CU_ASSERT_TRUE(
        member_committed_comes(member, "refused", source_partition_number(member->held), 10));
    member_stop_within(member, 1000); /* the others are held */
    member_free(member);
}

/* What cannot be read is met at each fetch. */
static bool is_held_at_a_fetch(struct member *member)
{
    rd_kafka_mock_push_request_errors(cluster, FETCH, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    return member_held(member) > 0;
}

static void what_cannot_be_read_holds_its_partition(void)
{
    struct member *member = member_new("unreadable");

    cluster_topic("unreadable");
    cluster_produce_all("unreadable", 0, 10);
    member_join(member, "unreadable");
    CU_ASSERT(member_run(member, 40));
    CU_ASSERT_TRUE(member_until(member, is_held_at_a_fetch));
    CU_ASSERT_PTR_NOT_NULL(strstr(member->reason, "cannot be read: "));
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("unreadable", "unreadable", 0), 10);
    member_free(member);
}

/* The error is that of the fetch behind the one which brings the records. librdkafka fetches by
 * itself, so that both wait for the next turn; if it is slow they come in two. */
static void what_came_before_what_cannot_be_read_is_taken_first(void)
{
    struct member *member = member_new("front");

    cluster_topic("front");
    cluster_produce_all("front", 0, 10);
    member_join(member, "front");
    CU_ASSERT(member_run(member, 40));
    cluster_produce("front", 0, 10, 20);
    rd_kafka_mock_push_request_errors(cluster, FETCH, 3, RD_KAFKA_RESP_ERR_NO_ERROR,
                                      RD_KAFKA_RESP_ERR_NO_ERROR,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    usleep(400000);
    CU_ASSERT(member_run(member, 50));
    CU_ASSERT_TRUE(member_until(member, is_held_at_a_fetch));
    member_stop(member);
    CU_ASSERT_EQUAL(cluster_committed("front", "front", 0), 20);
    member_free(member);
}

/* --- the end --------------------------------------------------------------------------------- */

static void a_stop_without_its_broker_keeps_its_deadline(void)
{
    struct member *member = member_new("alone");

    cluster_topic("alone");
    cluster_produce_all("alone", 0, 10);
    member->finishes = false;
    member_join(member, "alone");
    CU_ASSERT(member_run(member, 40));
    rd_kafka_mock_broker_set_down(cluster, BROKER);
    member_finish_all(member);
    CU_ASSERT_TRUE(member_stop_within(member, 2000) < 2000 + AT_ONCE_MS);
    member_free(member);
    rd_kafka_mock_broker_set_up(cluster, BROKER);
}

static void a_stop_with_a_silent_broker_keeps_its_deadline(void)
{
    struct member *member = member_new("silent");

    cluster_topic("silent");
    cluster_produce_all("silent", 0, 10);
    member->finishes = false;
    member_join(member, "silent");
    CU_ASSERT(member_run(member, 40));
    rd_kafka_mock_broker_set_rtt(cluster, BROKER, 600000);
    member_finish_all(member);
    CU_ASSERT_TRUE(member_stop_within(member, 2000) < 2000 + AT_ONCE_MS);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_broker_that_comes_later_is_waited_for),
        TEST(a_broker_that_is_away_is_trouble_until_it_is_back),
        TEST(a_stop_does_not_wait_for_kafka_that_is_away),
        TEST(why_the_group_does_not_take_us_is_the_trouble),
        TEST(a_group_with_another_protocol_is_the_trouble),
        TEST(a_name_that_does_not_resolve_is_the_trouble),
        TEST(offsets_that_cannot_be_asked_for_are_asked_for_again),
        TEST(a_commit_that_fails_is_made_good_by_the_next),
        TEST(an_offset_that_is_gone_stops_its_partition),
        TEST(an_offset_that_is_gone_may_go_on_with_the_earliest_and_is_counted),
        TEST(an_offset_that_is_gone_may_go_on_with_the_latest_and_is_counted),
        TEST(an_offset_behind_the_end_is_out_of_range_too),
        TEST(a_position_that_kafka_refuses_by_mistake_is_taken_up_again),
        TEST(a_held_partition_that_kafka_refused_goes_on_when_it_is_released),
        TEST(what_cannot_be_read_holds_its_partition),
        TEST(what_came_before_what_cannot_be_read_is_taken_first),
        TEST(a_stop_without_its_broker_keeps_its_deadline),
        TEST(a_stop_with_a_silent_broker_keeps_its_deadline),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("source_trouble", tests);
    fflush(NULL);
    _exit(status); /* the silent broker's client is left behind, as a worker would leave it */
}
