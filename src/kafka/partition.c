/* partition.c: one partition: what happens to it, and its records in flight. */
#include "base/log.h"
#include "base/mem.h"
#include "kafka/source_state.h"

#include <assert.h>
#include <stdlib.h>

#define STATES(name) (1u << PARTITION_##name)

static const char *const state_names[] = {
#define STATE(name, means) [PARTITION_##name] = #name,
#define EVENT(name, from, to)
#include "kafka/partition.def"
#undef STATE
#undef EVENT
};

static const struct {
    const char *name;
    unsigned from; /* a set of states */
    enum partition_state to;
} events[] = {
#define STATE(name, means)
#define EVENT(name, from, to) [EVENT_##name] = {#name, from, PARTITION_##to},
#include "kafka/partition.def"
#undef STATE
#undef EVENT
};

void partition_step(struct source_partition *partition, enum partition_event event)
{
    struct source *source = partition->source;
    bool was_starting = partition_is_starting(partition);

    assert(events[event].from & 1u << partition->state);
    log_debug("partition moves", LOG_STR("topic", partition->topic->name),
              LOG_INT("partition", partition->number), LOG_STR("event", events[event].name),
              LOG_STR("from", state_names[partition->state]),
              LOG_STR("to", state_names[events[event].to]));
    partition->state = events[event].to;
    free(partition->unreadable);
    partition->unreadable = NULL;
    if (partition->state != PARTITION_HELD)
        held_clear(&partition->held);
    source->starting -= was_starting;
    source->starting += partition_is_starting(partition);
    source->fetching.due |= !was_starting || !partition_is_starting(partition);
    source->steered |= partition->paused;
}

/* What is in flight of it no longer counts, nor what was asked about it. */
static void forget_tickets(struct source_partition *partition)
{
    partition->generation++;
}

static void tell_gone(struct source_partition *partition)
{
    const struct source_events *told = &partition->source->events;

    told->gone(told->context, partition);
}

/* --- starting ----------------------------------------------------------------------------------
 */

/* What is known for the next start. */
static void forget_start(struct source_partition *partition)
{
    free(partition->start.facts);
    partition->start.facts = NULL;
    partition->start.ask_at_ms = 0;
}

/* Nothing is known of the log, nor that it is another one. */
static void forget_log(struct partition_log *log)
{
    *log =
        (struct partition_log){.compare = WITNESS_NONE, .known_end = -1, .group = {.began_ms = -1}};
    witnesses_clear(&log->witnesses);
}

bool partition_asks_paused(const struct source_partition *partition)
{
    const struct source_events *asked = &partition->source->events;

    return asked->is_paused && asked->is_paused(asked->context, partition);
}

void partition_take(struct source_partition *partition)
{
    if (partition_is_ours(partition))
        partition_lose(partition);
    forget_tickets(partition);
    forget_start(partition);
    forget_log(&partition->log);
    partition->start = PARTITION_START_NONE;
    partition->refusal = (struct partition_refusal){0};
    gauges_take(partition);
    marks_take(partition);
    partition->paused = partition_asks_paused(partition);
    partition->leaving = 0;
    skip_forget(partition);
    partition_step(partition, EVENT_ASSIGNED);
}

/* If librdkafka has stopped by itself a seek does nothing: it is assigned again. */
static void read_from(struct source_partition *partition, int64_t offset, struct witness compare,
                      enum partition_event event)
{
    bool stopped = partition->start.out_of_range;

    tracker_free(partition->tracker);
    partition->tracker = tracker_new(offset);
    marks_start(partition, offset);
    partition->position = offset;
    partition->log.compare = compare;
    partition->commit.ahead = partition->commit.fresh_start = partition->commit.behind = -1;
    partition->taken_ms = partition->end = -1;
    partition->gauge.waits_since_ms = 0;
    partition->progress.position = -1;
    partition->start.out_of_range = false;
    partition->fetching.seek_due = true;
    partition_step(partition, event);
    if (partition->fetching.active && !stopped)
        fetching_seek(partition);
}

void partition_place(struct source_partition *partition, int64_t offset, struct witness compare)
{
    read_from(partition, offset, compare, EVENT_PLACED);
    warming_begin(partition, offset);
}

void partition_claim_again(struct source_partition *partition)
{
    forget_tickets(partition);
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    forget_start(partition);
    partition_step(partition, EVENT_CLAIM_VOID);
    if (partition->fetching.active)
        fetching_forward(partition);
    tell_gone(partition);
}

void partition_void_claim(struct source_partition *partition)
{
    bool waits = partition->state == PARTITION_UNCLAIMED || partition->state == PARTITION_CLAIMING;

    if (partition->claimed && !waits && partition->state != PARTITION_REVOKED)
        partition_claim_again(partition);
}

void partition_displace(struct source_partition *partition)
{
    if (partition->claimed)
        partition_claim_again(partition);
    else
        partition_step(partition, EVENT_DISPLACED);
}

void partition_misplace(struct source_partition *partition)
{
    partition->start.out_of_range = true;
    if (partition->state == PARTITION_FLOWING)
        partition_displace(partition);
}

/* --- holding and releasing ----------------------------------------------------------------------
 */

