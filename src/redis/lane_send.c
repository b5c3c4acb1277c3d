/*
 * lane_send.c: what a lane sends: watches and transactions.
 *
 * Which claims are watched: those that want something, oldest wish first, then those of the
 * transaction just sent, which will want something again, then some of those watched before, so
 * that partitions with little to say need not be watched again each time.
 */
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/lane_parts.h"
#include "redis/resp.h"

#include <assert.h>
#include <stdlib.h>

/* --- bytes ------------------------------------------------------------------------------------ */

static char *lane_room(struct lane *lane, size_t bound)
{
    size_t wanted = lane->out_capacity ? lane->out_capacity : 4096;

    if (lane->out_sent == lane->out_length)
        lane->out_sent = lane->out_length = 0;
    while (wanted - lane->out_length < bound)
        wanted *= 2;
    if (wanted != lane->out_capacity)
        lane->out = mem_resize(lane->out, wanted);
    lane->out_capacity = wanted;
    return lane->out + lane->out_length;
}

static void lane_send_command(struct lane *lane, const struct slice *arguments, size_t count)
{
    char *begin = lane_room(lane, resp_bound(arguments, count));

    lane->out_length += (size_t)(resp_encode(begin, arguments, count) - begin);
}

#define LANE_SEND(lane, ...)                                                                       \
    lane_send_command(lane, (const struct slice[]){__VA_ARGS__},                                   \
                      sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static void lane_send_bytes(struct lane *lane, const char *bytes, size_t length)
{
    memcpy(lane_room(lane, length), bytes, length);
    lane->out_length += length;
}

/* What a giant needed is given back once it is sent. */
static void lane_restart_output(struct lane *lane)
{
    if (lane->out_sent < lane->out_length ||
        lane->out_capacity <= LANE_UNITS * lane->options.unit_bytes)
        return;
    free(lane->out);
    lane->out = NULL;
    lane->out_sent = lane->out_length = lane->out_capacity = 0;
}

/* --- watch ----------------------------------------------------------------------------------- */

static void lane_watch_claim(struct lane *lane, struct claim *claim)
{
    if (claim->watched || lane->watched_count == LANE_WATCHED_LIMIT)
        return;
    claim->watched = true;
    lane->watched[lane->watched_count++] = claim;
    if (!claim->wanting)
        return;
    TAILQ_REMOVE(&lane->wanting, claim, want);
    claim->wanting = false;
}

static void lane_choose(struct lane *lane)
{
    struct claim *before[LANE_WATCHED_LIMIT];
    size_t count = 0;

    for (size_t i = 0; i < lane->watched_count; i++) {
        if (!lane->watched[i])
            continue;
        lane->watched[i]->watched = false;
        before[count++] = lane->watched[i];
    }
    lane->watched_count = 0;
    for (size_t i = 0; i < count; i++)
        if (claim_wish(before[i]))
            lane_watch_claim(lane, before[i]);
    while (!TAILQ_EMPTY(&lane->wanting) && lane->watched_count < LANE_WATCHED_LIMIT)
        lane_watch_claim(lane, TAILQ_FIRST(&lane->wanting));
    for (size_t i = 0; i < count; i++)
        if (before[i]->phase == CLAIM_IN_FLIGHT)
            lane_watch_claim(lane, before[i]);
    for (size_t i = 0; i < count && lane->watched_count < LANE_STICKY_LIMIT; i++)
        if (before[i]->state == CLAIM_OWNED && !before[i]->dropped)
            lane_watch_claim(lane, before[i]);
}

void lane_watch(struct lane *lane)
{
    struct slice keys[LANE_WATCHED_LIMIT + 1];

    lane_restart_output(lane);
    lane_choose(lane);
    lane->watch_error[0] = '\0';
    lane->compared = false;
    if (lane->in_multi) {
        LANE_SEND(lane, SLICE("DISCARD"));
        lane->awaited |= STEP_DISCARD;
    }
    if (lane->check_due) {
        LANE_SEND(lane, SLICE("INFO"), SLICE("memory"));
        lane->awaited |= STEP_INFO;
    }
    lane->in_multi = lane->check_due = lane->again = false;
    if (!lane->watched_count)
        return;
    for (size_t i = 0; i < lane->watched_count; i++)
        keys[i + 1] = lane->watched[i]->epoch_key;
    keys[0] = SLICE("WATCH");
    lane_send_command(lane, keys, lane->watched_count + 1);
    keys[0] = SLICE("MGET");
    lane_send_command(lane, keys, lane->watched_count + 1);
    LANE_SEND(lane, SLICE("MULTI"));
    lane->awaited |= STEP_WATCH | STEP_MGET | STEP_MULTI;
}

/* --- transactions ----------------------------------------------------------------------------- */

/* What the checkpoint says once the part is carried out. */
static struct checkpoint part_checkpoint(const struct part *part)
{
    const struct claim *claim = part->claim;
    const struct unit *unit = part->unit;
    struct checkpoint checkpoint = {
        .next = claim->next,
        .settled = claim->next,
        .epoch = claim->inflight.epoch,
        .unit = claim->inflight.unit,
        .leader = claim->leader,
        .routes = claim->routes,
        .witness = claim->witness,
    };

    memcpy(checkpoint.log, claim->log, sizeof(claim->log));
    /* The first unit ever, or one that tries gaps again. */
    if (unit && (claim->next < 0 || unit->begin < claim->next))
        checkpoint.settled = unit->begin;
    if (unit && unit->next > claim->next) {
        checkpoint.next = unit->next;
        checkpoint.leader = unit->leader;
        checkpoint.witness = unit->witness;
    }
    return checkpoint;
}

/* The field "holes" of the part's checkpoint, for free(); NULL: it stays as it is. */
static char *part_gaps(const struct part *part)
{
    const struct claim *claim = part->claim;
    struct gaps gaps = {0};

    gaps_add_all(&gaps, claim->gaps.items, claim->gaps.count);
    bool changed = part->unit && claim_change_gaps(&gaps, part->unit);
    char *text = changed || gaps.count || claim->gaps_version != claim->written_version
                     ? checkpoint_write_gaps(gaps.items, gaps.count)
                     : NULL;
    gaps_clear(&gaps);
    return text;
}

static void lane_send_checkpoint(struct lane *lane, const struct part *part)
{
    struct checkpoint checkpoint = part_checkpoint(part); /* the fields borrow of it */
    struct slice arguments[2 + 2 * CHECKPOINT_FIELDS];
    struct checkpoint_fields fields;
    char *gaps = part_gaps(part);

    checkpoint_write(&checkpoint, slice_of(gaps), &fields);
    arguments[0] = SLICE("HSET");
    arguments[1] = part->claim->key;
    memcpy(arguments + 2, fields.items, fields.count * sizeof(*fields.items));
    lane_send_command(lane, arguments, fields.count + 2);
    free(gaps);
}

static void lane_send_claim(struct lane *lane, struct claim *claim)
{
    char token[CHECKPOINT_TOKEN_BYTES];

    claim->number = claim->seen + 1;
    size_t length =
        checkpoint_write_token((struct checkpoint_token){claim->number, claim->random}, token);
    LANE_SEND(lane, SLICE("SET"), claim->epoch_key, {token, length});
    LANE_SEND(lane, SLICE("HGETALL"), claim->key);
}

static void lane_send_unit(struct lane *lane, struct part *part)
{
    struct claim *claim = part->claim;

    claim->inflight.unit = claim->written.epoch == claim->number ? claim->written.unit + 1 : 1;
    claim->inflight.epoch = claim->number;
    claim->inflight_version = claim->gaps_version;
    claim->inflight_unit = part->unit;
    if (part->unit && part->unit->queue.end)
        lane_send_bytes(lane, part->unit->queue.bytes, part->unit->queue.end);
    if (part->unit)
        part->unit->closed = true;
    if (claim->replaces)
        LANE_SEND(lane, SLICE("DEL"), claim->key);
    lane_send_checkpoint(lane, part);
}

static void lane_add_part(struct lane *lane, struct claim *claim)
{
    lane->parts =
        mem_grow(lane->parts, lane->part_count, &lane->part_capacity, sizeof(*lane->parts));
    struct part *part = &lane->parts[lane->part_count++];
    enum claim_wish wish = claim_wish(claim);

    *part = (struct part){.claim = claim, .kind = wish, .first = lane->transaction_count};
    claim->phase = CLAIM_IN_FLIGHT;
    if (wish == WISH_CLAIM) {
        part->count = part->ours = 2;
        lane_send_claim(lane, claim);
    } else {
        part->unit = wish == WISH_UNIT ? claim->first : NULL;
        part->ours = 1 + claim->replaces;
        part->count = part->ours + (part->unit ? part->unit->queue.committed : 0);
        lane_send_unit(lane, part);
    }
    lane->transaction_count += part->count;
}

bool lane_exec(struct lane *lane)
{
    bool taken = lane->alone && lane_sends_others(lane);

    size_t records = 0, bytes = 0;

    lane_restart_output(lane);
    lane_clear_parts(lane);
    for (size_t i = 0; i < lane->watched_count && records < lane->options.unit_records &&
                       bytes < lane->options.unit_bytes;
         i++) {
        struct claim *claim = lane->watched[i];
        if (!claim || !claim_wish(claim) || lane_waits_its_turn(lane, claim, &taken))
            continue;
        lane_add_part(lane, claim);
        records += claim->inflight_unit ? claim->inflight_unit->records : 1;
        bytes += claim->inflight_unit ? claim->inflight_unit->queue.end : 0;
    }
    if (!lane->part_count)
        return false;
    FAILPOINT(before_exec);
    LANE_SEND(lane, SLICE("EXEC"));
    lane->awaited = STEP_QUEUED | STEP_EXEC;
    lane->session.least = lane->transaction_count * (sizeof(LANE_QUEUED) - 1);
    lane->in_multi = false;
    lane_watch(lane);
    return true;
}
