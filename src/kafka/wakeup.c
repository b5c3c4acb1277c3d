/*
 * wakeup.c: librdkafka's sleep when its queue was full.
 *
 *      1. The queue is full: a broker thread finds nothing to fetch and sleeps, up to a second.
 *      2. Redis catches up, the queue runs empty. Nothing wakes the broker thread.
 *
 * From 2.2 on fetch.queue.backoff.ms makes the sleep short. Before, a request to the partitions'
 * leaders wakes their threads, which then look at the queue again: we ask for the end offsets, and
 * ignore the answer. It costs one small request a leader, whenever the queue went from full to
 * half.
 */
#include "kafka/source_state.h"

enum { WAKEUP_MS = 20, WAKEUP_TRIES = 5, PROBE_MS = 1000 };

/* librdkafka counts the bytes of values alone; we know only their mean size. */
static size_t queue_bytes(const struct source *source, size_t length)
{
    return length * (size_t)(source->consumed_bytes / (source->consumed_records + 1));
}

static bool is_above(const struct source *source, size_t length, size_t quarters)
{
    return length >= source->wakeup.limit_records / 4 * quarters ||
           queue_bytes(source, length) >= source->wakeup.limit_bytes / 4 * quarters;
}

static void wake_brokers(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (partition->fetching.active && partition->state == PARTITION_FLOWING)
            rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)
                ->offset = RD_KAFKA_OFFSET_END;
    }
    offsets_ask_ends(source->offsets, list);
}

/* An idle partition brings no record that would show it. */
static void wakeup_probe(struct source *source)
{
    unsigned answers;

    if (!source->errors.away || source->now_ms < source->wakeup.probe_due_ms)
        return;
    answers = offsets_ends_answered(source->offsets);
    if (answers != source->wakeup.answers)
        error_log_end(&source->errors);
    else
        wake_brokers(source);
    source->wakeup.answers = answers;
    source->wakeup.probe_due_ms = source->now_ms + PROBE_MS;
}

void wakeup_look(struct source *source, size_t taken)
{
    struct wakeup *state = &source->wakeup;
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

/* At the end of the log no record comes, however often we ask. */
void wakeup_turn(struct source *source)
{
    struct wakeup *state = &source->wakeup;

    wakeup_probe(source);
    if (!state->full || source->now_ms < state->due_ms ||
        is_above(source, rd_kafka_queue_length(source->fetching.records), 2))
        return;
    wake_brokers(source);
    state->due_ms = source->now_ms + WAKEUP_MS;
    state->full = ++state->tries < WAKEUP_TRIES;
}

int64_t wakeup_next_ms(const struct source *source)
{
    return source->wakeup.full && source->wakeup.tries ? WAKEUP_MS : INT64_MAX;
}
