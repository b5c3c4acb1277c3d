/*
 * lane_alone.c: records that end the connection their transaction comes by (suspect.h).
 *
 * A transaction has many records, and its end tells nothing of which one it was. So from the second
 * end in a row on records go alone, one to a transaction, until as many are through as were in the
 * one that was cut: each shows for itself, and those that only together are too large just pass.
 */
#include "base/mem.h"
#include "redis/lane_parts.h"

#include <stdlib.h>

/* The records in flight, those without commands too. */
static size_t lane_inflight_records(const struct lane *lane)
{
    size_t records = 0;

    for (size_t i = 0; lane->awaited & STEP_EXEC && i < lane->part_count; i++)
        if (lane->parts[i].kind == WISH_UNIT)
            records += lane->parts[i].unit->records;
    return records;
}

/* The record that is in flight alone: its first command, and the bytes of all of them. False: none
 * is, or others are with it. */
static bool lane_alone(const struct lane *lane, struct session_command *alone)
{
    const struct part *part = lane->parts;

    if (lane_inflight_records(lane) == 0 || lane->part_count != 1 || part->unit->entry_count != 1 ||
        !part->unit->queue.committed || part->claim->dropped)
        return false;
    *alone = unit_command_of(part->unit, 0);
    alone->bytes = part->unit->queue.end;
    return true;
}

/* The first time may be chance, and the other records of the transaction are sent once more with
 * it; after that each one shows for itself. */
bool lane_cut(struct session *session, struct session_command *alone)
{
    struct lane *lane = lane_of(session);
    size_t records = lane_inflight_records(lane);

    if (records && ++lane->cuts > 1 && !lane->alone)
        lane->alone = records;
    return lane_alone(lane, alone);
}

void lane_condemn(struct session *session, const char *text)
{
    struct lane *lane = lane_of(session);
    struct part *part = lane->parts;
    struct claim *claim = part->claim;

    free(claim->blame);
    claim->blame = mem_text(text);
    claim->blame_class = REPLY_REJECT;
    /* A queued command did not end it; if all were queued, any of them may have. */
    claim->blamed = lane->queued < part->unit->queue.committed ? lane->queued : 0;
}

/* Whether connections ended on records, and none was carried out since. */
bool lane_is_cut(const struct session *session)
{
    return lane_at(session)->cuts > 0;
}

/* --- one by one ------------------------------------------------------------------------------- */

static bool claim_sends_records(const struct claim *claim)
{
    return claim && claim_wish(claim) == WISH_UNIT;
}

bool lane_sends_records(const struct lane *lane)
{
    for (size_t i = 0; i < lane->watched_count; i++)
        if (claim_sends_records(lane->watched[i]))
            return true;
    return false;
}

bool lane_sends_others(const struct lane *lane)
{
    for (size_t i = 0; i < lane->watched_count; i++)
        if (lane->watched[i] && claim_wish(lane->watched[i]) &&
            !claim_sends_records(lane->watched[i]))
            return true;
    return false;
}

bool lane_waits_its_turn(struct lane *lane, struct claim *claim, bool *taken)
{
    if (!lane->alone || !claim_sends_records(claim))
        return false;
    if (*taken)
        return true;
    *taken = true;
    claim_split(claim);
    return false;
}
