/*
 * replaying.c: a source that reads ranges of logs once, instead of what a group gives it.
 *
 * Its partitions live as those of a member do, but nobody takes them away, and nothing is
 * committed: how far a range is done is told to its owner alone. A partition whose range was read
 * is read no more; the source is through when all answers are in.
 */
#include "kafka/replaying.h"

#include "base/log.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>

enum { REASON_BYTES = 256 };

/* --- starting --------------------------------------------------------------------------------- */

static void begin(struct source *source)
{
    source->replaying.begun = true;
    source->rebalance.joined = true;
    source->fetching.cooperative = true; /* one that ends does not disturb the others */
    for (size_t i = 0; i < source->replaying.count; i++) {
        struct source_range *range = &source->replaying.ranges[i];
        struct source_partition *partition = partitions_get(source, range->topic, range->number);
        partition->range = range;
        partition->until = range->to;
        partition_take(partition);
    }
    source->rebalance.step = REBALANCE_STARTING;
    source->rebalance.deadline_ms = source->now_ms;
}

/* What retention has deleted since the range was chosen. */
static void lose_below(struct source_partition *partition, int64_t from, int64_t low)
{
    int64_t lost = (low < partition->until ? low : partition->until) - from;

    partition->lost_records += (uint64_t)lost;
    log_warn_each("offset out of range", LOG_STR("topic", partition->topic->name),
                  LOG_INT("partition", partition->number), LOG_INT("offset", from),
                  LOG_INT("log_start", low), LOG_INT("lost", lost));
}

void replaying_start(struct source_partition *partition, const struct offsets_item *item)
{
    int64_t from = partition->range->next;
    char reason[REASON_BYTES];

    if (partition->log.replaced) {
        snprintf(reason, sizeof(reason), "the topic is another one than the range is of: %s",
                 partition->log.replaced);
        source_hold(partition, HOLD_RECORD, reason);
    } else if (item->high < partition->until) {
        snprintf(reason, sizeof(reason), "the log ends at %" PRId64 ", and the range at %" PRId64,
                 item->high, partition->until);
        source_hold(partition, HOLD_RECORD, reason);
    } else {
        if (from < item->low)
            lose_below(partition, from, item->low);
        partition_place(partition, from < item->low ? item->low : from, WITNESS_NONE);
    }
}

/* --- turns ------------------------------------------------------------------------------------ */

/* Whether all that was taken is answered, and confirmed. */
static bool is_answered(const struct source_partition *partition)
{
    return tracker_commit_offset(partition->tracker) >= partition->position &&
           marks_confirm_all(partition);
}

/* Behind the last record there may be offsets without any. */
static int64_t done_below(const struct source_partition *partition)
{
    int64_t done = marks_cut(partition, tracker_commit_offset(partition->tracker));

    if (done > partition->until || (partition->state == PARTITION_FLOWING &&
                                    partition_is_read(partition) && is_answered(partition)))
        return partition->until;
    return done;
}

static void update(struct source_partition *partition)
{
    struct source_range *range = partition->range;
    int64_t done = range && partition->tracker ? done_below(partition) : -1;

    if (!range)
        return;
    if (done > range->next)
        range->next = done;
    partition->source->fetching.due |= partition->fetching.active && partition_is_read(partition);
}

void replaying_turn(struct source *source)
{
    if (source->replaying.count && !source->replaying.begun && !source_is_stopping(source))
        begin(source);
    for (size_t i = 0; source->replaying.begun && i < source->partition_count; i++)
        update(source->partitions[i]);
}

/* Of a partition that a record holds the rest is not read. */
static bool is_through(const struct source_partition *partition)
{
    if (partition->range->next >= partition->until)
        return true;
    return partition->state == PARTITION_HELD && held_has(&partition->held, HOLD_RECORD) &&
           (!partition->tracker || !tracker_waiting(partition->tracker));
}

bool source_is_through(const struct source *source)
{
    if (!source->replaying.begun)
        return false;
    for (size_t i = 0; i < source->partition_count; i++)
        if (!is_through(source->partitions[i]))
            return false;
    return true;
}
