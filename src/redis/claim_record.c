/*
 * claim_record.c: the record in hand: what of it was carried out before, and its way into a unit.
 *
 * The checkpoint's next offset, witness and gaps are those of what Redis has answered. A record
 * that is begun lies above all that were begun before, so they never speak of one in flight.
 */
#include "redis/lane_parts.h"

/* --- before ----------------------------------------------------------------------------------- */

bool claim_differs(const struct claim *claim, const struct unit_record *record)
{
    const struct checkpoint_witness *was = &claim->witness, *is = &record->witness;

    return record->offset == claim->next - 1 && was->known &&
           (was->timestamp_ms != is->timestamp_ms || was->key_length != is->key_length ||
            was->value_length != is->value_length);
}

bool claim_begin(struct claim *claim, const struct unit_record *record)
{
    claim->hand = (struct claim_hand){.record = *record, .wanted = CHECKPOINT_WHOLE};
    if (record->offset >= claim->next)
        return true;
    const struct checkpoint_gap *gap = gaps_find(&claim->gaps, record->offset);
    claim->hand.wanted = gap ? gap->commands : 0;
    return gap;
}

bool claim_pass(struct claim *claim, size_t count)
{
    struct claim_hand *hand = &claim->hand;

    if (hand->wanted == CHECKPOINT_WHOLE)
        return false;
    for (size_t i = 0; i < count; i++)
        if (hand->wanted & checkpoint_bit(hand->ordinal + (unsigned)i))
            return false;
    hand->ordinal += (unsigned)count;
    return true;
}

/* --- putting ---------------------------------------------------------------------------------- */

static bool claim_unit_is_full(const struct claim *claim, const struct unit *unit)
{
    const struct lane_options *options = &claim->lane->options;

    return unit->closed || unit->records >= options->unit_records ||
           unit->queue.end >= options->unit_bytes;
}

bool claim_has_room(const struct claim *claim)
{
    const struct lane *lane = claim->lane;

    if (claim->stopped || claim->state == CLAIM_FENCED ||
        lane->bytes >= LANE_UNITS * lane->options.unit_bytes)
        return false;
    return claim->unit_count < CLAIM_UNITS || !claim_unit_is_full(claim, claim->last);
}

/* The unit that takes the record in hand. */
static struct unit *claim_open_unit(struct claim *claim)
{
    struct unit *last = claim->last;

    if (last && (last->queue.count > last->queue.committed || !claim_unit_is_full(claim, last)))
        return last;
    struct unit *unit = lane_take_spare(claim->lane);
    if (last)
        last->next_unit = unit;
    else
        claim->first = unit;
    claim->last = unit;
    claim->unit_count++;
    return unit;
}

bool claim_put(struct claim *claim, const struct slice *arguments, size_t count,
               const struct command *command, uint32_t ticket)
{
    struct claim_hand *hand = &claim->hand;
    unsigned ordinal = hand->ordinal++;

    if (!(hand->wanted & checkpoint_bit(ordinal)))
        return false;
    hand->put = true;
    queue_put(&claim_open_unit(claim)->queue, arguments, count,
              (struct queued){.ticket = ticket,
                              .command = command ? command->index : claim->lane->other,
                              .ordinal = ordinal & INT32_MAX});
    return true;
}

void claim_miss(struct claim *claim, bool keep)
{
    struct claim_hand *hand = &claim->hand;

    if (keep)
        hand->kept |= checkpoint_bit(hand->ordinal);
    hand->ordinal++;
}

void claim_commit(struct claim *claim)
{
    struct unit *unit = claim_open_unit(claim);
    struct claim_hand *hand = &claim->hand;
    struct lane *lane = claim->lane;
    bool gap = claim->gaps.count && gaps_find(&claim->gaps, hand->record.offset);

    if (hand->kept && !hand->put && hand->wanted == CHECKPOINT_WHOLE)
        hand->kept = CHECKPOINT_WHOLE; /* whatever it becomes when it is tried again */
    lane->bytes += unit->queue.tail - unit->queue.end;
    lane->commands += unit->queue.count - unit->queue.committed;
    unit_commit(unit, &hand->record, hand->kept, gap);
    if (claim->stopped || claim->dropped || claim->state == CLAIM_FENCED) {
        if (claim->stopped)
            claim_drop_units(claim, claim->first == unit ? NULL : claim->first);
        return;
    }
    claim_want(claim);
    if (claim_unit_is_full(claim, claim->first)) /* the server works while more is put */
        lane_turn(lane);
}

void claim_rollback(struct claim *claim)
{
    if (claim->last)
        queue_rollback(&claim->last->queue);
}
