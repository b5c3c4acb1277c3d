/*
 * lane.c: transactions over one connection, one after the other: its claims and its life.
 *
 * What is in flight belongs to the lane (parts), what waits belongs to the claims (units), and
 * what became of it waits in notices until lane_deliver() tells: so an event may call anything.
 */
#include "redis/lane.h"

#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* --- claims ----------------------------------------------------------------------------------- */

static struct claim *lane_find_predecessor(const struct lane *lane, const struct claim_name *name)
{
    struct claim *predecessor = NULL;

    for (struct claim *claim = TAILQ_FIRST(&lane->dropped); claim; claim = TAILQ_NEXT(claim, drop))
        if (claim->partition == name->partition && strcmp(claim->topic, name->topic) == 0)
            predecessor = claim;
    return predecessor;
}

bool lane_has_predecessor(const struct lane *lane, const struct claim_name *name)
{
    return lane_find_predecessor(lane, name) != NULL;
}

struct claim *lane_claim(struct lane *lane, const struct claim_name *name, uint64_t random,
                         void *owner)
{
    const char *prefix = lane->options.prefix;
    struct claim *claim = mem_new(struct claim);

    *claim = (struct claim){
        .lane = lane,
        .owner = owner,
        .topic = mem_text(name->topic),
        .partition = name->partition,
        .key_text = checkpoint_key(prefix, name->group, name->topic, name->partition),
        .epoch_key_text = checkpoint_epoch_key(prefix, name->group, name->topic, name->partition),
        .routes = name->routes,
        .random = random,
        .next = -1,
        .leader = -1,
    };
    claim->key = slice_of(claim->key_text);
    claim->epoch_key = slice_of(claim->epoch_key_text);
    TAILQ_INSERT_TAIL(&lane->claims, claim, all);
    lane->claim_count++;
    claim->predecessor = lane_find_predecessor(lane, name);
    if (claim->predecessor)
        claim->predecessor->successor = claim;
    claim_want(claim);
    return claim;
}

size_t lane_claims(const struct lane *lane)
{
    return lane->claim_count;
}

struct lane *claim_lane(const struct claim *claim)
{
    return claim->lane;
}

void *lane_carrier(const struct lane *lane)
{
    return lane->options.carrier;
}

/* What stands in the checkpoint's place says nothing. */
static void claim_restart(struct claim *claim, int64_t next)
{
    gaps_clear(&claim->gaps);
    claim->gaps_version++;
    claim->replaces = true;
    claim->next = next;
    claim->leader = -1;
    claim->witness = (struct checkpoint_witness){0};
    claim_schedule_write(claim);
}

void claim_set_routes(struct claim *claim, uint64_t routes)
{
    claim->routes = routes;
}

void claim_start(struct claim *claim, int64_t next, bool another, const char *log)
{
    snprintf(claim->log, sizeof(claim->log), "%s", log);
    if (claim->found && (another || claim->next != next))
        claim_restart(claim, next);
    if (!claim->found || claim->found_routes == claim->routes)
        return;
    claim->unsettled = true; /* a restart would not know that these routes follow those */
    claim_schedule_write(claim);
}

void claim_drop(struct claim *claim)
{
    claim->dropped = true;
    TAILQ_INSERT_TAIL(&claim->lane->dropped, claim, drop);
    if (claim->write == WRITE_DUE)
        claim->write = WRITE_NONE;
    if (claim->lane->retried_claim == claim)
        claim->lane->retried_claim = NULL;
    claim->lane->claim_count--;
    claim_rollback(claim);
    claim_drop_units(claim, NULL);
    claim_release(claim);
}

/* --- units ------------------------------------------------------------------------------------ */

struct unit *lane_take_spare(struct lane *lane)
{
    struct unit *unit = lane->spare;

    if (unit) {
        lane->spare = unit->next_unit;
        lane->spare_count--;
        unit->next_unit = NULL;
    } else {
        unit = mem_new(struct unit);
    }
    unit->number = ++lane->unit_numbers;
    return unit;
}

/* Of a unit that was not answered yet; the one in flight cannot be changed any more. */
static void claim_mend_unit(struct claim *claim, struct unit *unit, int64_t offset)
{
    for (size_t i = 0; i < unit->entry_count; i++) {
        struct unit_entry *entry = &unit->entries[i];
        if (entry->record.offset != offset || !entry->kept)
            continue;
        entry->kept = 0;
        claim->gaps_version += unit->closed;
    }
}

