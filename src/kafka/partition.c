/* partition.c: one partition: what it may do in which state, and the records of it in flight. */
#include "base/log.h"
#include "base/mem.h"
#include "kafka/source_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_BYTES = 512 };

static const char *const state_names[] = {"away", "starting", "flowing", "held", "revoked"};

#define MAY(state) (1u << PARTITION_##state)

/* Which states may follow. */
static const unsigned state_moves[] = {
    [PARTITION_AWAY] = MAY(STARTING),
    [PARTITION_STARTING] = MAY(FLOWING) | MAY(HELD) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_FLOWING] = MAY(HELD) | MAY(STARTING) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_HELD] = MAY(FLOWING) | MAY(HELD) | MAY(STARTING) | MAY(REVOKED) | MAY(AWAY),
    [PARTITION_REVOKED] = MAY(AWAY),
};

void partition_move(struct source_partition *partition, enum partition_state state)
{
    assert(state_moves[partition->state] & (1u << state));
    log_debug("partition moves", LOG_STR("topic", partition->topic->name),
              LOG_INT("partition", partition->number),
              LOG_STR("from", state_names[partition->state]), LOG_STR("to", state_names[state]));
    partition->source->starting += state == PARTITION_STARTING;
    partition->source->starting -= partition->state == PARTITION_STARTING;
    partition->state = state;
    free(partition->unreadable);
    partition->unreadable = NULL;
    if (state != PARTITION_HELD) {
        partition->oversize = false;
        free(partition->reason);
        partition->reason = NULL;
        partition->brims = false;
    }
    partition->source->fetching.due = true;
}

/* --- starting ----------------------------------------------------------------------------------
 */

/* Nothing is claimed of it, or what was no longer counts. */
static void partition_forget_claim(struct source_partition *partition, enum claim_step step)
{
    free(partition->facts);
    partition->facts = NULL;
    partition->claim_step = step;
}

/* Nothing is known of the log, nor that it is another one. */
static void partition_forget_log(struct source_partition *partition)
{
    partition->log = (struct identity){{0}, {0}};
    partition->another = NULL;
    partition->known_end = -1;
    partition->group = (struct beginning){.began_ms = -1};
    witnesses_clear(&partition->witnesses);
}

void partition_take(struct source_partition *partition)
{
    if (partition_is_ours(partition))
        partition_lose(partition);
    partition->generation++;
    partition->position = partition->committed = partition->committing = -1;
    partition->told_ms = partition->source->now_ms;
    partition->told_at = partition->low = -1;
    partition->refused_ms = 0;
    partition->ask_at_ms = 0;
    partition->asking = partition->misplaced = partition->witness_differs = false;
    partition_forget_log(partition);
    partition_forget_claim(partition, CLAIM_DUE);
    marks_take(partition);
    partition_move(partition, PARTITION_STARTING);
}

void partition_start(struct source_partition *partition, int64_t offset)
{
    tracker_free(partition->tracker);
    partition->tracker = tracker_new(offset);
    marks_start(partition, offset);
    partition->position = offset;
    partition->compare = WITNESS_NONE;
    partition->ahead = partition->began = -1;
    partition->taken_ms = -1;
    partition->end = -1;
    partition->waits_since_ms = 0;
    partition->fetching.seek_due = true;
    partition->misplaced = false;
    partition->stuck_at = -1;
    partition_move(partition, PARTITION_FLOWING);
}

void partition_restart(struct source_partition *partition, int64_t offset)
{
    bool stopped = partition->misplaced; /* librdkafka reads nothing of it: it is assigned anew */

    partition_start(partition, offset);
    if (partition->fetching.active && !stopped)
        fetching_seek(partition);
}

void partition_claim_anew(struct source_partition *partition)
{
    struct source *source = partition->source;

    partition->generation++;
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    partition->ask_at_ms = 0;
    partition->asking = false;
    partition_forget_claim(partition, CLAIM_DUE);
    partition_move(partition, PARTITION_STARTING);
    if (partition->fetching.active)
        fetching_forward(partition);
    source->events.gone(source->events.context, partition);
}

void partition_misplace(struct source_partition *partition)
{
    partition->misplaced = true;
    if (partition->state != PARTITION_FLOWING)
        return;
    if (partition->claim_step != CLAIM_NONE)
        partition_claim_anew(partition);
    else
        partition_move(partition, PARTITION_STARTING);
}

/* --- holding and releasing ---------------------------------------------------------------------
 */

void partition_hold(struct source_partition *partition, enum source_hold hold, const char *reason)
{
    char *copy = mem_text(reason);

    free(partition->reason);
    partition->reason = copy;
    partition->reason_head = 0;
    partition->held_offset = -1;
    partition->held_route = NULL;
    partition->hold = hold;
    partition_move(partition, PARTITION_HELD);
    if (partition->fetching.active)
        fetching_forward(partition);
}

void source_hold_for(struct source_partition *partition, enum source_hold hold,
                     const struct source_reason *reason)
{
    bool again = partition->state == PARTITION_HELD;
    char text[REASON_BYTES];
    int head = 0;

    if (partition->state == PARTITION_AWAY || partition->state == PARTITION_REVOKED)
        return;
    if (again && partition->hold == HOLD_RECORD)
        return; /* the first reason is the one to mend */
    if (reason->route)
        head = snprintf(text, sizeof(text), "offset %" PRId64 ": route %.100s: ", reason->offset,
                        reason->route);
    snprintf(text + head, sizeof(text) - (size_t)head, "%s", reason->text);
    partition_hold(partition, hold, text);
    partition->held_offset = reason->route ? reason->offset : -1;
    partition->held_route = reason->route;
    partition->reason_head = (size_t)head;
    held_tell(partition);
}

