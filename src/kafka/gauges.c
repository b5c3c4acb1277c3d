/* gauges.c: what is shown of partitions, ten times a second; of very many less often. */
#include "kafka/source_parts.h"

enum { GAUGES_MS = 100, PARTITIONS_A_MS = 10 };

/* Where librdkafka 2.2 to 2.13.1 have their position after an error is not to be trusted (issue
 * 4844). */
enum { POSITION_BAD_FROM = 0x020200ff, POSITION_GOOD_FROM = 0x020d02ff };

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
    return partition->state == PARTITION_FLOWING && partition->taken &&
           tracker_commit_offset(partition->tracker) == partition->position;
}

/*
 * Behind the last record there may be a transaction's marker, which is no record: without this the
 * partition would never be at its end. librdkafka's position knows of it once it has handed out a
 * record since the partition started; before that it may still be one of earlier days.
 */
static void position_update(struct source_partition *partition)
{
    rd_kafka_topic_partition_list_t *list;

    if (!is_idle(partition) || partition->position >= end_offset(partition))
        return;
    if (rd_kafka_version() >= POSITION_BAD_FROM && rd_kafka_version() < POSITION_GOOD_FROM)
        return;
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number);
    if (rd_kafka_position(partition->source->kafka, list) == 0 &&
        list->elems[0].offset > partition->position) {
        partition->position = list->elems[0].offset;
        tracker_skip(partition->tracker, partition->position);
    }
    rd_kafka_topic_partition_list_destroy(list);
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