void claim_mend(struct claim *claim, int64_t offset)
{
    if (gaps_remove(&claim->gaps, offset))
        claim->gaps_version++;
    for (struct unit *unit = claim->first; unit; unit = unit->next_unit)
        claim_mend_unit(claim, unit, offset);
    claim_schedule_write(claim);
}

bool claim_is_settled(const struct claim *claim)
{
    if (claim->state == CLAIM_FENCED)
        return !claim->first && !claim->notices;
    return claim->state == CLAIM_OWNED && claim->phase == CLAIM_IDLE && !claim->first &&
           !claim->notices && !claim_is_stale(claim) && claim_wish(claim) == WISH_NOTHING;
}

/* --- the connection --------------------------------------------------------------------------- */

static void lane_begin(struct session *session, const char *doubt)
{
    struct lane *lane = lane_of(session);

    lane->doubts = doubt != NULL;
    if (doubt)
        snprintf(session->trouble, sizeof(session->trouble), "%s", doubt);
    lane->open = lane->stalled = true; /* until work is done: a replica grants all but that */
    lane->heard = lane->broken = false;
    lane->check_due = true;
    lane_turn(lane);
}

static bool lane_lost(struct session *session)
{
    struct lane *lane = lane_of(session);
    bool unanswered = lane->awaited != 0;
    struct claim *claim, *next;

    lane->open = lane->in_multi = lane->compared = lane->again = lane->doubts = false;
    if (lane->awaited & STEP_EXEC) {
        lane_blame_refused(lane);
        lane_uncertain(lane);
    }
    lane_clear_parts(lane);
    lane->awaited = 0;
    session->least = 0;
    session->pause = SESSION_FLOWS;
    lane->retried_claim = NULL;
    lane->out_sent = lane->out_length = lane->input_length = 0;
    lane->scanner = (struct resp_scanner){0};
    for (size_t i = 0; i < lane->watched_count; i++)
        if (lane->watched[i])
            lane->watched[i]->watched = false;
    lane->watched_count = 0;
    for (claim = TAILQ_FIRST(&lane->claims); claim; claim = next) {
        next = TAILQ_NEXT(claim, all);
        if (claim->state == CLAIM_OWNED)
            claim_move(claim, CLAIM_RETURNING);
        claim_want(claim);
        claim_release(claim);
    }
    return unanswered;
}

/* What was refused, or ended connections, is not wanted any more. */
static void lane_is_idle(struct lane *lane)
{
    lane->stalled = false;
    lane->cuts = 0;
    lane->alone = 0;
}

void lane_turn(struct lane *lane)
{
    if (!lane->open || lane->awaited || lane->session.pause != SESSION_FLOWS)
        return;
    bool ready = lane->in_multi && lane->compared && !lane->again;
    if (ready && lane->doubts && lane_sends_records(lane)) {
        lane->session.pause = SESSION_DOUBTS;
        lane->session.answered = true; /* the partitions are claimed: the server is well */
        return;
    }
    if (ready && lane_exec(lane))
        return;
    if (lane->check_due || lane->again || !TAILQ_EMPTY(&lane->wanting))
        lane_watch(lane);
    else
        lane_is_idle(lane);
}

static void lane_resume(struct session *session)
{
    struct lane *lane = lane_of(session);

    if (session->pause == SESSION_EVICTS)
        lane->check_due = lane->again = true;
    if (session->pause == SESSION_DOUBTS)
        lane->doubts = false;
    session->pause = SESSION_FLOWS;
    lane->retried_claim = NULL;
    lane_turn(lane);
}

static bool lane_retried(const struct session *session, struct session_command *retried)
{
    const struct lane *lane = lane_at(session);

    if (!lane->retried_claim)
        return false;
    *retried = unit_command_of(lane->retried_claim->first, lane->retried_command);
    return true;
}

static void lane_give_up(struct session *session, int64_t waited_ms)
{
    struct lane *lane = lane_of(session);
    struct claim *claim = lane->retried_claim;
    char text[SESSION_TROUBLE_BYTES + 48];

    snprintf(text, sizeof(text), "%s: gave up after %lld ms", session->trouble,
             (long long)waited_ms);
    unit_add_error(claim->first, lane->retried_command, REPLY_REJECT, text);
    claim_begin_judging(claim);
    lane_resume(session);
}

/* Asks again for the policy and the tokens. */
static void lane_refresh(struct session *session)
{
    struct lane *lane = lane_of(session);

    if (!lane->open || lane->awaited || lane->session.pause != SESSION_FLOWS)
        return;
    lane->check_due = lane->again = true;
    lane_turn(lane);
}