void source_hold(struct source_partition *partition, enum source_hold hold, const char *reason)
{
    source_hold_for(partition, hold, &(struct source_reason){.text = reason});
}

/* That Kafka refused an offset lies among the records. */
static void give_back_parked(struct source *source, rd_kafka_message_t *message)
{
    struct source_partition *partition = NULL;

    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && message->rkt)
        partition = partitions_find(source, rd_kafka_topic_name(message->rkt), message->partition);
    if (partition)
        partition_misplace(partition);
    rd_kafka_message_destroy(message);
}

/* What was put aside for all held partitions goes: it is read again when they go on. */
void partitions_clear_parked(struct source *source)
{
    ssize_t count;

    do {
        count =
            rd_kafka_consume_batch_queue(source->fetching.parked, 0, source->taken, BATCH_RECORDS);
        for (ssize_t i = 0; i < count; i++)
            give_back_parked(source, source->taken[i]);
    } while (count == BATCH_RECORDS);
}

/* Reads it again from its oldest unfinished record; what is in flight of it no longer counts. */
static void partition_again(struct source_partition *partition)
{
    struct source *source = partition->source;

    partitions_clear_parked(source);
    if (partition->claim_step != CLAIM_NONE) {
        partition_claim_anew(partition);
        return;
    }
    partition->generation++;
    partition_restart(partition, partition->ahead >= 0 ? tracker_next_offset(partition->tracker)
                                                       : tracker_commit_offset(partition->tracker));
    source->events.gone(source->events.context, partition);
}

void source_release(struct source_partition *partition)
{
    if (partition->state != PARTITION_HELD || partition->hold != HOLD_SERVER)
        return;
    log_debug("partition released", LOG_STR("topic", partition->topic->name),
              LOG_INT("partition", partition->number));
    held_try(partition);
    partition_again(partition);
}

void source_visit_held(const struct source *source,
                       void (*visit)(void *context, const struct source_partition *partition,
                                     enum source_hold hold, const char *reason),
                       void *context)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (partition->state == PARTITION_HELD)
            visit(context, partition, partition->hold, partition->reason);
    }
}

/* --- the end of an assignment ------------------------------------------------------------------
 */

void partition_lose(struct source_partition *partition)
{
    struct source *source = partition->source;

    partition->generation++;
    if (partition->tracker && partition->ahead < 0 && source->closing != CLOSING_NO)
        source->left += tracker_uncommitted(partition->tracker) + marks_unconfirmed(partition);
    if (partition->committed > partition->left_committed)
        partition->left_committed = partition->committed;
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    partition->position = partition->committed = partition->committing = -1;
    partition_forget_claim(partition, CLAIM_NONE);
    partition_move(partition, PARTITION_AWAY);
    held_forget(partition);
    fetching_forget_queue(partition);
    source->events.gone(source->events.context, partition);
}

bool partition_is_drained(const struct source_partition *partition)
{
    const struct source_events *events = &partition->source->events;

    if (partition->tracker && tracker_waiting(partition->tracker))
        return false;
    if (partition->tracker && !marks_confirm_all(partition))
        return false;
    if (partition->claim_step == CLAIM_DUE || partition->claim_step == CLAIM_WAITED)
        return true;
    return !events->is_settled || events->is_settled(events->context, partition);
}

/* --- records in flight -------------------------------------------------------------------------
 */

bool source_is_flowing(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING && partition->source->closing == CLOSING_NO;
}

struct source_ticket source_begin(struct source_partition *partition, const struct record *record)
{
    struct source_ticket ticket = {partition, partition->generation, 0};

    tracker_begin(partition->tracker, record->offset, record->timestamp_ms, &ticket.slot);
    return ticket;
}

bool source_ticket_is_current(struct source_ticket ticket)
{
    return ticket.generation == ticket.partition->generation;
}

void source_retain(struct source_ticket ticket)
{
    if (source_ticket_is_current(ticket))
        tracker_retain(ticket.partition->tracker, ticket.slot);
}

void source_finish(struct source_ticket ticket)
{
    struct source_partition *partition = ticket.partition;

    if (!source_ticket_is_current(ticket))
        return;
    partition->source->finished += tracker_finish(partition->tracker, ticket.slot);
}

void source_give_up(struct source_ticket ticket)
{
    if (source_ticket_is_current(ticket))
        tracker_give_up(ticket.partition->tracker, ticket.slot);
}

/* --- what is asked of it ------------------------------------------------------------------------
 */

void *source_partition_routes(const struct source_partition *partition)
{
    return partition->topic->routes;
}

const char *source_partition_topic(const struct source_partition *partition)
{
    return partition->topic->name;
}

int32_t source_partition_number(const struct source_partition *partition)
{
    return partition->number;
}

void source_partition_log(const struct source_partition *partition, char text[SOURCE_LOG_BYTES])
{
    static_assert((int)SOURCE_LOG_BYTES == (int)IDENTITY_BYTES, "the same text");
    identity_write(&partition->log, text);
}

void *source_partition_claim(const struct source_partition *partition)
{
    return partition->claim;
}

void source_partition_set_claim(struct source_partition *partition, void *claim)
{
    partition->claim = claim;
}

void source_pass_over(struct source_partition *partition, const struct record *record)
{
    tracker_skip(partition->tracker, record->offset + 1);
}

size_t source_partition_inflight(const struct source_partition *partition)
{
    return partition->tracker ? tracker_inflight(partition->tracker) : 0;
}
