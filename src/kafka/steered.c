/*
 * steered.c: what the operator asks of a partition: to pause it, or to try it again.
 *
 * A pause is one more reason for a hold, and the only one that a new start keeps: a paused
 * partition is placed first, so that its lag is known, and held before a record of it is taken.
 * What was sent is answered and committed as ever.
 *
 * A hold that the operator ends ends when nothing of the partition is on its way any more. It is
 * read again behind all that was answered then, and nothing is written twice.
 */
#include "kafka/steered.h"

#include "kafka/source_state.h"

/* --- reasons that come and go ----------------------------------------------------------------- */

/* Nothing of it is on its way. */
static bool is_at_rest(const struct source_partition *partition)
{
    const struct source_events *asked = &partition->source->events;

    return !source_partition_waits(partition) &&
           (!asked->is_settled || asked->is_settled(asked->context, partition));
}

/* Of several reasons the last one alone lets it flow. */
static void leave(struct source_partition *partition)
{
    unsigned leaving = partition->leaving & partition->held.reasons;

    if (leaving == partition->held.reasons && leaving && !is_at_rest(partition)) {
        partition->source->steered = true;
        return;
    }
    partition->leaving = 0;
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        if (leaving & 1u << i)
            source_release(partition, (enum source_hold)i);
}

static void pause_begins(struct source_partition *partition)
{
    bool may = partition->state == PARTITION_HELD ||
               (partition->state == PARTITION_FLOWING && partition->fetching.active);

    if (held_has(&partition->held, HOLD_OPERATOR))
        return;
    if (may)
        source_hold(partition, HOLD_OPERATOR, "paused by the operator");
    else if (partition_is_ours(partition))
        partition->source->steered = true;
}

static void steered_look(struct source_partition *partition)
{
    if (partition->leaving)
        leave(partition);
    if (partition->paused)
        pause_begins(partition);
}

void steered_turn(struct source *source)
{
    if (!source->steered)
        return;
    source->steered = false;
    for (size_t i = 0; i < source->partition_count; i++)
        steered_look(source->partitions[i]);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static void leave_when_at_rest(struct source_partition *partition, enum source_hold hold)
{
    partition->leaving |= 1u << hold;
    partition->source->steered = true;
}

void source_pauses_changed(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (!partition_is_ours(partition))
            continue;
        partition->paused = partition_asks_paused(partition);
        partition->leaving &= ~(1u << HOLD_OPERATOR);
        if (!partition->paused && held_has(&partition->held, HOLD_OPERATOR))
            leave_when_at_rest(partition, HOLD_OPERATOR);
    }
    source->steered = true;
    steered_turn(source);
}

struct source_partition *source_find(const struct source *source, const char *topic, int32_t number)
{
    struct source_partition *partition = partitions_find(source, topic, number);

    return partition && partition_is_ours(partition) ? partition : NULL;
}

bool source_is_paused(const struct source_partition *partition)
{
    return partition->paused;
}

unsigned source_count_paused(const struct source *source)
{
    unsigned count = 0;

    for (size_t i = 0; i < source->partition_count; i++)
        count += source->partitions[i]->paused && partition_is_ours(source->partitions[i]);
    return count;
}

bool source_held_by(const struct source_partition *partition, struct source_reason *reason,
                    enum source_hold *hold)
{
    const struct hold_reason *why = held_why(&partition->held);

    *hold = held_first(&partition->held);
    if (!why || *hold == HOLD_OPERATOR)
        return false;
    *reason = (struct source_reason){why->route, why->offset, why->text + why->head, why->trace};
    return true;
}

void source_retry(struct source_partition *partition, enum source_hold hold)
{
    leave_when_at_rest(partition, hold);
}
