/*
 * warming.c: how far a partition is from the end that its log had when it was first assigned.
 *
 * The end moves on while a cache is filled; whoever waits for it as it is now may wait for ever. So
 * the end of the first assignment counts, also if the partition leaves and comes back. A partition
 * whose readable records are all acknowledged has reached it, too: what lies between there and the
 * end is of a transaction that was still open, or of a log that is gone.
 */
#include "base/clock.h"
#include "kafka/source_state.h"

static int64_t shown(const _Atomic int64_t *gauge)
{
    return atomic_load_explicit(gauge, memory_order_relaxed);
}

static int64_t remaining(const struct source_partition *partition)
{
    int64_t left = partition->warming.target - shown(&partition->gauge.shown->acked_offset);

    return partition->warming.reached || left < 0 ? 0 : left;
}

/* By admin.startup_age: what waits was produced a moment before the start, or after it. */
static bool is_young(const struct source_partition *partition)
{
    const struct source *source = partition->source;

    return source->warming.age_ms && shown(&partition->gauge.shown->oldest_ms) >=
                                         source->warming.started_ms - source->warming.age_ms;
}

void warming_begin(struct source_partition *partition, int64_t from)
{
    int64_t end = shown(&partition->gauge.shown->end_offset);

    if (partition->warming.known || from < 0 || end < 0)
        return;
    partition->warming =
        (struct partition_warming){.known = true, .from = from, .target = from > end ? from : end};
}

void warming_update(struct source_partition *partition, bool at_end)
{
    struct partition_warming *warming = &partition->warming;
    struct partition_gauges *gauges = partition->gauge.shown;
    int64_t acked = shown(&gauges->acked_offset), end = shown(&gauges->end_offset);

    if (warming->reached || acked < 0 || end < 0)
        return;
    warming_begin(partition, acked);
    warming->reached =
        at_end || warming->target - acked <= partition->source->warming.lag || is_young(partition);
    atomic_store_explicit(&gauges->startup_records, warming->target - warming->from,
                          memory_order_relaxed);
    atomic_store_explicit(&gauges->startup_remaining, remaining(partition), memory_order_relaxed);
}

void source_warming(const struct source *source, struct source_warming *sum)
{
    *sum = (struct source_warming){0};
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (!partition_is_ours(partition))
            continue;
        sum->partitions++;
        sum->cold += !partition->warming.reached;
        sum->records += partition->warming.target - partition->warming.from;
        sum->remaining += remaining(partition);
    }
}