void source_hold_for(struct source_partition *partition, enum source_hold hold,
                     const struct source_reason *reason)
{
    if (partition->state == PARTITION_AWAY || partition->state == PARTITION_REVOKED)
        return;
    if (partition->state != PARTITION_HELD) {
        partition_step(partition, EVENT_HELD);
        if (partition->fetching.active)
            fetching_forward(partition);
    }
    held_add(&partition->held, hold, reason);
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

/* What is in flight of it was forgotten. */
static void resume_at(struct source_partition *partition, int64_t offset)
{
    tracker_free(partition->tracker);
    partition->tracker = tracker_new(offset);
    partition->position = offset;
    marks_start(partition, offset);
}

/* Its position means nothing in its log: it must be asked where to read. */
static bool is_misplaced(const struct source_partition *partition)
{
    return partition->start.out_of_range || partition->log.replaced;
}

/* Reads it again from @p offset; what is in flight of it no longer counts. */
static void read_again(struct source_partition *partition, int64_t offset)
{
    partitions_clear_parked(partition->source);
    if (partition->claimed || offset < 0) {
        partition_displace(partition);
        return;
    }
    forget_tickets(partition);
    if (is_misplaced(partition)) {
        resume_at(partition, offset);
        partition_step(partition, EVENT_DISPLACED);
    } else {
        read_from(partition, offset, WITNESS_NONE, EVENT_READ_AGAIN);
    }
    tell_gone(partition);
}

/* The offset of its oldest unfinished record, or behind all that are not to come again; -1: nothing
 * was read of it. */
static int64_t again_offset(const struct source_partition *partition)
{
    if (!partition->tracker)
        return -1;
    return partition->commit.ahead >= 0 ? tracker_next_offset(partition->tracker)
                                        : tracker_commit_offset(partition->tracker);
}

void source_release(struct source_partition *partition, enum source_hold hold)
{
    if (!held_remove(&partition->held, hold))
        return;
    if (partition->held.reasons) {
        held_tell(partition);
        return;
    }
    log_debug("partition released", LOG_STR("topic", partition->topic->name),
              LOG_INT("partition", partition->number));
    held_try(partition);
    read_again(partition, again_offset(partition));
}

void source_visit_held(const struct source *source,
                       void (*visit)(void *context, const struct source_partition *partition,
                                     enum source_hold hold, const char *reason),
                       void *context)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (partition->state == PARTITION_HELD)
            visit(context, partition, held_first(&partition->held),
                  held_why(&partition->held)->text);
    }
}

/* --- what is lost ------------------------------------------------------------------------------
 */

size_t partition_unfinished(const struct source_partition *partition)
{
    if (!partition->tracker || partition->commit.ahead >= 0)
        return 0;
    return tracker_uncommitted(partition->tracker) + marks_unconfirmed(partition);
}

/* At the end of the source: somebody else will read them again. */
static void count_left(struct source_partition *partition)
{
    if (source_is_stopping(partition->source))
        partition->source->shutdown.left += partition_unfinished(partition);
}

void partition_rewind(struct source_partition *partition, int64_t offset)
{
    count_left(partition);
    if (partition->state == PARTITION_HELD)
        held_try(partition);
    if (partition->state == PARTITION_FLOWING || partition->state == PARTITION_HELD) {
        read_again(partition, offset);
        return;
    }
    forget_tickets(partition);
    if (partition->state == PARTITION_ASKING)
        partition_step(partition, EVENT_UNANSWERED);
    resume_at(partition, offset);
    tell_gone(partition);
}

void partition_drop(struct source_partition *partition)
{
    forget_tickets(partition);
    tell_gone(partition);
}

void partition_forget_committed(struct source_partition *partition)
{
    partition->commit.committed = partition->commit.committing = -1;
}

void partition_lose(struct source_partition *partition)
{
    int64_t committed = partition->commit.committed, former = partition->commit.former;

    forget_tickets(partition);
    count_left(partition);
    tracker_free(partition->tracker);
    partition->tracker = NULL;
    partition->position = -1;
    partition->claimed = false;
    partition->commit = PARTITION_COMMIT_NONE;
    partition->commit.former = committed > former ? committed : former;
    forget_start(partition);
    partition_step(partition, EVENT_LOST);
    held_forget(partition);
    fetching_forget_queue(partition);
    tell_gone(partition);
}

bool partition_is_drained(const struct source_partition *partition)
{
    const struct source_events *asked = &partition->source->events;

    if (!partition->tracker) /* nothing was read of it yet */
        return true;
    if (tracker_waiting(partition->tracker) || !marks_confirm_all(partition))
        return false;
    return !asked->is_settled || asked->is_settled(asked->context, partition);
}

/* --- records in flight ------------------------------------------------------------------------ */

bool source_is_flowing(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING && !source_is_stopping(partition->source);
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
    partition->source->commit.finished += tracker_finish(partition->tracker, ticket.slot);
}

void source_give_up(struct source_ticket ticket)
{
    if (source_ticket_is_current(ticket))
        tracker_give_up(ticket.partition->tracker, ticket.slot);
}

/* --- what is asked of it -----------------------------------------------------------------------
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
    identity_write(&partition->log.identity, text);
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

bool source_partition_waits(const struct source_partition *partition)
{
    return partition->tracker && tracker_waiting(partition->tracker);
}
