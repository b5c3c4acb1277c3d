/*
 * gates.c: what must be known of answers before they are committed.
 *
 * A gate stands for one server whose answers are not trusted by themselves. Each partition has a
 * mark (mark.h) at every gate that its topic passes, and is committed as far as all of them are
 * reached. What was answered above that is unconfirmed: where the server loses it, it is read
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

void source_set_gates(struct source *source, const struct source_gates *gates)
{
    assert(!source->topic_count);
    source->gates = *gates;
    source->hurries = mem_array(gates->count, sizeof(*source->hurries));
}

/* --- one partition ---------------------------------------------------------------------------- */

void gates_look(struct source_partition *partition, int64_t offset)
{
    struct source *source = partition->source;
    int64_t limit = source->options->unconfirmed_records;

    for (unsigned i = 0; i < source->gates.count; i++)
        source->hurries[i] |= marks_pass(partition, i);
    source->brims |= marks_are_full(partition, offset);
    partition->marks.look_at = source->brims ? INT64_MAX : marks_confirmed(partition) + limit;
}

static void hold_full(struct source_partition *partition)
{
    char reason[128];

    snprintf(reason, sizeof(reason), "%" PRId64 " records are written and not confirmed",
             partition->position - marks_confirmed(partition));
    source_hold(partition, HOLD_SERVER, reason);
    partition->brims = true;
}

/* Not before the next poll: what was taken until then is begun, so there is something to confirm,
 * and the partition goes on some day, however wide the gaps between its offsets are. */
void gates_hold(struct source *source)
{
    if (!source->brims)
        return;
    source->brims = false;
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!partition->marks.items || partition->state != PARTITION_FLOWING)
            continue;
        marks_look_later(partition);
        if (marks_are_full(partition, partition->position))
            hold_full(partition);
    }
}

/* --- marks ------------------------------------------------------------------------------------ */

bool source_mark_is_urgent(const struct source *source, unsigned gate)
{
    return source->hurries[gate] || source->closing == CLOSING_DRAINING ||
           source->rebalance == REBALANCE_DRAINING;
}

bool source_mark(struct source *source, unsigned gate)
{
    bool news = false;

    source->hurries[gate] = false;
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (marks_pass(partition, gate) && partition->tracker)
            news |=
                mark_note(&partition->marks.items[gate], tracker_commit_offset(partition->tracker));
    }
    return news;
}

/* A partition that was full goes on once its answers are in: what is in flight would be written
 * twice. */
static void relieve(struct source_partition *partition)
{
    if (partition->brims && !tracker_waiting(partition->tracker))
        source_release(partition);
}

void source_mark_reached(struct source *source, unsigned gate)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!marks_pass(partition, gate) || !partition->tracker)
            continue;
        mark_reach(&partition->marks.items[gate]);
        marks_look_later(partition);
        relieve(partition);
    }
}

/* --- what was answered is lost ---------------------------------------------------------------- */

/* Reads the partition again from what is confirmed, or forgets what is not where it cannot. */
static void rewind_partition(struct source_partition *partition)
{
    struct source *source = partition->source;

    if (source->closing != CLOSING_NO)
        source->left += tracker_uncommitted(partition->tracker) + marks_unconfirmed(partition);
    tracker_free(partition->tracker);
    partition->tracker = tracker_new(marks_confirmed(partition));
    partition->generation++;
    partition->position = marks_confirmed(partition);
    partition->asking = false; /* the answer is for the generation before */
    marks_start(partition, partition->position);
    if (partition->state == PARTITION_FLOWING)
        partition_hold(partition, HOLD_SERVER, "its server was lost");
    if (partition->state == PARTITION_HELD) {
        partition->hold = HOLD_SERVER;
        source_release(partition);
    } else {
        source->events.gone(source->events.context, partition);
    }
}

static bool is_ahead(const struct source_partition *partition)
{
    return partition->position > marks_confirmed(partition);
}

void source_rewind(struct source *source, unsigned gate)
{
    size_t count = 0;
    uint64_t records = 0;

    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!marks_pass(partition, gate) || !partition->tracker || !is_ahead(partition))
            continue;
        records += marks_unconfirmed(partition);
        count++;
        rewind_partition(partition);
    }
    if (count)
        log_warn_each("records that may be lost with their server are read again",
                      LOG_INT("partitions", count), LOG_INT("answered", records));
}
