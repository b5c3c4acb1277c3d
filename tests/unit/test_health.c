/* test_health.c: how the process is, from what its workers tell. */
#include "suite.h"

#include "app/health.h"
#include "flow/worker.h"

#include <stdlib.h>

static struct health *health;
static struct worker_status status;
static char *list;

static void begin(unsigned workers)
{
    health = health_new(workers, false);
    status = (struct worker_status){.joined = true};
}

static void end(void)
{
    health_free(health);
    free(status.sinks);
    free(list);
    list = NULL;
}

static void tell(unsigned worker)
{
    health_status(health, worker, &status);
}

static void tell_sink(unsigned worker, const char *trouble)
{
    free(status.sinks);
    status.sinks = calloc(1, sizeof(*status.sinks));
    status.sinks[0].sink = "live";
    status.sinks[0].trouble = trouble;
    status.sink_count = 1;
    tell(worker);
}

static bool ask(enum health_question question)
{
    size_t length = 0;

    free(list);
    FILE *out = open_memstream(&list, &length);
    bool good = health_check(health, question, out);
    fclose(out);
    return good;
}

static void it_is_not_ready_while_kafka_is_away(void)
{
    begin(1);
    status.kafka_trouble = "1/1 brokers are down";
    tell(0);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]kafka: 1/1 brokers are down\n"));
    status.kafka_trouble = NULL;
    tell(0);
    CU_ASSERT_TRUE(ask(HEALTH_READY));
    end();
}

static void it_has_joined_if_each_worker_has_whatever_redis_does(void)
{
    begin(2);
    tell_sink(0, "connection refused");
    CU_ASSERT_FALSE(ask(HEALTH_JOINED));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]kafka: 1 of 2 workers are not in their group\n"));
    tell_sink(1, "connection refused");
    CU_ASSERT_TRUE(ask(HEALTH_JOINED));
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    end();
}

static void a_start_that_waits_for_warmth_is_over_once_every_partition_was_warm(void)
{
    struct startup startup;

    health = health_new(1, true);
    status = (struct worker_status){.joined = true, .warming = {3, 2, 5000, 3800}};
    tell(0);
    CU_ASSERT_TRUE(ask(HEALTH_READY));
    CU_ASSERT_FALSE(ask(HEALTH_STARTED));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        list, "[-]warm: 1200 of 5000 records, 24 %, 0 s left, 2 of 3 partitions not warm\n"));
    status.warming = (struct source_warming){3, 0, 5000, 0};
    status.held.count = 1; /* behind its end: warm, and not ready */
    tell(0);
    CU_ASSERT_FALSE(ask(HEALTH_STARTED));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[+]warm: 5000 of 5000 records, 100 %,"));
    status.held.count = 0;
    tell(0);
    CU_ASSERT_TRUE(ask(HEALTH_STARTED));
    status.warming = (struct source_warming){4, 1, 5000, 100};
    tell(0);
    CU_ASSERT_TRUE(ask(HEALTH_STARTED)); /* a partition that comes later changes nothing */
    health_startup(health, &startup);
    CU_ASSERT_TRUE(startup.over);
    end();
}

static void it_is_not_ready_while_dead_letters_wait(void)
{
    begin(2);
    status.dead_letters = true;
    tell(0);
    status.dlq_trouble = "topic dead: Unknown topic";
    tell(1);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]dlq: topic dead: Unknown topic\n"));
    status.dlq_trouble = NULL;
    tell(1);
    CU_ASSERT_TRUE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[+]dlq ok\n"));
    end();
}

static void it_is_ready_once_every_worker_joined(void)
{
    begin(2);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    tell(0);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    ASSERT_TEXT(list, "[+]configuration ok\n"
                      "[-]kafka: 1 of 2 workers are not in their group\n"
                      "[+]partitions ok\n");
    tell(1);
    CU_ASSERT(ask(HEALTH_READY));
    ASSERT_TEXT(list, "[+]configuration ok\n[+]kafka ok\n[+]partitions ok\n");
    end();
}

static void a_sink_in_trouble_in_one_worker_is_shown_once(void)
{
    begin(2);
    tell_sink(0, NULL);
    tell_sink(1, "connection refused");
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    ASSERT_TEXT(list, "[+]configuration ok\n[+]kafka ok\n"
                      "[-]sink live: connection refused, for 0 s\n[+]partitions ok\n");
    tell_sink(1, NULL);
    CU_ASSERT(ask(HEALTH_READY));
    ASSERT_TEXT(list, "[+]configuration ok\n[+]kafka ok\n[+]sink live ok\n[+]partitions ok\n");
    end();
}

static void a_held_partition_is_named_with_its_reason(void)
{
    begin(1);
    status.held.count = 1;
    snprintf(status.held.items[0].text, sizeof(status.held.items[0].text),
             "rides[3]: WRONGTYPE at offset 7");
    tell(0);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]partition rides[3]: WRONGTYPE at offset 7\n"));
    CU_ASSERT_PTR_NULL(strstr(list, "more are held"));
    status.held.count = 0;
    tell(0);
    CU_ASSERT(ask(HEALTH_READY));
    end();
}

