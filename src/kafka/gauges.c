/* gauges.c: what is shown of partitions, ten times a second; of very many less often. */
#include "kafka/source_parts.h"

enum { GAUGES_MS = 100, PARTITIONS_A_MS = 10, WAIT_MS = 1000 };

#define GAUGE(partition, name, value)                                                              \
    atomic_store_explicit(&(partition)->gauges->name, (value), memory_order_relaxed)

static int64_t end_offset(const struct source_partition *partition)
{
    return atomic_load_explicit(&partition->gauges->end_offset, memory_order_relaxed);
}

/* The end as the last fetch told it; costs no request. */
static void end_update(struct source_partition *partition)
{
    int64_t low, high;

    if (rd_kafka_get_watermark_offsets(partition->source->kafka, partition->topic->name,
                                       partition->number, &low, &high) == 0 &&
        high >= 0)
        GAUGE(partition, end_offset, high);
}

/* Whether every record that was taken is finished; one that waits in a batch is not. */
static bool is_idle(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING &&
           tracker_commit_offset(partition->tracker) == partition->position;
}

/*
 * Behind the last record there may be what is no record, a transaction's marker or what is left of
 * an aborted one: without this the partition would never be at its end. That librdkafka came to the
 * end, and where that was, comes behind the records before it.
 */
static void position_update(struct source_partition *partition)
{
    if (!is_idle(partition) || partition->end <= partition->position)
        return;
    partition->position = partition->end;
    tracker_skip(partition->tracker, partition->position);
}

/*
 * A reader of committed records comes to the end before a transaction that is still open, whatever
 * the log holds behind. Where records lie in librdkafka's queue that is no such end.
 */
static void wait_update(struct source_partition *partition)
{
    const struct source *source = partition->source;
    bool waits = !source->more && is_idle(partition) && partition->end == partition->position &&
                 partition->position < end_offset(partition);

    if (!waits)
        partition->waits_since_ms = 0;
    else if (!partition->waits_since_ms)
        partition->waits_since_ms = source->now_ms;
}

/* Offsets; not told at once, since many a transaction is short. */
static int64_t waiting_offsets(const struct source_partition *partition)
{
    if (!partition->waits_since_ms ||
        partition->source->now_ms - partition->waits_since_ms < WAIT_MS)
        return 0;
    return end_offset(partition) - partition->position;
}

/* The age of what waits: of the oldest record in flight, or about that of the next to be taken. */
static int64_t oldest_ms(const struct source_partition *partition)
{
    if (!partition->tracker)
        return -1;
    if (tracker_inflight(partition->tracker))
        return tracker_oldest_ms(partition->tracker);
    return partition->position < end_offset(partition) ? partition->taken_ms : -1;
}

static void gauges_update(struct source_partition *partition)
{
    const struct tracker *tracker = partition->tracker;

    if (partition_is_ours(partition)) {
        end_update(partition);
        position_update(partition);
        wait_update(partition);
    }
    GAUGE(partition, assigned, partition_is_ours(partition));
    GAUGE(partition, held, partition->state == PARTITION_HELD);
    GAUGE(partition, consumed_records, partition->consumed_records);
    GAUGE(partition, consumed_bytes, partition->consumed_bytes);
    GAUGE(partition, lost_records, partition->lost_records);
    GAUGE(partition, position_offset, partition->position);
    GAUGE(partition, acked_offset, tracker ? tracker_commit_offset(tracker) : -1);
    GAUGE(partition, committed_offset, partition->committed);
    GAUGE(partition, oldest_ms, oldest_ms(partition));
    GAUGE(partition, unstable, waiting_offsets(partition));
}

void gauges_turn(struct source *source)
{
    if (source->now_ms < source->gauges_due_ms)
        return;
    for (size_t i = 0; i < source->partition_count; i++)
        gauges_update(source->partitions[i]);
    source->gauges_due_ms =
        source->now_ms + GAUGES_MS + (int64_t)(source->partition_count / PARTITIONS_A_MS);
}

void source_visit_waiting(const struct source *source,
                          void (*visit)(void *context, const struct source_partition *partition,
                                        int64_t offset, int64_t count, int64_t since_ms),
                          void *context)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        int64_t count = waiting_offsets(partition);
        if (count > 0)
            visit(context, partition, partition->position, count,
                  source->now_ms - partition->waits_since_ms);
    }
}
