/*
 * oversize.c: a batch that is too large to be received.
 *
 * Kafka sends a batch whole, whatever was asked for, and librdkafka closes the connection over a
 * response above receive.message.max.bytes: nothing of it costs memory, but nobody says which
 * partition it was, and the same is asked for again and again. The error itself comes every half
 * minute.
 *
 *      1. There was such an error. A partition whose position stands still is a suspect.
 *      2. Kafka is asked for the suspects' end offsets, twice. Those with records left both times
 *         are held, and are not read: the others of the same broker flow again.
 *      3. After a minute they are retried, wrongly held ones with them.
 */
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    STILL_MS = 2000, /* so long a suspect's position does not move */
    LOOK_MS = 500,
    FORGET_MS = 60000, /* without another error */
    TRY_AGAIN_MS = 60000,
    REASON_BYTES = 256
};

/* The text is librdkafka's, "... Invalid response size 90000447 (0..17825792): increase
 * receive.message.max.bytes"; 0: it says something else. */
static size_t response_size(const char *text)
{
    static const char before[] = "Invalid response size ";
    const char *found = strstr(text, before);
    size_t size = 0;

    if (!found || sscanf(found + sizeof(before) - 1, "%zu", &size) != 1)
        return 0;
    return size;
}

void oversize_seen(struct source *source, const char *text)
{
    size_t size = response_size(text);

    if (!size)
        return;
    source->oversize.bytes = size;
    source->oversize.seen_ms = source->now_ms;
}

/* A partition whose position moves is not a suspect. */
static void oversize_look(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (partition->progress.position == partition->position)
            continue;
        partition->progress.position = partition->position;
        partition->progress.since_ms = source->now_ms;
        partition->progress.behind = false;
    }
}

static bool is_suspect(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING && partition->fetching.active &&
           partition->position == partition->progress.position &&
           partition->source->now_ms - partition->progress.since_ms >= STILL_MS;
}

static void oversize_ask(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    rd_kafka_topic_partition_list_t *old = offsets_take_ends(source->offsets);

    if (old)
        rd_kafka_topic_partition_list_destroy(old);
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (is_suspect(partition))
            rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)
                ->offset = RD_KAFKA_OFFSET_END;
    }
    source->oversize.asked = list->cnt > 0;
    if (list->cnt)
        offsets_ask_ends(source->offsets, list);
    else
        rd_kafka_topic_partition_list_destroy(list);
}

static void oversize_hold(struct source_partition *partition)
{
    char reason[REASON_BYTES];

    snprintf(reason, sizeof(reason),
             "offset %" PRId64 ": Kafka sends its batch in a response of %zu bytes, more than "
             "max_record lets be received: raise max_record, or set the group's offset behind it",
             partition->position, partition->source->oversize.bytes);
    partition->progress.try_again_ms = partition->source->now_ms + TRY_AGAIN_MS;
    source_hold(partition, HOLD_OVERSIZE, reason);
}

/* A record that was written just now may be on its way: it takes two answers. */
static void oversize_judge(struct source *source, const rd_kafka_topic_partition_list_t *ends)
{
    for (int i = 0; i < ends->cnt; i++) {
        const rd_kafka_topic_partition_t *end = &ends->elems[i];
        struct source_partition *partition = partitions_find(source, end->topic, end->partition);
        if (!partition || end->err || !is_suspect(partition) || end->offset <= partition->position)
            continue;
        if (partition->progress.behind)
            oversize_hold(partition);
        partition->progress.behind = true;
    }
}

static void oversize_release(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (source->now_ms >= partition->progress.try_again_ms)
            source_release(partition, HOLD_OVERSIZE);
    }
}

static void oversize_search(struct source *source)
{
    rd_kafka_topic_partition_list_t *ends =
        source->oversize.asked ? offsets_take_ends(source->offsets) : NULL;

    oversize_look(source);
    if (ends) {
        oversize_judge(source, ends);
        rd_kafka_topic_partition_list_destroy(ends);
    }
    if (!source->more) /* if records wait in the queue, a position may stand still */
        oversize_ask(source);
}

void oversize_turn(struct source *source)
{
    struct oversize *oversize = &source->oversize;

    if (!oversize->bytes || source->now_ms < oversize->look_ms)
        return;
    oversize->look_ms = source->now_ms + LOOK_MS;
    oversize_release(source);
    if (source->now_ms - oversize->seen_ms < FORGET_MS)
        oversize_search(source);
}
