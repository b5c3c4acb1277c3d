/* partitions.c: the topics and partitions that are, or once were, this worker's. */
#include "base/mem.h"
#include "base/text.h"
#include "kafka/source_state.h"

#include <stdlib.h>
#include <string.h>

/* By a hash: each record of another topic than the one before is looked up. */
static struct source_topic *topic_find(const struct source *source, const char *name)
{
    struct source_topic *topic;

    if (!source->topics.bucket_count)
        return NULL;
    topic = source->topics.buckets[text_hash(name) & (source->topics.bucket_count - 1)];
    while (topic && strcmp(topic->name, name) != 0)
        topic = topic->next;
    return topic;
}

static void topic_enter(struct source *source, struct source_topic *topic)
{
    struct source_topic **bucket =
        &source->topics.buckets[text_hash(topic->name) & (source->topics.bucket_count - 1)];

    topic->next = *bucket;
    *bucket = topic;
}

/* Twice as many places, so that a chain stays short. */
static void topics_spread(struct source *source)
{
    source->topics.bucket_count =
        source->topics.bucket_count ? source->topics.bucket_count * 2 : 16;
    free(source->topics.buckets);
    source->topics.buckets = mem_array(source->topics.bucket_count, sizeof(struct source_topic *));
    for (size_t i = 0; i < source->topics.count; i++)
        topic_enter(source, source->topics.items[i]);
}

/* Which topics and patterns of the subscription it is. */
static void topic_find_wanted(const struct source *source, struct source_topic *topic)
{
    size_t room = 0;

    for (size_t i = 0; i < source->duty.count; i++)
        if (survey_matches(source->duty.survey, i, topic->name)) {
            topic->wanted = mem_grow(topic->wanted, topic->wanted_count, &room, sizeof(size_t));
            topic->wanted[topic->wanted_count++] = i;
        }
}

static struct source_topic *topic_get(struct source *source, const char *name)
{
    struct source_topic *topic = topic_find(source, name);

    if (topic)
        return topic;
    topic = mem_new(struct source_topic);
    topic->name = mem_text(name);
    topic->routes = source->events.topic(source->events.context, topic->name);
    marks_open(topic, source);
    topic_find_wanted(source, topic);
    source->topics.items = mem_grow(source->topics.items, source->topics.count,
                                    &source->topics.capacity, sizeof(struct source_topic *));
    if (source->topics.count == source->topics.bucket_count)
        topics_spread(source);
    topic_enter(source, topic);
    source->topics.items[source->topics.count++] = topic;
    return topic;
}

static struct source_partition *partition_new(struct source *source, struct source_topic *topic,
                                              int32_t number)
{
    struct source_partition *partition = mem_new(struct source_partition);

    partition->source = source;
    partition->topic = topic;
    partition->number = number;
    partition->position = -1;
    partition->until = INT64_MAX;
    partition->commit = PARTITION_COMMIT_NONE;
    gauges_open(partition);
    source->partitions = mem_grow(source->partitions, source->partition_count,
                                  &source->partition_capacity, sizeof(struct source_partition *));
    source->partitions[source->partition_count++] = partition;
    return partition;
}

struct source_partition *partitions_get(struct source *source, const char *name, int32_t number)
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

struct source_partition *partitions_find(const struct source *source, const char *name,
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
struct source_partition *partitions_of(struct source *source, const rd_kafka_message_t *message)
{
    const char *name = rd_kafka_topic_name(message->rkt);
    struct source_topic **seen = &source->topics.seen[address_place(name)];

    if (!*seen || strcmp((*seen)->name, name) != 0)
        *seen = topic_find(source, name);
    return topic_partition(*seen, message->partition);
}

static void partition_free(struct source_partition *partition)
{
    tracker_free(partition->tracker);
    free(partition->marks.items);
    held_free(&partition->held);
    skip_forget(partition);
    free(partition->start.facts);
    free(partition->unreadable);
    free(partition);
}

static void topic_free(struct source_topic *topic)
{
    free(topic->partitions);
    free(topic->barriers);
    free(topic->wanted);
    free(topic->name);
    free(topic);
}

void partitions_free(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        partition_free(source->partitions[i]);
    for (size_t i = 0; i < source->topics.count; i++)
        topic_free(source->topics.items[i]);
    free(source->partitions);
    free(source->topics.items);
    free(source->topics.buckets);
}
