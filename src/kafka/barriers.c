/*
 * barriers.c: which answers count as safe, so that their offsets may be committed.
 *
 * A barrier stands for one server whose answers are not trusted by themselves. Each partition has a
 * mark (mark.h) at every barrier that its topic passes, and is committed as far as all of them are
 * reached. Answers above that are unconfirmed: if the server loses them, their records are read
 * again. So the unconfirmed part is bounded: from half of it on a mark is urgent, and at the whole
 * the partition is held until one is reached.
 */
#include "base/log.h"
#include "base/mem.h"
#include "kafka/source_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void source_set_barriers(struct source *source, const struct source_barriers *barriers)
{
    assert(!source->topics.count);
    source->barriers.set = *barriers;
    source->barriers.urgent = mem_array(barriers->count, sizeof(*source->barriers.urgent));
}

/* --- one partition ---------------------------------------------------------------------------- */

void barriers_check(struct source_partition *partition, int64_t offset)
{
    struct source *source = partition->source;
    int64_t limit = source->options->unconfirmed_records;

    for (unsigned i = 0; i < source->barriers.set.count; i++)
        source->barriers.urgent[i] |= marks_have(partition, i);
    source->barriers.over_limit |= marks_are_full(partition, offset);
    partition->marks.check_at =
        source->barriers.over_limit ? INT64_MAX : marks_confirmed(partition) + limit;
}

static void hold_full(struct source_partition *partition)
{
    char reason[128];

    snprintf(reason, sizeof(reason), "%" PRId64 " records are written and not confirmed",
             partition->position - marks_confirmed(partition));
    source_hold(partition, HOLD_UNCONFIRMED, reason);
}

/* A full partition is released once its answers are in: records in flight would be written twice.
 */
static void release_full(struct source_partition *partition)
{
    if (!tracker_waiting(partition->tracker))
        source_release(partition, HOLD_UNCONFIRMED);
}

/* Not before the next poll: the records taken until then are begun, so there is something to
 * confirm, and the partition is released some day, however wide the gaps between its offsets are.
 */
static void look(struct source_partition *partition)
{
    marks_check_later(partition);
    if (marks_are_full(partition, partition->position))
        hold_full(partition);
}

/* A held partition is looked at until it is released: if a record was refused, nothing above it
 * will be confirmed, and no mark will be reached. */
void barriers_hold(struct source *source)
{
    bool full = false;

    for (size_t i = 0; source->barriers.over_limit && i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (partition->marks.items && partition->state == PARTITION_FLOWING)
            look(partition);
        else if (held_has(&partition->held, HOLD_UNCONFIRMED) && marks_confirm_all(partition))
            release_full(partition);
        full |= held_has(&partition->held, HOLD_UNCONFIRMED);
    }
    source->barriers.over_limit = full;
}

/* --- marks ------------------------------------------------------------------------------------ */

bool source_mark_is_urgent(const struct source *source, unsigned barrier)
{
    return source->barriers.urgent[barrier] || source->shutdown.step == SHUTDOWN_DRAINING ||
           source->rebalance.step == REBALANCE_DRAINING;
}

bool source_mark(struct source *source, unsigned barrier)
{
    bool news = false;

    source->barriers.urgent[barrier] = false;
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (marks_have(partition, barrier) && partition->tracker)
            news |= mark_note(&partition->marks.items[barrier],
                              tracker_commit_offset(partition->tracker));
    }
    return news;
}

void source_mark_reached(struct source *source, unsigned barrier)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!marks_have(partition, barrier) || !partition->tracker)
            continue;
        mark_reach(&partition->marks.items[barrier]);
        marks_check_later(partition);
        release_full(partition);
    }
}

/* --- what was answered is lost ---------------------------------------------------------------- */

static bool is_ahead(const struct source_partition *partition)
{
    return partition->position > marks_confirmed(partition);
}

void source_rewind(struct source *source, unsigned barrier)
{
    size_t count = 0;
    uint64_t records = 0;

    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!marks_have(partition, barrier) || !partition->tracker || !is_ahead(partition))
            continue;
        records += marks_unconfirmed(partition);
        count++;
        partition_rewind(partition, marks_confirmed(partition));
    }
    if (count)
        log_warn_each("records that their server may have lost are read again",
                      LOG_INT("partitions", count), LOG_INT("answered", records));
}
