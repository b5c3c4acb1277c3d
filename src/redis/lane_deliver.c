/*
 * lane_deliver.c: telling what happened.
 *
 * An event may put, drop or claim, so nothing here is held across one but what no other call can
 * reach: a notice that was taken from the queue, a unit that left its claim.
 */
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane_parts.h"

#include <stdio.h>
#include <stdlib.h>

static enum units_verdict claim_ask(struct claim *claim, const struct unit *unit,
                                    const struct unit_error *error)
{
    const struct units_events *events = &claim->lane->options.events;
    const struct queued *command = queue_at(&unit->queue, error->command);
    char text[RESP_ERROR_BYTES + 64];

    enum reply_class class = reply_tell(error->class, error->text, text, sizeof(text));
    claim->lane->commands--;
    lane_count(claim->lane, command->command, RESULT_REFUSED);
    return events->refused(events->context, command->ticket, class, text);
}

/* --- refused at queue time -------------------------------------------------------------------- */

/* The partition stops at @p entry: nothing of it and behind it was carried out or will be. */
static void claim_stop_before(struct claim *claim, struct unit *unit, size_t entry)
{
    size_t begin = entry ? unit->entries[entry - 1].end : 0, count = 0, told = 0;
    const struct units_events *events = &claim->lane->options.events;
    uint32_t *tickets = mem_array(unit->queue.committed - begin + 1, sizeof(*tickets));

    for (size_t i = begin; i < unit->queue.committed; i++) {
        while (told < unit->told && unit->errors[told].command < i)
            told++;
        if (told == unit->told || unit->errors[told].command != i)
            tickets[count++] = queue_at(&unit->queue, i)->ticket;
    }
    while (unit->error_count && unit->errors[unit->error_count - 1].command >= begin)
        free(unit->errors[--unit->error_count].text);
    unit->told = unit->error_count;
    claim->stopped = true;
    claim->lane->bytes -= unit->queue.end;
    unit_cut(unit, entry);
    claim->lane->bytes += unit->queue.end;
    claim->lane->commands -= count;
    for (size_t i = 0; i < count; i++)
        events->dropped(events->context, tickets[i]);
    free(tickets);
}

/* Asks for each of the unit's errors; false: the claim was dropped meanwhile, the unit is gone. */
static bool claim_judge(struct claim *claim, struct unit *unit)
{
    while (unit->told < unit->error_count) {
        const struct unit_error *error = &unit->errors[unit->told];
        struct unit_entry *entry = unit_entry_of(unit, error->command);
        uint64_t bit = checkpoint_bit(queue_at(&unit->queue, error->command)->ordinal);
        unit->told++;
        enum units_verdict verdict = claim_ask(claim, unit, error);
        if (claim->dropped)
            return false;
        if (verdict == UNITS_KEEP)
            entry->kept |= bit;
        else if (verdict == UNITS_STOP)
            claim_stop_before(claim, unit, (size_t)(entry - unit->entries));
        if (claim->dropped)
            return false;
    }
    return true;
}

static void claim_refused(struct claim *claim)
{
    struct unit *unit = claim->first;

    bool goes_on = !claim->dropped && claim_judge(claim, unit);

    claim->phase = CLAIM_IDLE;
    if (!goes_on)
        return;
    claim->lane->bytes -= unit->queue.end; /* what leaves it is not counted any more */
    unit_remove_refused(unit);
    unit->number = ++claim->lane->unit_numbers;
    claim->lane->bytes += unit->queue.end;
    if (claim->stopped)
        claim_drop_units(claim, unit->records ? unit : NULL);
}

/* --- carried out ------------------------------------------------------------------------------ */

/* One command failed and its neighbours did not. */
static bool claim_failed(struct claim *claim, struct unit *unit, const struct unit_error *error)
{
    int64_t offset = unit_entry_of(unit, error->command)->record.offset;
    enum units_verdict verdict = claim_ask(claim, unit, error);

    if (verdict == UNITS_SKIP)
        return false;
    gaps_add(&claim->gaps, offset, checkpoint_bit(queue_at(&unit->queue, error->command)->ordinal));
    claim->gaps_version++;
    claim->checkpoint_due = claim->state != CLAIM_FENCED;
    return verdict == UNITS_STOP;
}

static void claim_applied(struct claim *claim, struct unit *unit)
{
    const struct units_events *events = &claim->lane->options.events;
    struct lane *lane = claim->lane;
    bool stops = false;
    size_t error = 0;

    for (size_t i = 0; i < unit->queue.committed; i++) {
        if (error < unit->error_count && unit->errors[error].command == i) {
            stops |= claim_failed(claim, unit, &unit->errors[error++]);
            continue;
        }
        lane->commands--;
        lane_count(lane, queue_at(&unit->queue, i)->command, RESULT_OK);
        events->done(events->context, queue_at(&unit->queue, i)->ticket);
    }
    if (error)
        claim->phase = CLAIM_IDLE;
    lane_give_unit(lane, unit);
    if (!stops)
        return;
    claim->stopped = true;
    claim_drop_units(claim, NULL);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void lane_tell(struct lane *lane, struct notice *notice)
{
    const struct units_events *events = &lane->options.events;
    struct claim *claim = notice->claim;

    switch (notice->kind) {
    case NOTICE_CLAIMED:
        if (!claim->dropped)
            events->claimed(events->context, claim->owner, &notice->checkpoint);
        checkpoint_free(&notice->checkpoint);
        break;
    case NOTICE_FENCED:
        if (!claim->dropped)
            events->fenced(events->context, claim->owner, notice->taken);
        break;
    case NOTICE_APPLIED:
        claim_applied(claim, notice->unit);
        break;
    case NOTICE_REFUSED:
        claim_refused(claim);
        break;
    case NOTICE_DROPPED:
        claim_drop_unit(claim, notice->unit);
        break;
    }
}

void lane_deliver(struct session *session)
{
    struct lane *lane = lane_of(session);

    if (lane->delivering)
        return;
    lane->delivering = true;
    while (lane->notice_first < lane->notice_count) {
        struct notice notice = lane->notices[lane->notice_first++];
        lane_tell(lane, &notice);
        notice.claim->notices--;
        claim_schedule_write(notice.claim);
        claim_want(notice.claim);
        claim_release(notice.claim);
    }
    lane->delivering = false;
    lane_turn(lane);
}
