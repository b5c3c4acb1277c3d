/* holds.c: the partitions of a worker that wait for a server while the others flow. */
#include "flow/holds.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

void holds_free(struct holds *holds)
{
    free(holds->items);
    *holds = (struct holds){0};
}

static void holds_add(struct holds *holds, struct hold hold, const char *reason)
{
    holds->items = mem_grow(holds->items, holds->count, &holds->capacity, sizeof(*holds->items));
    holds->items[holds->count++] = hold;
    source_hold(hold.partition, HOLD_SERVER, reason);
}

void holds_until(struct holds *holds, struct source_partition *partition, int64_t until_ms,
                 const char *reason)
{
    for (size_t i = 0; i < holds->count; i++)
        if (holds->items[i].partition == partition && holds->items[i].until_ms) {
            holds->items[i].until_ms = until_ms;
            return; /* the first reason is the one to mend */
        }
    holds_forget(holds, partition);
    holds_add(holds, (struct hold){.partition = partition, .until_ms = until_ms}, reason);
}

static bool sink_is_away(const struct sink *sink, int64_t now_ms)
{
    return sink && sink_trouble(sink) && now_ms - sink_trouble_since_ms(sink) >= HOLD_AWAY_MS;
}

static bool another_is_well(struct sink **sinks, size_t count, unsigned index)
{
    for (size_t i = 0; i < count; i++)
        if (i != index && sinks[i] && !sink_trouble(sinks[i]))
            return true;
    return false;
}

bool holds_for_sink(struct holds *holds, struct sink **sinks, const struct conf *conf,
                    unsigned index, struct source_partition *partition, int64_t now_ms)
{
    char reason[ERR_TEXT_BYTES];

    if (!sink_is_away(sinks[index], now_ms) || !another_is_well(sinks, conf->sink_count, index))
        return false;
    snprintf(reason, sizeof(reason), "sink %.100s: %.300s", conf->sinks[index].name,
             sink_trouble(sinks[index]));
    holds_add(holds, (struct hold){.partition = partition, .sink = index}, reason);
    return true;
}

void holds_for_letters(struct holds *holds, struct source_partition *partition, const char *reason)
{
    holds_add(holds, (struct hold){.partition = partition, .letters = true}, reason);
}

void holds_forget(struct holds *holds, const struct source_partition *partition)
{
    for (size_t i = 0; i < holds->count; i++)
        if (holds->items[i].partition == partition)
            holds->items[i--] = holds->items[--holds->count];
}

static bool hold_is_over(const struct hold *hold, struct sink **sinks, int64_t now_ms)
{
    if (hold->until_ms)
        return now_ms >= hold->until_ms;
    return (hold->letters || !sink_trouble(sinks[hold->sink])) &&
           !source_partition_inflight(hold->partition);
}

void holds_turn(struct holds *holds, struct sink **sinks, int64_t now_ms)
{
    for (size_t i = 0; i < holds->count; i++) {
        struct hold hold = holds->items[i];
        if (!hold_is_over(&hold, sinks, now_ms))
            continue;
        holds->items[i--] = holds->items[--holds->count];
        source_release(hold.partition);
    }
}
