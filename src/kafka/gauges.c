/*
 * gauges.c: the partitions' metrics, ten times a second; less often if there are very many.
 *
 * The end of a partition is what a fetch told librdkafka last. To look that up librdkafka goes
 * through its list of topics, so of many topics only some partitions are looked up in a turn. In
 * between the end is at least where its records were read to.
 */
#include "base/log.h"
#include "kafka/source_state.h"

#include <string.h>

enum { GAUGES_MS = 100, PARTITIONS_A_MS = 10, WAIT_MS = 1000, STALL_MS = 10000 };
enum { STEPS_A_TURN = 10000 }; /* topics that librdkafka may pass while it looks up partitions */

#define GAUGE(partition, name, value)                                                              \
    atomic_store_explicit(&(partition)->gauge.shown->name, (value), memory_order_relaxed)

static int64_t end_offset(const struct source_partition *partition)
{
    return atomic_load_explicit(&partition->gauge.shown->end_offset, memory_order_relaxed);
}

/* The end as the last fetch told it; costs no request. */
static void end_look_up(struct source_partition *partition)
{
    int64_t low, high;

    if (rd_kafka_get_watermark_offsets(partition->source->kafka, partition->topic->name,
                                       partition->number, &low, &high) == 0 &&
        high >= 0)
        GAUGE(partition, end_offset, high);
}

/* The end is not below the last record that was read. */
static void end_update(struct source_partition *partition)
{
    int64_t least = partition->end > partition->position ? partition->end : partition->position;

    if (end_offset(partition) >= 0 && end_offset(partition) < least)
        GAUGE(partition, end_offset, least);
}

static void ends_look_up(struct source *source)
{
    size_t count = STEPS_A_TURN / (source->topics.count + 1) + 1;

    for (size_t i = 0; i < count && i < source->partition_count; i++) {
        struct source_partition *partition =
            source->partitions[source->gauges.next++ % source->partition_count];
        if (partition_is_ours(partition))
            end_look_up(partition);
    }
}

/* A source that is made anew, by a configuration that is read again, goes on counting. */
void gauges_open(struct source_partition *partition)
{
    struct partition_gauges *shown =
        metrics_partition(partition->source->metrics, partition->topic->name, partition->number);

    partition->gauge.shown = shown;
    partition->consumed_records = atomic_load(&shown->consumed_records);
    partition->consumed_bytes = atomic_load(&shown->consumed_bytes);
    partition->lost_records = atomic_load(&shown->lost_records);
}

void gauges_close(struct source *source)
{
    struct source_counters *shown = &source->metrics->source;

    shown->workers = shown->connected = shown->joined = 0;
    memset(shown->holds, 0, sizeof(shown->holds));
    for (size_t i = 0; i < source->duty.count; i++)
        memset(source->duty.counters[i]->states, 0, sizeof(source->duty.counters[i]->states));
    for (size_t i = 0; i < source->partition_count; i++) {
        GAUGE(source->partitions[i], assigned, false);
        GAUGE(source->partitions[i], held, false);
        GAUGE(source->partitions[i], paused, false);
    }
}

void gauges_take(struct source_partition *partition)
{
    partition->gauge.told_ms = partition->source->now_ms;
    partition->gauge.told_at = partition->gauge.low = -1;
}

void gauges_end(struct source_partition *partition, int64_t offset)
{
    GAUGE(partition, end_offset, offset);
}

int64_t gauges_known_end(const struct source_partition *partition)
{
    return end_offset(partition);
}

/* Many partitions are asked for more rarely. */
int64_t gauges_grace_ms(const struct source *source)
{
    return DUTY_GRACE_MS + 2 * (int64_t)source->partition_count;
}

bool gauges_end_is_known(const struct source_partition *partition)
{
    const struct source *source = partition->source;

    return source->now_ms - partition->gauge.told_ms < gauges_grace_ms(source);
}

/* For a reader of committed records Kafka tells the end of what is stable; a fetch tells more. */
void gauges_high(struct source_partition *partition, int64_t offset)
{
    partition->gauge.told_ms = partition->source->now_ms;
    if (partition->state != PARTITION_FLOWING || offset > end_offset(partition))
        GAUGE(partition, end_offset, offset);
}

void gauges_low(struct source_partition *partition, int64_t offset)
{
    partition->gauge.low = offset;
}

/* A record of it tells as much as its leader's answer. */
static void told_update(struct source_partition *partition)
{
    if (partition->position == partition->gauge.told_at)
        return;
    partition->gauge.told_at = partition->position;
    partition->gauge.told_ms = partition->source->now_ms;
}

/*
 * The first record that waits: the one behind all that Redis has answered. Of a partition without a
 * position, or with one that the log does not have, the whole log waits.
 */
static int64_t waits_from(const struct source_partition *partition)
{
    int64_t from =
        partition->tracker ? tracker_commit_offset(partition->tracker) : partition->position;

    if (partition->state == PARTITION_FLOWING || partition->state == PARTITION_REVOKED)
        return from;
    return from < partition->gauge.low || from > end_offset(partition) ? partition->gauge.low
                                                                       : from;
}

