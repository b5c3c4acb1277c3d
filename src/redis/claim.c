/*
 * claim.c: one partition's claim: what it wants of its lane, and what becomes of its units.
 *
 * A claim that was dropped lives on until its unit in flight is answered and the gaps that this
 * unit left are written down; see claim_release(). The next claim of its partition begins only
 * then, or it would read a checkpoint without those gaps.
 */
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane_parts.h"

#include <assert.h>
#include <stdlib.h>

enum { SPARE_UNITS = 16 };

/* --- wanting ---------------------------------------------------------------------------------- */

enum claim_wish claim_wish(const struct claim *claim)
{
    const struct unit *unit = claim->first;

    if (claim->phase != CLAIM_IDLE || claim->state == CLAIM_FENCED)
        return WISH_NOTHING;
    if (claim->state != CLAIM_OWNED)
        return claim->dropped || claim->predecessor ? WISH_NOTHING : WISH_CLAIM;
    if (claim->checkpoint_due)
        return WISH_CHECKPOINT;
    if (claim->dropped)
        return WISH_NOTHING;
    /* A record in hand is not cut in two. */
    if (unit && unit->records && unit->queue.count == unit->queue.committed)
        return WISH_UNIT;
    return claim->write == WRITE_DUE ? WISH_CHECKPOINT : WISH_NOTHING;
}

void claim_want(struct claim *claim)
{
    if (claim->watched || claim->wanting || claim_wish(claim) == WISH_NOTHING)
        return;
    claim->wanting = true;
    TAILQ_INSERT_TAIL(&claim->lane->wanting, claim, want);
}

bool claim_is_stale(const struct claim *claim)
{
    return claim->unsettled || claim->gaps_version != claim->written_version;
}

void claim_schedule_write(struct claim *claim)
{
    if (claim->write == WRITE_TICKED)
        claim->write = WRITE_SOON;
    if (claim->write != WRITE_NONE || claim->dropped || !claim_is_stale(claim))
        return;
    claim->write = WRITE_SOON;
    TAILQ_INSERT_TAIL(&claim->lane->stale, claim, stale);
}

static void claim_leave_lists(struct claim *claim)
{
    struct lane *lane = claim->lane;

    if (claim->wanting)
        TAILQ_REMOVE(&lane->wanting, claim, want);
    if (claim->write == WRITE_SOON || claim->write == WRITE_TICKED)
        TAILQ_REMOVE(&lane->stale, claim, stale);
    claim->wanting = false;
    claim->write = WRITE_NONE;
}

/* --- units ------------------------------------------------------------------------------------ */

void lane_give_unit(struct lane *lane, struct unit *unit)
{
    lane->bytes -= unit->queue.end;
    unit_reset(unit, lane->options.unit_bytes * 2);
    if (lane->spare_count == SPARE_UNITS) {
        unit_free(unit);
        return;
    }
    unit->next_unit = lane->spare;
    lane->spare = unit;
    lane->spare_count++;
}

/* The first unit leaves its claim. */
static struct unit *claim_take_unit(struct claim *claim)
{
    struct unit *unit = claim->first;

    claim->first = unit->next_unit;
    if (!claim->first)
        claim->last = NULL;
    claim->unit_count--;
    unit->next_unit = NULL;
    return unit;
}

void claim_drop_unit(struct claim *claim, struct unit *unit)
{
    const struct units_events *events = &claim->lane->options.events;
    size_t told = 0;

    for (size_t i = 0; i < unit->queue.committed; i++) {
        if (told < unit->told && unit->errors[told].command == i) {
            told++;
            continue;
        }
        claim->lane->commands--;
        events->dropped(events->context, queue_at(&unit->queue, i)->ticket);
    }
    lane_give_unit(claim->lane, unit);
}

void claim_drop_units(struct claim *claim, const struct unit *kept)
{
    struct unit **end = &claim->first, *units;

    if (claim->state == CLAIM_IN_DOUBT)
        claim->inflight_unit = NULL;
    else if (claim->phase == CLAIM_IN_FLIGHT && claim->inflight_unit)
        kept = claim->inflight_unit;
    if (kept)
        end = &claim->first->next_unit;
    units = *end;
    *end = NULL;
    claim->last = kept ? claim->first : NULL;
    claim->unit_count = kept ? 1 : 0;
    while (units) { /* none of them can be reached any more by what the events call */
        struct unit *unit = units;
        units = unit->next_unit;
        claim_drop_unit(claim, unit);
    }
}

void claim_split(struct claim *claim)
{
    struct unit *unit = claim->first, *rest;

    if (unit->entry_count < 2)
        return;
    rest = lane_take_spare(claim->lane);
    unit_split(unit, rest);
    rest->next_unit = unit->next_unit;
    unit->next_unit = rest;
    if (claim->last == unit)
        claim->last = rest;
    claim->unit_count++;
}

/* --- what became of it ------------------------------------------------------------------------ */

static void claim_forget_blame(struct claim *claim)
{
    free(claim->blame);
    claim->blame = NULL;
}

void claim_judge_blame(struct claim *claim)
{
    if (claim->blame && claim->inflight_unit && !claim->dropped) {
        unit_add_error(claim->first, claim->blamed, claim->blame_class, claim->blame);
        claim_begin_judging(claim);
    }
    claim_forget_blame(claim);
}

void claim_begin_judging(struct claim *claim)
{
    if (claim->phase == CLAIM_JUDGED)
        return;
    claim->phase = CLAIM_JUDGED;
    lane_add_notice(claim->lane, NOTICE_REFUSED, claim);
}

