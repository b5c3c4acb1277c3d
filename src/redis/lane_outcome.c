/*
 * lane_outcome.c: what EXEC's answer means.
 *
 *      an array     all was carried out; an element that is an error concerns its record alone
 *      nil          a token changed since it was compared: nothing was carried out; the watch
 *                   behind shows whose, and the others' units are sent again
 *      EXECABORT    nothing was carried out; the first error at queue time says why
 *      an error of Redis that refuses before it executes (LOADING, OOM, ...): the same
 *      any other    perhaps a proxy's, behind which all may have been carried out: as none
 *      none         the connection was lost: the checkpoint, read after the epoch was raised once
 *                   more, says whether it was. The raise comes first, so that what still is on its
 *                   way from the former connection has no effect:
 *                        1. old: EXEC, unread    2. new: SET epoch, HGETALL: not carried out
 *                        3. old: EXEC is read now: its WATCH is broken, nil
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane_parts.h"

#include <stdio.h>
#include <stdlib.h>

void lane_clear_parts(struct lane *lane)
{
    for (size_t i = 0; i < lane->part_count; i++)
        checkpoint_free(&lane->parts[i].found);
    for (size_t i = 0; i < lane->error_count; i++)
        free(lane->errors[i].text);
    lane->part_count = lane->error_count = lane->transaction_count = lane->queued = 0;
    lane->element = lane->part = 0;
    lane->exec_open = false;
}

/* --- claims ----------------------------------------------------------------------------------- */

void part_found(struct part *part, const struct answer *answer)
{
    struct checkpoint *found = &part->found;

    if (answer->type == '*') {
        checkpoint_read(found, answer->items, answer->count);
        return;
    }
    *found = (struct checkpoint){.found = true};
    snprintf(found->error, sizeof(found->error), "%.*s",
             (int)(answer->text.length < sizeof(found->error) ? answer->text.length : 150),
             answer->text.data ? answer->text.data : "it is not a hash");
}

static struct claim_mark checkpoint_mark(const struct checkpoint *checkpoint)
{
    if (!checkpoint->found)
        return (struct claim_mark){0, 0};
    return checkpoint->readable ? (struct claim_mark){checkpoint->epoch, checkpoint->unit}
                                : (struct claim_mark){-1, -1};
}

static bool mark_equal(struct claim_mark a, struct claim_mark b)
{
    return a.epoch == b.epoch && a.unit == b.unit;
}

/* The partition is ours. */
static void claim_won(struct claim *claim, struct checkpoint *found)
{
    struct lane *lane = claim->lane;

    FAILPOINT(after_claim);
    claim_move(claim, CLAIM_OWNED);
    claim->written = checkpoint_mark(found);
    claim->found = found->found;
    claim->found_routes = found->routes;
    if (found->readable) {
        claim->next = found->next;
        claim->leader = found->leader;
        claim->witness = found->witness;
        gaps_add_all(&claim->gaps, found->gaps, found->gap_count);
    }
    if (found->readable && found->settled < found->next) {
        lane->options.counters->units_unsettled++;
        log_warn_each(
            "nobody saw the answers to the last unit: errors among them were not reported",
            LOG_STR("sink", lane->options.name), LOG_STR("topic", claim->topic),
            LOG_INT("partition", claim->partition), LOG_INT("from", found->settled),
            LOG_INT("to", found->next - 1));
    }
    lane_add_notice(lane, NOTICE_CLAIMED, claim)->checkpoint = *found;
    *found = (struct checkpoint){0}; /* the notice has it */
}

/* The answers to what was in flight are lost for good, but it was carried out. */
static void claim_unseen(struct claim *claim)
{
    struct lane *lane = claim->lane;

    if (claim->inflight_unit) {
        lane->options.counters->units_unsettled++;
        log_warn_record("redis ran a unit whose answers were lost with the connection: errors "
                        "among them are not reported",
                        LOG_STR("sink", lane->options.name), LOG_STR("topic", claim->topic),
                        LOG_INT("partition", claim->partition), LOG_INT("from", claim->next));
    }
    claim_carried_out(claim);
}

/* The claim stands on the new connection. */
static void claim_returned(struct claim *claim, const struct checkpoint *found)
{
    struct claim_mark mark = checkpoint_mark(found);
    bool carried_out = claim->state == CLAIM_IN_DOUBT && mark_equal(mark, claim->inflight);

    if (!mark_equal(mark, claim->written) && !carried_out) {
        claim_fence(claim, false);
        return;
    }
    claim_move(claim, CLAIM_OWNED);
    if (carried_out)
        claim_unseen(claim);
    else
        claim_judge_blame(claim);
    claim->inflight_unit = NULL;
}

static void part_claimed(struct part *part)
{
    struct claim *claim = part->claim;

    claim->phase = CLAIM_IDLE;
    if (claim->dropped || part->lost)
        return;
    if (claim->state == CLAIM_WAITING)
        claim_won(claim, &part->found);
    else
        claim_returned(claim, &part->found);
}

/* --- transactions ----------------------------------------------------------------------------- */

static void part_applied(struct part *part)
{
    struct claim *claim = part->claim;

    if (part->kind == WISH_CLAIM)
        part_claimed(part);
    else
        claim_carried_out(claim);
    if (part->kind != WISH_CLAIM && part->lost) /* its checkpoint is not what we think */
        claim_fence(claim, false);
    claim_want(claim);
    claim_release(claim);
}

void lane_applied(struct lane *lane)
{
    FAILPOINT(after_exec);
    lane->stalled = false;
    for (size_t i = 0; i < lane->part_count; i++)
        part_applied(&lane->parts[i]);
    lane_clear_parts(lane);
}

