/* partitions.c: the partitions that are, or once were, this worker's. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "kafka/source_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"away", "starting", "flowing", "held", "revoked"};

#define MAY(state) (1u << PARTITION_##state)

/* Which states may follow. */
static const unsigned state_moves[] = {
    [PARTITION_AWAY] = MAY(STARTING),
    [PARTITION_STARTING] = MAY(FLOWING) | MAY(HELD) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_FLOWING] = MAY(HELD) | MAY(STARTING) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_HELD] = MAY(FLOWING) | MAY(HELD) | MAY(STARTING) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_REVOKED] = MAY(AWAY),
};

void partition_move(struct source_partition *partition, enum partition_state state)
{
    assert(state_moves[partition->state] & (1u << state));
    log_debug("partition moves", LOG_STR("topic", partition->topic->name),
              LOG_INT("partition", partition->number),
              LOG_STR("from", state_names[partition->state]), LOG_STR("to", state_names[state]));
    partition->source->starting += state == PARTITION_STARTING;
    partition->source->starting -= partition->state == PARTITION_STARTING;
    partition->state = state;
    unreadable_forget(partition);
    if (state != PARTITION_HELD) {
        partition->oversize = false;
        free(partition->reason);
        partition->reason = NULL;
        partition->brims = false;
    }
    partition->source->apply_due = true;
}

bool partition_is_ours(const struct source_partition *partition)
{
    return partition->state != PARTITION_AWAY;
}

/* By a hash: each record of another topic than the one before is looked up. */
static struct source_topic *topic_find(const struct source *source, const char *name)
{
    struct source_topic *topic;

    if (!source->bucket_count)
        return NULL;
    topic = source->buckets[text_hash(name) & (source->bucket_count - 1)];
    while (topic && strcmp(topic->name, name) != 0)
        topic = topic->next;
    return topic;
}

static void topic_enter(struct source *source, struct source_topic *topic)
{
    struct source_topic **bucket =
        &source->buckets[text_hash(topic->name) & (source->bucket_count - 1)];

    topic->next = *bucket;
    *bucket = topic;
}

/* Twice as many places, so that a chain stays short. */
static void topics_spread(struct source *source)
{
    source->bucket_count = source->bucket_count ? source->bucket_count * 2 : 16;
    free(source->buckets);
    source->buckets = mem_array(source->bucket_count, sizeof(struct source_topic *));
    for (size_t i = 0; i < source->topic_count; i++)
        topic_enter(source, source->topics[i]);
}

static struct source_topic *topic_get(struct source *source, const char *name)
{
    struct source_topic *topic = topic_find(source, name);

    if (topic)
        return topic;
    topic = mem_new(struct source_topic);
    topic->name = mem_text(name);
    topic->routes = source->events.topic(source->events.context, topic->name);
    gates_open(topic, source);
    duty_topic(source, topic);
    source->topics = mem_grow(source->topics, source->topic_count, &source->topic_capacity,
                              sizeof(struct source_topic *));
    if (source->topic_count == source->bucket_count)
        topics_spread(source);
    topic_enter(source, topic);
    source->topics[source->topic_count++] = topic;
    return topic;
}

static struct source_partition *partition_new(struct source *source, struct source_topic *topic,
                                              int32_t number)
{
    struct source_partition *partition = mem_new(struct source_partition);

    partition->source = source;
    partition->topic = topic;
    partition->number = number;
    partition->position = partition->committed = partition->committing = -1;
    partition->left_committed = -1;
    partition->gauges = metrics_partition(source->metrics, topic->name, number);
    source->partitions = mem_grow(source->partitions, source->partition_count,
                                  &source->partition_capacity, sizeof(struct source_partition *));
    source->partitions[source->partition_count++] = partition;
    return partition;
}

struct source_partition *partition_get(struct source *source, const char *name, int32_t number)
{
    struct source_topic *topic = topic_get(source, name);
    size_t wanted = (size_t)number + 1;

    if (wanted > topic->partition_count) {
        topic->partitions =
            mem_resize(topic->partitions, wanted * sizeof(struct source_partition *));
        for (size_t i = topic->partition_count; i < wanted; i++)
            topic->partitions[i] = NULL;
        topic->partition_count = wanted;
    }
    if (!topic->partitions[number])
        topic->partitions[number] = partition_new(source, topic, number);
    return topic->partitions[number];
}

static struct source_partition *topic_partition(const struct source_topic *topic, int32_t number)
{
    if (!topic || number < 0 || (size_t)number >= topic->partition_count)
        return NULL;
    return topic->partitions[number];
}

struct source_partition *partition_find(const struct source *source, const char *name,
                                        int32_t number)
{
    return topic_partition(topic_find(source, name), number);
}

/* Addresses lie at regular distances; their product with an odd number does not. */
static size_t address_place(const char *name)
{
    return (uint64_t)(uintptr_t)name * 0x9e3779b97f4a7c15u >> 32 & (TOPICS_SEEN - 1);
}

/* The name may be another topic's by now: librdkafka frees it with its last message. */
struct source_partition *partition_of(struct source *source, const rd_kafka_message_t *message)
{
    const char *name = rd_kafka_topic_name(message->rkt);
    struct source_topic **seen = &source->seen[address_place(name)];

