/*
 * kick.c: librdkafka's sleep when its queue was full.
 *
 *      1. The queue is full: a broker thread finds nothing to fetch and sleeps, up to a second.
 *      2. Redis catches up, the queue runs empty. Nothing wakes the broker thread.
 *
 * From 2.2 on fetch.queue.backoff.ms makes the sleep short. Before, a request to the partitions'
 * leaders wakes their threads, which then look at the queue again: we ask for the end offsets, and
 * what the answer says does not matter. It costs one small request a leader, whenever the queue
 * went from full to half.
 */
#include "kafka/source_state.h"

enum { KICK_MS = 20, KICK_TRIES = 5, KNOCK_MS = 1000 };

/* librdkafka counts the bytes of values alone; we know only their mean size. */
static size_t queue_bytes(const struct source *source, size_t length)
{
    return length * (size_t)(source->consumed_bytes / (source->consumed_records + 1));
}

static bool is_above(const struct source *source, size_t length, size_t quarters)
{
    return length >= source->kick.limit_records / 4 * quarters ||
           queue_bytes(source, length) >= source->kick.limit_bytes / 4 * quarters;
}

static void kick(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (partition->fetching.active && partition->state == PARTITION_FLOWING)
            rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)
                ->offset = RD_KAFKA_OFFSET_END;
    }
    offsets_kick(source->offsets, list);
}

/* An idle partition brings no record that would show it. */
static void kick_knock(struct source *source)
{
    unsigned answers;

    if (!source->complaints.away || source->now_ms < source->kick.knock_due_ms)
        return;
    answers = offsets_answers(source->offsets);
    if (answers != source->kick.answers)
        complaints_end(&source->complaints);
    else
        kick(source);
    source->kick.answers = answers;
    source->kick.knock_due_ms = source->now_ms + KNOCK_MS;
}

void kick_look(struct source *source, size_t taken)
{
    struct kick *state = &source->kick;
    size_t length;

    if (!state->limit_records)
        return;
    length = rd_kafka_queue_length(source->fetching.records);
    if (is_above(source, length + taken, 3)) {
        state->full = true;
        state->tries = 0;
    } else if (state->tries && length + taken > state->length) {
        state->full = false; /* more came: it reads again */
    }
    state->length = length;
}

/* At the end of the log nothing comes, however often it is asked for. */
void kick_turn(struct source *source)
{
    struct kick *state = &source->kick;

    kick_knock(source);
    if (!state->full || source->now_ms < state->due_ms ||
        is_above(source, rd_kafka_queue_length(source->fetching.records), 2))
        return;
    kick(source);
    state->due_ms = source->now_ms + KICK_MS;
    state->full = ++state->tries < KICK_TRIES;
}

int64_t kick_next_ms(const struct source *source)
{
    return source->kick.full && source->kick.tries ? KICK_MS : INT64_MAX;
}