void lane_count(struct lane *lane, uint32_t command, enum command_result result)
{
    lane->options.counters->commands[command * RESULT_COUNT + result]++;
}

/* Its commands are sent again, but for those that were refused for good. */
static void part_count_retried(struct lane *lane, const struct part *part)
{
    const struct unit *unit = part->unit;

    for (size_t i = 0, error = 0; unit && !part->claim->dropped && i < unit->queue.committed; i++) {
        if (error < unit->error_count && unit->errors[error].command == i)
            error++;
        else
            lane_count(lane, queue_at(&unit->queue, i)->command, RESULT_RETRIED);
    }
}

void lane_not_applied(struct lane *lane)
{
    for (size_t i = 0; i < lane->part_count; i++) {
        struct claim *claim = lane->parts[i].claim;
        part_count_retried(lane, &lane->parts[i]);
        claim_not_carried_out(claim);
        claim_release(claim);
    }
    lane_clear_parts(lane);
}

void lane_uncertain(struct lane *lane)
{
    for (size_t i = 0; i < lane->part_count; i++) {
        const struct part *part = &lane->parts[i];
        struct claim *claim = part->claim;
        if (part->kind == WISH_CLAIM || claim->dropped) {
            claim_not_carried_out(claim);
        } else {
            claim->phase = CLAIM_IDLE;
            claim_move(claim, CLAIM_IN_DOUBT);
        }
        if (part->unit) /* errors that were seen of a part of it */
            unit_forget_errors(part->unit);
    }
}

/* --- refused at queue time -------------------------------------------------------------------- */

static struct part *lane_part_of(struct lane *lane, size_t index)
{
    size_t i = 0;

    while (index >= lane->parts[i].first + lane->parts[i].count)
        i++;
    return &lane->parts[i];
}

bool part_is_ours(const struct part *part, size_t index)
{
    return index >= part->first + part->count - part->ours;
}

/* The records whose commands were refused are judged, the others are sent again. */
static void lane_judge(struct lane *lane)
{
    for (size_t i = 0; i < lane->error_count; i++) {
        const struct lane_error *error = &lane->errors[i];
        struct part *part = lane_part_of(lane, error->index);
        if (part_is_ours(part, error->index) || !reply_is_final(error->class) ||
            part->claim->dropped)
            continue;
        unit_add_error(part->unit, error->index - part->first, error->class, error->text);
        claim_begin_judging(part->claim);
    }
}

/* The first of our own commands that was refused for good; NULL: none. */
static const struct lane_error *lane_own_error(struct lane *lane)
{
    for (size_t i = 0; i < lane->error_count; i++) {
        const struct lane_error *error = &lane->errors[i];
        if (reply_is_final(error->class) &&
            part_is_ours(lane_part_of(lane, error->index), error->index))
            return error;
    }
    return NULL;
}

/* "ERR Protocol error: ..." is the answer to a command, and the end of the connection follows. */
void lane_blame_refused(struct lane *lane)
{
    const struct lane_error *error = lane->errors;

    if (!lane->error_count || !reply_is_final(error->class))
        return;
    struct part *part = lane_part_of(lane, error->index);
    if (part_is_ours(part, error->index) || part->claim->dropped)
        return;
    free(part->claim->blame);
    part->claim->blame = mem_text(error->text);
    part->claim->blame_class = error->class;
    part->claim->blamed = error->index - part->first;
}

/* The first command of the transaction, or that of @p error, is what it waits for. */
static void lane_set_retried(struct lane *lane, const struct lane_error *error)
{
    size_t index = error ? error->index : 0;
    const struct part *part = lane_part_of(lane, index);

    lane->retried_claim = NULL;
    if (part_is_ours(part, index) || part->claim->dropped)
        return;
    lane->retried_claim = part->claim;
    lane->retried_command = index - part->first;
}

void lane_set_retried_watch(struct lane *lane)
{
    lane->retried_claim = NULL;
    for (size_t i = 0; i < lane->watched_count && !lane->retried_claim; i++) {
        struct claim *claim = lane->watched[i];
        if (claim && claim_wish(claim) == WISH_UNIT && claim->first->queue.committed)
            lane->retried_claim = claim;
    }
    lane->retried_command = 0;
}

/* Whether an error that answers EXEC leaves open what became of the transaction. */
static bool leaves_open(const char *text)
{
    enum reply_class class = reply_classify(slice_of(text));

    return strncmp(text, "EXECABORT", 9) != 0 && reply_meanings[class].own == REACT_RECONNECT;
}

bool lane_aborted(struct lane *lane, const char *text)
{
    static const char because[] = "because of: ";
    const struct lane_error *first = lane->error_count ? lane->errors : NULL;
    const char *cause = strstr(text, because);
    char trouble[RESP_ERROR_BYTES];
    bool goes_on = true;

    if (leaves_open(text))
        return lane_break(lane, "%s", text);
    cause = first ? first->text : cause ? cause + sizeof(because) - 1 : text;
    enum reply_class class = first ? first->class : reply_classify(slice_of(cause));
    const struct lane_error *own = reply_is_final(class) ? lane_own_error(lane) : NULL;
    if (own) {
        snprintf(trouble, sizeof(trouble), "checkpoint: %s", own->text);
        goes_on = lane_pause_for(lane, REPLY_CONFIG, trouble);
    } else if (first && reply_is_final(class)) {
        lane_judge(lane);
    } else {
        goes_on = lane_pause_for(lane, class, cause);
        if (reply_is_later(class))
            lane_set_retried(lane, first);
    }
    lane_not_applied(lane);
    return goes_on;
}