    if (!*seen || strcmp((*seen)->name, name) != 0)
        *seen = topic_find(source, name);
    return topic_partition(*seen, message->partition);
}

/* Nothing is claimed of it, or what was no longer counts. */
static void partition_forget_claim(struct source_partition *partition, enum claim_step step)
{
    free(partition->facts);
    partition->facts = NULL;
    partition->claim_step = step;
}

/* Nothing is known of the log, nor that it is another one. */
static void partition_forget_log(struct source_partition *partition)
{
    partition->log = (struct identity){{0}, {0}};
    partition->another = NULL;
    partition->known_end = -1;
    partition->group = (struct beginning){.began_ms = -1};
    witnesses_clear(&partition->witnesses);
}

void partition_take(struct source_partition *partition)
{
    if (partition_is_ours(partition))
        partition_lose(partition);
    partition->generation++;
    partition->position = partition->committed = partition->committing = -1;
    partition->told_ms = partition->source->now_ms;
    partition->told_at = partition->low = -1;
    partition->refused_ms = 0;
    partition->ask_at_ms = 0;
    partition->asking = partition->misplaced = partition->witness_differs = false;
    partition_forget_log(partition);
    partition_forget_claim(partition, CLAIM_DUE);
    gates_take(partition);
    partition_move(partition, PARTITION_STARTING);
}

void partition_start(struct source_partition *partition, int64_t offset)
{
    tracker_free(partition->tracker);
    partition->tracker = tracker_new(offset);
    gates_start(partition, offset);
    partition->position = offset;
    partition->compare = WITNESS_NONE;
    partition->ahead = partition->began = -1;
    partition->taken_ms = -1;
    partition->end = -1;
    partition->waits_since_ms = 0;
    partition->moved = true;
    partition->misplaced = false;
    partition->stuck_at = -1;
    partition_move(partition, PARTITION_FLOWING);
}

int64_t partition_read_from(const struct source_partition *partition)
{
    return partition->compare.offset >= 0 ? partition->compare.offset : partition->position;
}

void partition_hold(struct source_partition *partition, enum source_hold hold, const char *reason)
{
    char *copy = mem_text(reason);

    free(partition->reason);
    partition->reason = copy;
    partition->reason_head = 0;
    partition->held_offset = -1;
    partition->held_route = NULL;
    partition->hold = hold;
    partition_move(partition, PARTITION_HELD);
    if (partition->fetching)
        rebalance_forward(partition);
}

void partition_restart(struct source_partition *partition, int64_t offset)
{
    bool stopped = partition->misplaced; /* librdkafka reads nothing of it: it is assigned anew */

    partition_start(partition, offset);
    if (partition->fetching && !stopped)
        rebalance_seek(partition);
}

void partition_claim_anew(struct source_partition *partition)
{
    struct source *source = partition->source;

    partition->generation++;
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    partition->ask_at_ms = 0;
    partition->asking = false;
    partition_forget_claim(partition, CLAIM_DUE);
    partition_move(partition, PARTITION_STARTING);
    if (partition->fetching)
        rebalance_forward(partition);
    source->events.gone(source->events.context, partition);
}

void partition_again(struct source_partition *partition)
{
    struct source *source = partition->source;

    rebalance_clear_aside(source);
    if (partition->claim_step != CLAIM_NONE) {
        partition_claim_anew(partition);
        return;
    }
    partition->generation++;
    partition_restart(partition, partition->ahead >= 0 ? tracker_next_offset(partition->tracker)
                                                       : tracker_commit_offset(partition->tracker));
    source->events.gone(source->events.context, partition);
}

void partition_lose(struct source_partition *partition)
{
    struct source *source = partition->source;

    partition->generation++;
    if (partition->tracker && partition->ahead < 0 && source->closing != CLOSING_NO)
        source->left += tracker_uncommitted(partition->tracker) + gates_unconfirmed(partition);
    if (partition->committed > partition->left_committed)
        partition->left_committed = partition->committed;
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    partition->position = partition->committed = partition->committing = -1;
    partition_forget_claim(partition, CLAIM_NONE);
    partition_move(partition, PARTITION_AWAY);
    held_forget(partition);
    rebalance_forget_queue(partition);
    source->events.gone(source->events.context, partition);
}

bool partition_is_drained(const struct source_partition *partition)
{
    const struct source_events *events = &partition->source->events;

    if (partition->tracker && tracker_waiting(partition->tracker))
        return false;
    if (partition->tracker && !gates_are_passed(partition))
        return false;
    if (partition->claim_step == CLAIM_DUE || partition->claim_step == CLAIM_WAITED)
        return true;
    return !events->is_settled || events->is_settled(events->context, partition);
}

void partitions_free(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        tracker_free(source->partitions[i]->tracker);
        free(source->partitions[i]->marks);
        free(source->partitions[i]->reason);
        free(source->partitions[i]->held_told);
        free(source->partitions[i]->facts);
        unreadable_forget(source->partitions[i]);
        free(source->partitions[i]);
    }
    for (size_t i = 0; i < source->topic_count; i++) {
        free(source->topics[i]->partitions);
        free(source->topics[i]->passes);
        free(source->topics[i]->wanted);
        free(source->topics[i]->name);
        free(source->topics[i]);
    }
    free(source->partitions);
    free(source->topics);
    free(source->buckets);
}