/* Asks for the policy with the next transaction. */
static void lane_check(struct session *session)
{
    lane_of(session)->check_due = true;
}

static bool lane_wants_tick(const struct session *session)
{
    return !TAILQ_EMPTY(&lane_at(session)->stale);
}

void lane_tick(struct lane *lane)
{
    struct claim *claim, *next;

    for (claim = TAILQ_FIRST(&lane->stale); claim; claim = next) {
        next = TAILQ_NEXT(claim, stale);
        bool quiet = !claim->first && claim->phase == CLAIM_IDLE, stale = claim_is_stale(claim);
        if (stale && (claim->write != WRITE_TICKED || !quiet)) {
            claim->write = quiet ? WRITE_TICKED : WRITE_SOON;
            continue;
        }
        TAILQ_REMOVE(&lane->stale, claim, stale);
        claim->write = stale ? WRITE_DUE : WRITE_NONE;
        claim_want(claim);
    }
    lane_turn(lane);
}

static bool lane_is_waiting(const struct session *session)
{
    return lane_at(session)->awaited != 0;
}

static bool lane_is_well(const struct session *session)
{
    const struct lane *lane = lane_at(session);

    return lane->open && lane->heard && session->pause == SESSION_FLOWS && !lane->stalled &&
           !lane->cuts;
}

static struct slice lane_output(const struct session *session)
{
    const struct lane *lane = lane_at(session);

    if (!lane->out)
        return (struct slice){NULL, 0};
    return (struct slice){lane->out + lane->out_sent, lane->out_length - lane->out_sent};
}

static void lane_sent(struct session *session, size_t length)
{
    struct lane *lane = lane_of(session);

    lane->out_sent += length;
    session->asked += lane->out_sent == lane->out_length;
}

static void lane_on_turn(struct session *session)
{
    lane_turn(lane_of(session));
}

static size_t lane_inflight(const struct session *session)
{
    return lane_at(session)->commands;
}

/* --- life ------------------------------------------------------------------------------------- */

static const struct session_ops lane_ops = {
    .begin = lane_begin,
    .lost = lane_lost,
    .turn = lane_on_turn,
    .output = lane_output,
    .sent = lane_sent,
    .receive = lane_receive,
    .deliver = lane_deliver,
    .waits = lane_is_waiting,
    .is_well = lane_is_well,
    .inflight = lane_inflight,
    .retried = lane_retried,
    .give_up = lane_give_up,
    .resume = lane_resume,
    .idle = lane_refresh,
    .look = lane_check,
    .wants_tick = lane_wants_tick,
    .cut = lane_cut,
    .condemn = lane_condemn,
    .is_cut = lane_is_cut,
};

struct lane *lane_new(const struct lane_options *options)
{
    struct lane *lane = mem_new(struct lane);
    size_t commands;

    command_all(&commands);
    lane->session.ops = &lane_ops;
    lane->session.events = (struct session_events){
        options->events.context, options->events.retry_timeout, options->events.suspected};
    lane->options = *options;
    lane->other = (uint32_t)commands;
    TAILQ_INIT(&lane->claims);
    TAILQ_INIT(&lane->wanting);
    TAILQ_INIT(&lane->stale);
    TAILQ_INIT(&lane->dropped);
    return lane;
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    for (; lane->notice_first < lane->notice_count; lane->notice_first++) {
        struct notice *notice = &lane->notices[lane->notice_first];
        checkpoint_free(&notice->checkpoint);
        if (notice->unit)
            unit_free(notice->unit);
    }
    while (!TAILQ_EMPTY(&lane->claims))
        claim_free(TAILQ_FIRST(&lane->claims));
    while (lane->spare) {
        struct unit *unit = lane->spare;
        lane->spare = unit->next_unit;
        unit_free(unit);
    }
    lane_clear_parts(lane);
    answer_free(&lane->answer);
    free(lane->parts);
    free(lane->errors);
    free(lane->notices);
    free(lane->out);
    free(lane->input);
    free(lane);
}

void lane_configure(struct lane *lane, const char *name, const char *prefix, size_t unit_records,
                    size_t unit_bytes)
{
    lane->options.name = name;
    lane->options.prefix = prefix;
    lane->options.unit_records = unit_records;
    lane->options.unit_bytes = unit_bytes;
}

struct session *lane_session(struct lane *lane)
{
    return &lane->session;
}
