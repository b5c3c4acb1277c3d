/* test_source.c: a member of the consumer group against librdkafka's mock cluster. */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "kafka/source.h"
#include "metrics/metrics.h"

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

enum { PARTITIONS = 4, SEEN = 100000 };

/* --- a cluster, and what is written to it --------------------------------------------------------
 */

static rd_kafka_t *producer;
static rd_kafka_mock_cluster_t *cluster;

static void cluster_start(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];

    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "1", NULL, 0);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    cluster = rd_kafka_handle_mock_cluster(producer);
}

static void topic_new(const char *topic)
{
    rd_kafka_mock_topic_create(cluster, topic, PARTITIONS, 1);
}

/* Puts one record with a header; false where librdkafka's queue is full. */
static bool put(const char *topic, int32_t partition, char *text)
{
    size_t length = strlen(text);
    const rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {text, length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {text, length}},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"n", text, -1}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(producer, fields, sizeof(fields) / sizeof(fields[0]));
    bool full = error && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL;

    CU_ASSERT(!error || full);
    if (error)
        rd_kafka_error_destroy(error);
    return !full;
}

static void produce(const char *topic, int32_t partition, int from, int to)
{
    char key[32];

    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), "%d", i);
        while (!put(topic, partition, key))
            rd_kafka_poll(producer, 10);
    }
    CU_ASSERT_EQUAL_FATAL(rd_kafka_flush(producer, 10000), 0);
}

static int64_t group_committed(const char *group, const char *topic, int32_t partition)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *asker;
    int64_t offset;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
    asker = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    CU_ASSERT_EQUAL(rd_kafka_committed(asker, list, 5000), 0);
    offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(asker);
    return offset;
}

/* --- a worker that only takes, and finishes when it is told to
 * ------------------------------------ */

struct member {
    struct conf conf;
    struct conf_source options;
    struct event_base *base;
    struct event *timer;
    struct metrics *metrics;
    struct source *source;
    struct batch batch;
    bool finishes;      /* at once */
    bool refuses_third; /* the partition of the record with key "3" is held */
    struct source_ticket tickets[SEEN];
    size_t ticket_count;
    size_t taken;
    uint8_t seen[PARTITIONS][SEEN]; /* how often the record with that number was taken */
    int64_t last[PARTITIONS];       /* its number */
    bool disorder;
    unsigned gone;
    struct source_partition *held;
};

/* The mock lets a second member in only when a session is over. */
static struct conf_property properties[] = {
    {.name = (char[]){"session.timeout.ms"}, .value.text = "6000"},
    {.name = (char[]){"heartbeat.interval.ms"}, .value.text = "100"},
    {.name = (char[]){"fetch.wait.max.ms"}, .value.text = "10"},
};

static struct metrics_shape shape = {.workers = 1};

static const void *member_topic(void *context, const char *topic)
{
    (void)context;
    return strdup(topic);
}

static void member_gone(void *context, struct source_partition *partition)
{
    struct member *member = context;

    for (size_t i = member->batch.next; i < member->batch.count; i++)
        if (member->batch.records[i].owner == partition)
            member->batch.records[i].owner = NULL;
    member->gone++;
    member->last[source_partition_number(partition)] = -1;
}

static void member_woken(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
}

static struct member *member_new(const char *group)
{
    struct member *member = mem_new(struct member);

    member->conf = (struct conf){
        .sources = &member->options, .source_count = 1, .memory = 48 << 20, .max_record = 8 << 20};
    member->options = (struct conf_source){
        .name = "main",
        .brokers.text = rd_kafka_mock_cluster_bootstraps(cluster),
        .group.text = group,
        .workers = 1,
        .start_kind = START_EARLIEST,
        .commit_interval = 100,
        .drain_timeout = 3000,
        .librdkafka = properties,
        .librdkafka_count = sizeof(properties) / sizeof(properties[0]),
    };
    member->finishes = true;
    member->base = event_base_new();
    member->timer = evtimer_new(member->base, member_woken, NULL);
    member->metrics = metrics_new(&shape);
    memset(member->last, -1, sizeof(member->last));
    return member;
}

