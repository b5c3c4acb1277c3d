/* holds.c: the partitions of a worker that wait for a server while the others flow. */
#include "flow/holds.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

void holds_free(struct holds *holds)
{
    free(holds->items);
    free(holds->waits);
    *holds = (struct holds){0};
}

static void holds_add(struct holds *holds, struct hold hold, const struct source_reason *reason)
{
    holds->items = mem_grow(holds->items, holds->count, &holds->capacity, sizeof(*holds->items));
    holds->items[holds->count++] = hold;
    source_hold_for(hold.partition, HOLD_SINK, reason);
}

/* The hold of the partition that ends by the clock; NULL: none does. */
static struct hold *timed_hold(struct holds *holds, const struct source_partition *partition)
{
    for (size_t i = 0; i < holds->count; i++)
        if (holds->items[i].partition == partition && holds->items[i].until_ms)
            return &holds->items[i];
    return NULL;
}

void holds_until(struct holds *holds, struct source_partition *partition, int64_t until_ms,
                 const struct source_reason *reason)
{
    struct hold *held = timed_hold(holds, partition);

    if (held) {
        held->until_ms = until_ms;
        return; /* the first reason is the one to mend */
    }
    holds_forget(holds, partition);
    holds_add(holds, (struct hold){.partition = partition, .until_ms = until_ms}, reason);
}

int64_t holds_waited_ms(struct holds *holds, struct source_partition *partition, int64_t offset,
                        int64_t now_ms)
{
    struct hold_wait *wait = holds->waits;
    const struct hold_wait *end = wait + holds->wait_count;

    while (wait < end && wait->partition != partition)
        wait++;
    if (wait < end && wait->offset == offset)
        return now_ms - wait->since_ms;
    if (timed_hold(holds, partition)) /* an earlier record waits */
        return 0;
    if (wait == end) {
        holds->waits =
            mem_grow(holds->waits, holds->wait_count, &holds->wait_capacity, sizeof(*wait));
        wait = &holds->waits[holds->wait_count++];
    }
    *wait = (struct hold_wait){partition, offset, now_ms};
    return 0;
}

static bool sink_is_away(const struct sink *sink, int64_t now_ms)
{
    return sink_trouble(sink) && now_ms - sink_trouble_since_ms(sink) >= HOLD_AWAY_MS;
}

static bool another_is_well(const struct holds *holds, unsigned index)
{
    for (unsigned i = 0; i < holds->conf->sink_count; i++)
        if (i != index && holds->sinks[i] && !sink_trouble(holds->sinks[i]))
            return true;
    return false;
}

bool holds_for_sink(struct holds *holds, unsigned index, struct source_partition *partition,
                    int64_t now_ms)
{
    const struct sink *sink = holds->sinks[index];
    char reason[ERR_TEXT_BYTES];

    if (!sink_is_away(sink, now_ms) || !another_is_well(holds, index))
        return false;
    snprintf(reason, sizeof(reason), "sink %.100s: %.300s", holds->conf->sinks[index].name,
             sink_trouble(sink));
    holds_add(holds, (struct hold){.partition = partition, .sink = index},
              &(struct source_reason){.text = reason});
    return true;
}

void holds_for_dlq(struct holds *holds, struct source_partition *partition, const char *reason)
{
    holds_add(holds, (struct hold){.partition = partition, .dlq = true},
              &(struct source_reason){.text = reason});
}

void holds_for_decoding(struct holds *holds, struct source_partition *partition, int64_t now_ms,
                        const struct source_reason *reason)
{
    holds_add(
        holds,
        (struct hold){.partition = partition, .until_ms = now_ms + HOLD_DECODE_MS, .settles = true},
        reason);
}

bool holds_retry(struct holds *holds, struct source_partition *partition, int64_t now_ms)
{
    struct hold *hold = timed_hold(holds, partition);

    if (!hold)
        return false;
    hold->until_ms = now_ms;
    hold->settles = true;
    return true;
}

void holds_forget(struct holds *holds, const struct source_partition *partition)
{
    for (size_t i = 0; i < holds->count; i++)
        if (holds->items[i].partition == partition)
            holds->items[i--] = holds->items[--holds->count];
}

static bool hold_is_over(const struct holds *holds, const struct hold *hold, int64_t now_ms)
{
    if (hold->until_ms && now_ms < hold->until_ms)
        return false;
    if (hold->until_ms && !hold->settles)
        return true;
    return (hold->until_ms || hold->dlq || !sink_trouble(holds->sinks[hold->sink])) &&
           !source_partition_waits(hold->partition);
}

void holds_turn(struct holds *holds, int64_t now_ms)
{
    for (size_t i = 0; i < holds->count; i++) {
        struct hold hold = holds->items[i];
        if (!hold_is_over(holds, &hold, now_ms))
            continue;
        holds->items[i--] = holds->items[--holds->count];
        source_release(hold.partition, HOLD_SINK);
    }
}