static void held_partitions_beyond_those_listed_are_counted(void)
{
    begin(1);
    for (int i = 0; i < WORKER_HELD_SHOWN; i++)
        snprintf(status.held.items[i].text, sizeof(status.held.items[i].text), "rides[%d]: why", i);
    status.held.count = 100;
    tell(0);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]partitions: 84 more are held\n"));
    end();
}

static void a_pause_on_purpose_is_told_and_is_no_fault(void)
{
    begin(1);
    status.paused.count = 1;
    snprintf(status.paused.items[0].text, sizeof(status.paused.items[0].text),
             "rides[3]: paused by the operator");
    tell(0);
    CU_ASSERT(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[+]partition rides[3]: paused by the operator\n"));
    CU_ASSERT_PTR_NULL(strstr(list, "[+]partitions ok"));
    status.paused.count = 0;
    tell(0);
    end();
}

static void livez_does_not_depend_on_kafka_or_redis(void)
{
    begin(1);
    status.joined = false;
    tell_sink(0, "connection refused");
    CU_ASSERT(ask(HEALTH_LIVE));
    ASSERT_TEXT(list, "[+]worker 0 ok\n");
    end();
}

static void it_stays_started_when_it_is_not_ready_any_more(void)
{
    begin(1);
    CU_ASSERT_FALSE(ask(HEALTH_STARTED));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]kafka"));
    tell_sink(0, NULL);
    tell_sink(0, "connection refused");
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT(ask(HEALTH_STARTED));
    ASSERT_TEXT(list, "[+]start ok\n");
    end();
}

static void a_stopping_process_is_not_ready(void)
{
    begin(1);
    tell(0);
    health_stop(health);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]process: stopping\n"));
    CU_ASSERT(ask(HEALTH_LIVE));
    end();
}

static void tell_topic(unsigned worker, enum topic_state state, bool bad)
{
    struct worker_topic_status topic = {"rides", state, bad, 12000};

    status.source = "main";
    status.topics = &topic;
    status.topic_count = 1;
    tell(worker);
    status.topics = NULL;
    status.topic_count = 0;
}

static void a_topic_that_nobody_can_read_makes_it_not_ready(void)
{
    begin(1);
    tell_topic(0, TOPIC_MISSING, true);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        list,
        "[-]topic rides of source main: it does not exist, or we may not see it, for 12 s\n"));
    tell_topic(0, TOPIC_MISSING, false); /* not for long enough */
    CU_ASSERT(ask(HEALTH_READY));
    tell_topic(0, TOPIC_UNKNOWN, false);
    CU_ASSERT(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[+]topic rides of source main: Kafka could not be asked"));
    end();
}

static void a_member_that_rightly_has_no_partition_is_ready(void)
{
    begin(2);
    tell_topic(0, TOPIC_ELSEWHERE, false);
    tell_topic(1, TOPIC_ELSEWHERE, false);
    CU_ASSERT(ask(HEALTH_READY));
    ASSERT_TEXT(list,
                "[+]configuration ok\n[+]kafka ok\n[+]topic rides of source main: assigned to "
                "other members of the group\n[+]partitions ok\n");
    end();
}

static void of_what_two_workers_say_of_a_topic_the_complaint_is_shown(void)
{
    begin(2);
    tell_topic(0, TOPIC_ELSEWHERE, false);
    tell_topic(1, TOPIC_ASSIGNED, false);
    CU_ASSERT(ask(HEALTH_READY));
    ASSERT_TEXT(list, "[+]configuration ok\n[+]kafka ok\n[+]topic rides of source main: assigned\n"
                      "[+]partitions ok\n");
    tell_topic(1, TOPIC_FORBIDDEN, true);
    CU_ASSERT_FALSE(ask(HEALTH_READY));
    CU_ASSERT_PTR_NOT_NULL(strstr(list, "[-]topic rides of source main: we may not read it"));
    CU_ASSERT_PTR_NULL(strstr(list, "other members"));
    end();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(it_is_not_ready_while_kafka_is_away),
        TEST(it_has_joined_if_each_worker_has_whatever_redis_does),
        TEST(a_start_that_waits_for_warmth_is_over_once_every_partition_was_warm),
        TEST(it_is_not_ready_while_dead_letters_wait),
        TEST(it_is_ready_once_every_worker_joined),
        TEST(a_sink_in_trouble_in_one_worker_is_shown_once),
        TEST(a_held_partition_is_named_with_its_reason),
        TEST(held_partitions_beyond_those_listed_are_counted),
        TEST(a_pause_on_purpose_is_told_and_is_no_fault),
        TEST(livez_does_not_depend_on_kafka_or_redis),
        TEST(it_stays_started_when_it_is_not_ready_any_more),
        TEST(a_stopping_process_is_not_ready),
        TEST(a_topic_that_nobody_can_read_makes_it_not_ready),
        TEST(a_member_that_rightly_has_no_partition_is_ready),
        TEST(of_what_two_workers_say_of_a_topic_the_complaint_is_shown),
    };

    return SUITE("health", tests);
}
