/*
 * steer.c: what the operator asks of a worker, carried out between two turns.
 *
 * A record is skipped by the route that it failed on; the other routes have it as ever. If it was
 * sent and refused, at least once, it is done with at once. Else it is read again, and its route
 * passes it by: under exactly-once its checkpoint and what other routes make of it are one unit, as
 * they are if on_error = "skip".
 */
#include "flow/pauses.h"
#include "flow/worker_parts.h"

#include <inttypes.h>
#include <stdio.h>

bool worker_is_paused(void *context, const struct source_partition *partition)
{
    const struct worker *worker = context;

    return worker->options.pauses &&
           pauses_cover(worker->options.pauses, source_partition_routes(partition),
                        source_partition_topic(partition), source_partition_number(partition));
}

/* --- a held partition ------------------------------------------------------------------------- */

/* Lets it be tried again. False: it waits for something else than the operator. */
static bool let_go(struct worker *worker, struct source_partition *partition, enum source_hold hold)
{
    if (hold == HOLD_SINK)
        return holds_retry(&worker->holds, partition, worker->now_ms);
    if (hold == HOLD_UNCONFIRMED)
        return false;
    source_retry(partition, hold);
    return true;
}

static bool find_hold(struct source_partition *partition, struct steer *steer,
                      struct source_reason *reason, enum source_hold *hold)
{
    if (source_held_by(partition, reason, hold))
        return true;
    snprintf(steer->text, sizeof(steer->text), "%s",
             source_is_paused(partition) ? "it is paused, and not held" : "it is not held");
    return false;
}

static bool retry(struct worker *worker, struct source_partition *partition, struct steer *steer)
{
    struct source_reason reason;
    enum source_hold hold;

    if (!find_hold(partition, steer, &reason, &hold))
        return false;
    bool may = let_go(worker, partition, hold);
    snprintf(steer->text, sizeof(steer->text), "%s: %.400s",
             may ? "it was held" : "it resumes by itself", reason.text);
    return may;
}

/* Whether it is held by the record that the operator means. */
static bool is_confirmed(struct steer *steer, const struct source_reason *reason)
{
    if (!reason->route) {
        snprintf(steer->text, sizeof(steer->text), "no record of it can be skipped: %.400s",
                 reason->text);
    } else if (reason->offset != steer->offset) {
        snprintf(steer->text, sizeof(steer->text),
                 "it is held by the record at offset %" PRId64 ", not %" PRId64
                 ": route %.100s: %.250s",
                 reason->offset, steer->offset, reason->route, reason->text);
    } else {
        return true;
    }
    return false;
}

static bool skip(struct worker *worker, struct source_partition *partition, struct steer *steer)
{
    struct source_reason reason;
    enum source_hold hold;

    if (!find_hold(partition, steer, &reason, &hold) || !is_confirmed(steer, &reason))
        return false;
    snprintf(steer->text, sizeof(steer->text), "route %.100s skips it: %.300s", reason.route,
             reason.text);
    if (source_partition_claim(partition) || !delivery_skip(worker, partition, reason.offset))
        source_skip(partition, reason.offset, reason.route);
    return let_go(worker, partition, hold);
}

static void retry_one(void *context, const struct source_partition *held, enum source_hold hold,
                      const char *reason)
{
    struct worker *worker = context;
    struct source_partition *partition =
        source_find(worker->source, source_partition_topic(held), source_partition_number(held));

    (void)reason;
    if (hold != HOLD_OPERATOR)
        let_go(worker, partition, hold);
}

void steer_retry_all(struct worker *worker)
{
    source_visit_held(worker->source, retry_one, worker);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static void steer_partition(struct worker *worker, struct steer *steer)
{
    struct source_partition *partition =
        source_find(worker->source, steer->topic, steer->partition);

    if (!partition)
        steer->result = STEER_ELSEWHERE;
    else if (steer->wish == STEER_PAUSES)
        steer->result = STEER_DONE;
    else if (steer->wish == STEER_RETRY)
        steer->result = retry(worker, partition, steer) ? STEER_DONE : STEER_REFUSED;
    else
        steer->result = skip(worker, partition, steer) ? STEER_DONE : STEER_REFUSED;
}

static void apply_pauses(struct worker *worker)
{
    unsigned version = worker->options.pauses ? pauses_version(worker->options.pauses) : 0;

    if (version == worker->pauses_version)
        return;
    worker->pauses_version = version;
    source_pauses_changed(worker->source);
    worker->status_changed = true;
}

static void steer_carry_out(void *context, struct steer *steer)
{
    struct worker *worker = context;

    apply_pauses(worker); /* it may have been asked behind the look at them */
    steer->result = STEER_DONE;
    if (steer->topic)
        steer_partition(worker, steer);
    steer->paused = source_count_paused(worker->source);
    worker->status_changed = true;
}

void steer_turn(struct worker *worker)
{
    apply_pauses(worker);
    mailbox_turn(&worker->mailbox, steer_carry_out, worker);
}