/* Whether every record that was taken is finished; one that waits in a batch is not. */
static bool is_idle(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING &&
           tracker_commit_offset(partition->tracker) == partition->position;
}

/*
 * Behind the last record there may be offsets without records, a transaction's marker or an aborted
 * record: without this the partition would never be at its end. librdkafka reports the end behind
 * the records before it.
 */
static void position_update(struct source_partition *partition)
{
    if (!is_idle(partition) || partition->end <= partition->position)
        return;
    partition->position = partition->end;
    tracker_skip(partition->tracker, partition->position);
}

/* No record comes, though Kafka has more. If some lie in librdkafka's queue, they do come. */
static void wait_update(struct source_partition *partition)
{
    const struct source *source = partition->source;

    if (source->more || !is_idle(partition) || partition_is_read(partition) ||
        partition->position >= end_offset(partition)) {
        partition->gauge.waits_since_ms = 0;
        return;
    }
    if (partition->gauge.waits_since_ms && partition->gauge.waits_at == partition->position)
        return;
    partition->gauge.waits_since_ms = source->now_ms;
    partition->gauge.waits_at = partition->position;
    partition->gauge.stalls = false;
}

static int64_t waits_ms(const struct source_partition *partition)
{
    return partition->gauge.waits_since_ms
               ? partition->source->now_ms - partition->gauge.waits_since_ms
               : 0;
}

/*
 * A reader of committed records comes to the end before a transaction that is still open, whatever
 * the log holds behind. Offsets; not told at once, since many a transaction is short.
 */
static int64_t waiting_offsets(const struct source_partition *partition)
{
    if (partition->end != partition->position || waits_ms(partition) < WAIT_MS)
        return 0;
    return end_offset(partition) - partition->position;
}

/*
 * The same without having come to an end: a broker fails to read its log, or librdkafka passes over
 * what it cannot read and comes back to it, which it does not tell of every batch.
 */
static int64_t stalled_offsets(const struct source_partition *partition)
{
    if (partition->end == partition->position || waits_ms(partition) < STALL_MS)
        return 0;
    return end_offset(partition) - partition->position;
}

static void stall_tell(struct source_partition *partition)
{
    int64_t count = stalled_offsets(partition);

    if (!count || partition->gauge.stalls)
        return;
    partition->gauge.stalls = true;
    log_warn_each("partition stalled", LOG_STR("topic", partition->topic->name),
                  LOG_INT("partition", partition->number), LOG_INT("offset", partition->position),
                  LOG_INT("waiting", count));
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
    if (partition_is_ours(partition)) {
        end_update(partition);
        told_update(partition);
        position_update(partition);
        wait_update(partition);
        stall_tell(partition);
    }
    GAUGE(partition, assigned, partition_is_ours(partition));
    GAUGE(partition, held, held_first(&partition->held) < HOLD_OPERATOR);
    GAUGE(partition, paused, partition->paused && partition_is_ours(partition));
    GAUGE(partition, consumed_records, partition->consumed_records);
    GAUGE(partition, consumed_bytes, partition->consumed_bytes);
    GAUGE(partition, lost_records, partition->lost_records);
    GAUGE(partition, position_offset, partition->position);
    GAUGE(partition, acked_offset, waits_from(partition));
    GAUGE(partition, lag_unknown, !gauges_end_is_known(partition));
    GAUGE(partition, committed_offset, partition->commit.committed);
    GAUGE(partition, oldest_ms, oldest_ms(partition));
    GAUGE(partition, unstable, waiting_offsets(partition));
    if (partition_is_ours(partition))
        warming_update(partition, is_idle(partition) && partition->end == partition->position);
}

static void holds_count(const struct source_partition *partition)
{
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        partition->source->metrics->source.holds[i] += held_has(&partition->held, i);
}

void gauges_turn(struct source *source)
{
    if (source->now_ms < source->gauges.due_ms)
        return;
    ends_look_up(source);
    memset(source->metrics->source.holds, 0, sizeof(source->metrics->source.holds));
    for (size_t i = 0; i < source->partition_count; i++) {
        gauges_update(source->partitions[i]);
        holds_count(source->partitions[i]);
    }
    source->gauges.due_ms =
        source->now_ms + GAUGES_MS + (int64_t)(source->partition_count / PARTITIONS_A_MS);
}

void source_visit_waiting(const struct source *source,
                          void (*visit)(void *context, const struct source_partition *partition,
                                        const struct source_wait *wait),
                          void *context)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        struct source_wait wait = {.offset = partition->position,
                                   .count = waiting_offsets(partition),
                                   .since_ms = waits_ms(partition)};
        wait.stalls = !wait.count;
        if (wait.stalls)
            wait.count = stalled_offsets(partition);
        if (wait.count)
            visit(context, partition, &wait);
    }
}
