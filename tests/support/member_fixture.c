/* member_fixture.c: a worker that takes records from the mock cluster and writes nothing. */
#include "member_fixture.h"

#include "base/clock.h"
#include "base/mem.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, LOOK_MS = 20, TURN_US = 10000 };

static struct conf_property properties[] = {
    {.name = (char[]){"session.timeout.ms"}, .value.text = "6000"},
    {.name = (char[]){"heartbeat.interval.ms"}, .value.text = "100"},
    {.name = (char[]){"fetch.wait.max.ms"}, .value.text = "10"},
    /* Not a part of whole seconds: a refresh at the moment of a join makes librdkafka join anew. */
    {.name = (char[]){"topic.metadata.refresh.interval.ms"}, .value.text = "730"},
};

static const struct metrics_shape shape = {.workers = 1, .librdkafka = "", .hiredis = ""};

static void *member_topic(void *context, const char *topic)
{
    (void)context;
    return (void *)topic;
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

struct member *member_new(const char *group)
{
    static char name[] = "main"; /* as long as the member */
    struct member *member = mem_new(struct member);

    member->conf = (struct conf){
        .sources = &member->options, .source_count = 1, .memory = 48 << 20, .max_record = 8 << 20};
    member->options = (struct conf_source){
        .name = name,
        .brokers.text = rd_kafka_mock_cluster_bootstraps(cluster),
        .group.text = group,
        .workers = 1,
        .start = {START_EARLIEST, 0},
        .commit_interval = 100,
        .unconfirmed_records = 100000,
        .drain_timeout = 3000,
        .librdkafka = {.items = properties, .count = sizeof(properties) / sizeof(properties[0])},
    };
    member->finishes = true;
    member->holds = -1;
    member->base = event_base_new();
    member->timer = evtimer_new(member->base, member_woken, NULL);
    member->metrics = metrics_new(&shape);
    member->counts = metrics_worker(member->metrics, 0);
    memset(member->last, -1, sizeof(member->last));
    return member;
}

static bool member_has_barrier(void *context, const void *routes, unsigned barrier)
{
    (void)context, (void)barrier;
    return strncmp(routes, "free", 4) != 0; /* a topic's "routes" are its name here */
}

void member_join(struct member *member, const char *topic)
{
    const struct source_barriers barriers = {member, member->barriers, member_has_barrier};
    const struct source_events events = {
        .context = member, .topic = member_topic, .gone = member_gone};
    struct err err = {0};

    member->source = source_new(&member->conf, &member->options, 0, &topic, 1, member->base,
                                member->counts, &events, &err);
    if (!member->source) {
        fprintf(stderr, "member_fixture: %s\n", err.text);
        exit(2);
    }
    if (member->barriers)
        source_set_barriers(member->source, &barriers);
}

/* What a worker does with a record: begins it, and finishes, keeps or refuses it. */
static void member_begin(struct member *member, const struct record *record, int number)
{
    struct source_partition *partition = record->owner;
    struct source_ticket ticket = source_begin(partition, record);

    if (number == member->holds) {
        member->held = partition;
        member->tickets[member->ticket_count++] = ticket;
        source_hold(partition, member->hold, "this record is bad");
        if (member->hold == HOLD_RECORD)
            source_give_up(ticket); /* no answer will finish it */
    } else if (member->finishes) {
        source_finish(ticket);
    } else {
        member->tickets[member->ticket_count++] = ticket;
    }
}

static void member_take(struct member *member, const struct record *record)
{
    char text[32] = "";
    int number;

    if (!record->owner || !source_is_flowing(record->owner))
        return;
    memcpy(text, record->key.data, record->key.length);
    number = atoi(text);
    member->taken++;
    member->seen[record->partition][number]++;
    member->disorder |= number <= member->last[record->partition];
    member->last[record->partition] = number;
    member_begin(member, record, number);
}

static void member_wait(struct member *member)
{
    const struct timeval wait = {0, TURN_US};

    event_add(member->timer, &wait);
    event_base_loop(member->base, EVLOOP_ONCE);
}

bool member_turn(struct member *member)
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
        snprintf(member->reason, sizeof(member->reason), "%s", err.text);
    if (!source_is_ready(member->source))
        member_wait(member);
    return well;
}

bool member_run(struct member *member, size_t taken)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (member->taken < taken && clock_ms() < until_ms)
        member_turn(member);
    if (member->taken < taken)
        fprintf(stderr, "\ntaken %zu of %zu\n", member->taken, taken);
    return member->taken >= taken;
}

void member_idle(struct member *member, int64_t milliseconds)
{
    int64_t until_ms = clock_ms() + milliseconds;

    while (clock_ms() < until_ms)
        member_turn(member);
}

bool member_until(struct member *member, bool (*done)(struct member *))
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (!done(member) && clock_ms() < until_ms)
        member_turn(member);
    return done(member);
}

bool member_committed_comes(struct member *member, const char *name, int32_t partition,
                            int64_t offset)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (cluster_committed(name, name, partition) != offset && clock_ms() < until_ms)
        member_idle(member, LOOK_MS);
    return cluster_committed(name, name, partition) == offset;
}

bool member_commits_come(struct member *member, const char *name, int64_t offset)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (!member_committed_comes(member, name, i, offset))
            return false;
    return true;
}

void member_finish_all(struct member *member)
{
    for (size_t i = 0; i < member->ticket_count; i++)
        source_finish(member->tickets[i]);
    member->ticket_count = 0;
}

struct held_count {
    struct member *member;
    unsigned count;
};

static void member_count_held(void *context, const struct source_partition *partition,
                              enum source_hold hold, const char *reason)
{
    struct held_count *held = context;

    (void)partition, (void)hold;
    held->count++;
    snprintf(held->member->reason, sizeof(held->member->reason), "%s", reason);
}

unsigned member_held(struct member *member)
{
    struct held_count held = {member, 0};

    source_visit_held(member->source, member_count_held, &held);
    return held.count;
}

bool member_held_comes(struct member *member, unsigned count)
{
    int64_t until_ms = clock_ms() + PATIENCE_MS;

    while (member_held(member) != count && clock_ms() < until_ms)
        member_turn(member);
    return member_held(member) == count;
}

struct partition_gauges *member_gauges(struct member *member, const char *topic, int32_t partition)
{
    return metrics_partition(member->counts, topic, partition);
}

int64_t member_stop_within(struct member *member, int64_t within_ms)
{
    int64_t from_ms = clock_ms();

    source_stop(member->source, from_ms + within_ms);
    while (!source_is_stopped(member->source))
        member_turn(member);
    source_free(member->source);
    member->source = NULL;
    return clock_ms() - from_ms;
}

int64_t member_stop(struct member *member)
{
    return member_stop_within(member, MEMBER_STOP_MS);
}

void member_free(struct member *member)
{
    source_free(member->source);
    metrics_free(member->metrics);
    event_free(member->timer);
    event_base_free(member->base);
    free(member);
}