struct notice *lane_add_notice(struct lane *lane, enum notice_kind kind, struct claim *claim)
{
    if (lane->notice_first == lane->notice_count)
        lane->notice_first = lane->notice_count = 0;
    lane->notices =
        mem_grow(lane->notices, lane->notice_count, &lane->notice_capacity, sizeof(*lane->notices));
    struct notice *notice = &lane->notices[lane->notice_count++];
    *notice = (struct notice){.kind = kind, .claim = claim};
    claim->notices++;
    return notice;
}

void claim_move(struct claim *claim, enum claim_state state)
{
    static const unsigned moves[CLAIM_FENCED + 1] = {
        [CLAIM_WAITING] = 1 << CLAIM_OWNED,
        [CLAIM_OWNED] = 1 << CLAIM_RETURNING | 1 << CLAIM_IN_DOUBT | 1 << CLAIM_FENCED,
        [CLAIM_RETURNING] = 1 << CLAIM_OWNED | 1 << CLAIM_FENCED,
        [CLAIM_IN_DOUBT] = 1 << CLAIM_OWNED | 1 << CLAIM_FENCED,
    };

    assert(moves[claim->state] >> state & 1);
    claim->state = state;
}

void claim_fence(struct claim *claim, bool taken)
{
    claim_move(claim, CLAIM_FENCED);
    claim->checkpoint_due = false;
    claim_leave_lists(claim);
    lane_add_notice(claim->lane, NOTICE_FENCED, claim)->taken = taken;
}

bool claim_change_gaps(struct gaps *gaps, const struct unit *unit)
{
    bool changed = false;

    for (size_t i = 0; i < unit->entry_count; i++) {
        const struct unit_entry *entry = &unit->entries[i];
        if (gaps->count && gaps_remove(gaps, entry->record.offset))
            changed = true;
        if (!entry->kept)
            continue;
        gaps_add(gaps, entry->record.offset, entry->kept);
        changed = true;
    }
    return changed;
}

/* The unit in flight is in Redis. */
static void claim_wrote_unit(struct claim *claim)
{
    struct unit *unit = claim_take_unit(claim);
    struct lane *lane = claim->lane;

    lane->cuts = 0;
    lane->alone -= unit->records < lane->alone ? unit->records : lane->alone;
    claim_forget_blame(claim);
    if (unit->next > claim->next) {
        claim->next = unit->next;
        claim->leader = unit->leader;
        claim->witness = unit->witness;
    }
    claim->gaps_version += claim_change_gaps(&claim->gaps, unit);
    claim->unsettled = true;
    if (unit->error_count)
        claim->phase = CLAIM_JUDGED;
    lane_add_notice(lane, NOTICE_APPLIED, claim)->unit = unit;
}

void claim_carried_out(struct claim *claim)
{
    bool current = claim->gaps_version == claim->inflight_version;

    claim->lane->options.counters->units++;
    claim->written = claim->inflight;
    claim->phase = CLAIM_IDLE;
    claim->replaces = false;
    if (claim->write == WRITE_DUE)
        claim->write = WRITE_NONE;
    if (claim->inflight_unit)
        claim_wrote_unit(claim);
    else
        claim->unsettled = claim->checkpoint_due = false;
    if (current)
        claim->written_version = claim->gaps_version;
    claim->inflight_unit = NULL;
    claim_schedule_write(claim);
    claim_want(claim);
}

void claim_not_carried_out(struct claim *claim)
{
    bool in_doubt = claim->state == CLAIM_IN_DOUBT;
    bool drops = claim->dropped && claim->inflight_unit && !in_doubt;

    if (claim->phase == CLAIM_IN_FLIGHT)
        claim->phase = CLAIM_IDLE;
    if (!in_doubt) /* else that is still the unit in question, this was the question */
        claim->inflight_unit = NULL;
    if (drops)
        lane_add_notice(claim->lane, NOTICE_DROPPED, claim)->unit = claim_take_unit(claim);
    claim_want(claim);
}

/* --- its end ---------------------------------------------------------------------------------- */

/* What waited for its end waits no more. */
static void claim_leave_succession(struct claim *claim)
{
    if (claim->predecessor)
        claim->predecessor->successor = NULL;
    if (claim->dropped)
        TAILQ_REMOVE(&claim->lane->dropped, claim, drop);
    if (!claim->successor)
        return;
    claim->successor->predecessor = NULL;
    claim_want(claim->successor);
}

void claim_free(struct claim *claim)
{
    struct lane *lane = claim->lane;

    claim_leave_lists(claim);
    claim_leave_succession(claim);
    for (size_t i = 0; claim->watched && i < lane->watched_count; i++)
        if (lane->watched[i] == claim)
            lane->watched[i] = NULL;
    if (lane->retried_claim == claim)
        lane->retried_claim = NULL;
    while (claim->first)
        lane_give_unit(lane, claim_take_unit(claim));
    TAILQ_REMOVE(&lane->claims, claim, all);
    gaps_clear(&claim->gaps);
    free(claim->blame);
    free(claim->topic);
    free(claim->key_text);
    free(claim->epoch_key_text);
    free(claim);
}

void claim_release(struct claim *claim)
{
    bool writes = claim->lane->open && claim_wish(claim) != WISH_NOTHING;

    if (claim->dropped && claim->phase != CLAIM_IN_FLIGHT && !claim->notices && !writes)
        claim_free(claim);
}
