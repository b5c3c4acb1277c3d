/*
 * held.c: why a partition is held, how the log tells of it, and what helps.
 *
 * A hold is logged at once, with the record, its route and the remedy, and again every ten minutes
 * while it lasts. A partition that is retried and held again for the same reason is logged as if it
 * had been held all the time; that it flows is logged once it surely does.
 */
#include "kafka/held.h"

#include "base/log.h"
#include "base/mem.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_AGAIN_MS = 600000, FLOWS_MS = 1000, REASON_BYTES = 512 };

static const struct held_remedy remedies[] = {
#define OPERATOR                          true
#define ITSELF                            false
#define HELD(words, party, shown, remedy) {words, party, shown, remedy},
#include "kafka/held.def"
#undef HELD
#undef ITSELF
#undef OPERATOR
};

enum { REMEDIES = sizeof(remedies) / sizeof(remedies[0]) };

const struct held_remedy *held_remedy_at(unsigned index)
{
    return index < REMEDIES ? &remedies[index] : NULL;
}

const struct held_remedy *held_remedy(const char *reason)
{
    for (unsigned i = 0; i < REMEDIES; i++)
        if (strstr(reason, remedies[i].words))
            return &remedies[i];
    return NULL;
}

/* --- the reasons -------------------------------------------------------------------------------
 */

void held_add(struct held *held, enum source_hold hold, const struct source_reason *reason)
{
    struct hold_reason *why = &held->why[hold];
    char text[REASON_BYTES];
    int head = 0;

    if (hold == HOLD_RECORD && held_has(held, hold))
        return;
    if (reason->route)
        head = snprintf(text, sizeof(text), "offset %" PRId64 ": route %.100s: ", reason->offset,
                        reason->route);
    snprintf(text + head, sizeof(text) - (size_t)head, "%s", reason->text);
    free(why->text);
    free(why->route);
    *why = (struct hold_reason){.text = mem_text(text),
                                .head = (size_t)head,
                                .offset = reason->route ? reason->offset : -1,
                                .route = reason->route ? mem_text(reason->route) : NULL,
                                .trace = reason->trace};
    held->reasons |= 1u << hold;
}

bool held_remove(struct held *held, enum source_hold hold)
{
    if (!held_has(held, hold))
        return false;
    free(held->why[hold].text);
    free(held->why[hold].route);
    held->why[hold].text = held->why[hold].route = NULL;
    held->reasons &= ~(1u << hold);
    return true;
}

void held_clear(struct held *held)
{
    for (unsigned i = 0; held->reasons && i < HOLD_COUNT; i++)
        held_remove(held, (enum source_hold)i);
}

enum source_hold held_first(const struct held *held)
{
    unsigned i = 0;

    while (i < HOLD_COUNT && !held_has(held, (enum source_hold)i))
        i++;
    return (enum source_hold)i;
}

const struct hold_reason *held_why(const struct held *held)
{
    return held->reasons ? &held->why[held_first(held)] : NULL;
}

void held_free(struct held *held)
{
    held_clear(held);
    free(held->told);
}

/* --- telling ---------------------------------------------------------------------------------- */

static void held_write(const struct source_partition *partition, int64_t now_ms)
{
    if (held_first(&partition->held) == HOLD_OPERATOR) {
        log_info("partition paused", LOG_STR("topic", partition->topic->name),
                 LOG_INT("partition", partition->number),
                 LOG_SOME("lasts_ms", now_ms - partition->held.since_ms));
        return;
    }
    const struct hold_reason *why = held_why(&partition->held);
    const struct held_remedy *row = held_remedy(why->text);
    int64_t lasts_ms = now_ms - partition->held.since_ms;
    const struct log_field fields[] = {
        LOG_STR("topic", partition->topic->name),
        LOG_INT("partition", partition->number),
        why->offset >= 0 ? LOG_INT("offset", why->offset) : LOG_STR("offset", NULL),
        LOG_TRACE(&why->trace),
        LOG_STR("route", why->route),
        LOG_STR("error", why->text + why->head),
        LOG_STR("remedy", row ? row->remedy : "see docs/how-to/stopped-partition.md"),
        LOG_SOME("lasts_ms", lasts_ms),
        LOG_END};

    if (row ? row->is_operators : held_has(&partition->held, HOLD_RECORD))
        log_write(NULL, LOG_ERROR, "partition held", fields);
    else if (log_enabled(LOG_WARN))
        log_write(NULL, LOG_WARN, "partition held, resumes by itself", fields);
}

static void held_wake(struct source *source, int64_t due_ms)
{
    if (!source->held_due_ms || due_ms < source->held_due_ms)
        source->held_due_ms = due_ms;
}

static void held_note(const struct source_partition *partition)
{
    const struct hold_reason *why = held_why(&partition->held);

    if (held_first(&partition->held) != HOLD_OPERATOR)
        metrics_problem(partition->source->metrics, PROBLEM_HELD, partition->topic->name,
                        partition->number, why->offset, why->route, why->text + why->head);
}

void held_tell(struct source_partition *partition)
{
    struct source *source = partition->source;
    struct held *held = &partition->held;
    const char *why = held_why(held)->text;

    held->released_ms = 0;
    if (!held->told || strcmp(held->told, why) != 0) {
        free(held->told);
        held->told = mem_text(why);
        held->since_ms = held->told_ms = source->now_ms;
        held_write(partition, source->now_ms);
        held_note(partition);
    }
    held_wake(source, held->told_ms + HELD_AGAIN_MS);
}

void held_try(struct source_partition *partition)
{
    struct source *source = partition->source;

    partition->held.released_ms = source->now_ms;
    partition->held.released_at =
        partition->tracker ? tracker_commit_offset(partition->tracker) : -1;
    held_wake(source, source->now_ms + FLOWS_MS);
}

void held_forget(struct source_partition *partition)
{
    free(partition->held.told);
    partition->held.told = NULL;
    partition->held.released_ms = 0;
}

static void held_ended(struct source_partition *partition, int64_t now_ms)
{
    log_info("partition resumed", LOG_STR("topic", partition->topic->name),
             LOG_INT("partition", partition->number),
             LOG_INT("after_ms", now_ms - partition->held.since_ms));
    held_forget(partition);
}

/* The record that held it is done, or no record is in flight. */
static bool flows_surely(const struct source_partition *partition, int64_t now_ms)
{
    if (partition->state != PARTITION_FLOWING || now_ms - partition->held.released_ms < FLOWS_MS)
        return false;
    return tracker_commit_offset(partition->tracker) > partition->held.released_at ||
           !tracker_inflight(partition->tracker);
}

static void held_look(struct source_partition *partition, int64_t now_ms)
{
    struct source *source = partition->source;

    if (partition->held.released_ms && flows_surely(partition, now_ms))
        held_ended(partition, now_ms);
    if (partition->held.released_ms)
        held_wake(source, now_ms + FLOWS_MS);
    if (!partition->held.told || partition->state != PARTITION_HELD)
        return;
    if (now_ms - partition->held.told_ms >= HELD_AGAIN_MS) {
        partition->held.told_ms = now_ms;
        held_write(partition, now_ms);
    }
    held_wake(source, partition->held.told_ms + HELD_AGAIN_MS);
}

void held_turn(struct source *source)
{
    if (!source->held_due_ms || source->now_ms < source->held_due_ms)
        return;
    source->held_due_ms = 0;
    for (size_t i = 0; i < source->partition_count; i++)
        held_look(source->partitions[i], source->now_ms);
}