static void member_join(struct member *member, const char *topic)
{
    const struct source_events events = {member, member_topic, member_gone};
    struct err err = {0};

    member->source = source_new(&member->conf, &member->options, 0, &topic, 1, member->base,
                                metrics_worker(member->metrics, 0), &events, &err);
    if (!member->source)
        fprintf(stderr, "%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(member->source);
}

static void member_take(struct member *member, const struct record *record)
{
    struct source_partition *partition = record->owner;
    struct source_ticket ticket;
    int number;
    char text[32] = "";

    if (!partition || !source_is_flowing(partition))
        return;
    memcpy(text, record->key.data, record->key.length);
    number = atoi(text);
    member->taken++;
    member->seen[record->partition][number]++;
    member->disorder |= number <= member->last[record->partition];
    member->last[record->partition] = number;
    ticket = source_begin(partition, record);
    if (member->refuses_third && number == 3) {
        member->held = partition;
        source_hold(partition, HOLD_RECORD, "the third is bad");
    } else if (member->finishes)
        source_finish(ticket);
    else
        member->tickets[member->ticket_count++] = ticket;
}

static void member_finish_all(struct member *member)
{
    for (size_t i = 0; i < member->ticket_count; i++)
        source_finish(member->tickets[i]);
    member->ticket_count = 0;
}

static bool member_turn(struct member *member)
{
    struct batch *batch = &member->batch;
    struct err err = {0};
    bool well;

    source_poll(member->source, batch, BATCH_RECORDS);
    for (; batch->next < batch->count; batch->next++) {
        member_take(member, &batch->records[batch->next]);
        source_return(batch, batch->next);
    }
    well = source_turn(member->source, &err);
    if (!well)
        fprintf(stderr, "%s\n", err.text);
    if (!source_is_ready(member->source)) {
        struct timeval wait = {0, 10000};
        event_add(member->timer, &wait);
        event_base_loop(member->base, EVLOOP_ONCE);
    }
    return well;
}

static int64_t member_stop(struct member *member, int64_t within_ms)
{
    int64_t from_ms = clock_ms();

    source_stop(member->source, from_ms + within_ms);
    while (!source_is_stopped(member->source))
        member_turn(member);
    source_free(member->source);
    member->source = NULL;
    return clock_ms() - from_ms;
}

static void member_free(struct member *member)
{
    source_free(member->source);
    metrics_free(member->metrics);
    event_free(member->timer);
    event_base_free(member->base);
    free(member);
}

/* Turns until @p count records were taken, at most ten seconds. */
static void member_run(struct member *member, size_t count)
{
    int64_t until_ms = clock_ms() + 10000;

    while (member->taken < count && clock_ms() < until_ms)
        member_turn(member);
    CU_ASSERT_EQUAL(member->taken, count);
}

static void produce_all(const char *topic, int from, int to)
{
    for (int32_t i = 0; i < PARTITIONS; i++)
        produce(topic, i, from, to);
}

/* --- the tests
 * ------------------------------------------------------------------------------------- */

static void every_record_is_taken_once_and_committed_at_the_stop(void)
{
    struct member *member = member_new("once");

    topic_new("once");
    produce_all("once", 0, 500);
    member_join(member, "once");
    member_run(member, 4 * 500);
    CU_ASSERT_FALSE(member->disorder);
    CU_ASSERT_TRUE(member_stop(member, 5000) < 2000);
    for (int32_t i = 0; i < PARTITIONS; i++)
        CU_ASSERT_EQUAL(group_committed("once", "once", i), 500);
    member_free(member);
}

static void a_restart_goes_on_where_it_stopped(void)
{
    struct member *member = member_new("once");

    produce_all("once", 500, 600);
    member_join(member, "once");
    member_run(member, 4 * 100);
    CU_ASSERT_EQUAL(member->seen[0][499], 0);
    CU_ASSERT_EQUAL(member->seen[0][500], 1);
    member_stop(member, 5000);
    member_free(member);
}

static void what_is_not_finished_is_not_committed(void)
{
    struct member *member = member_new("unfinished");

    topic_new("unfinished");
    produce_all("unfinished", 0, 10);
    member->finishes = false;
    member_join(member, "unfinished");
    member_run(member, 4 * 10);
    source_finish(member->tickets[39]); /* the last one of some partition */
    CU_ASSERT_EQUAL(source_inflight(member->source), 39);
    member->ticket_count--;
    for (int i = 0; i < 30; i++)
        member_turn(member);
    for (int32_t i = 0; i < PARTITIONS; i++)
        CU_ASSERT_EQUAL(group_committed("unfinished", "unfinished", i), 0);
    member_finish_all(member);
    member_stop(member, 5000);
    for (int32_t i = 0; i < PARTITIONS; i++)
        CU_ASSERT_EQUAL(group_committed("unfinished", "unfinished", i), 10);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_record_is_taken_once_and_committed_at_the_stop),
        TEST(a_restart_goes_on_where_it_stopped),
        TEST(what_is_not_finished_is_not_committed),
    };

    log_configure(LOG_WARN, LOG_LOGFMT);
    cluster_start();
    return SUITE("source", tests);
}
