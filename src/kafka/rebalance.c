/*
 * rebalance.c: what the group gives to this member and takes away.
 *
 *      ASSIGN: ask for offsets (start.c), then assign what has a position
 *      REVOKE: stop taking, wait for the answers of Redis, commit, unassign
 *      REVOKE, lost: another member may have the partitions already: forget, commit nothing
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "kafka/source_state.h"

#include <string.h>

/* The longest wait of partitions that can start for those that wait for Redis. */
enum { CLAIM_WAIT_MS = 1000 };

/* --- assigned -------------------------------------------------------------------------------- */

static void rebalance_assign(struct source *source, const rd_kafka_topic_partition_list_t *list)
{
    source->metrics->source.rebalances[REBALANCE_ASSIGN]++;
    source->rebalance.joined = true;
    error_log_forget(&source->errors);
    source->fetching.cooperative =
        strcmp(rd_kafka_rebalance_protocol(source->kafka), "COOPERATIVE") == 0;
    log_info("partitions assigned", LOG_INT("count", list->cnt),
             LOG_STR("group", source->options->group.text),
             LOG_STR("brokers", source->options->brokers.text));
    for (int i = 0; i < list->cnt; i++)
        partition_take(partitions_get(source, list->elems[i].topic, list->elems[i].partition));
    source->rebalance.step = REBALANCE_STARTING;
    source->rebalance.deadline_ms = source->now_ms + CLAIM_WAIT_MS;
}

/* Whether it is worth to wait for the partition's start: a claim may take as long as Redis is away.
 */
static bool is_awaited(const struct source_partition *partition)
{
    const struct source *source = partition->source;
    bool claiming =
        partition->state == PARTITION_UNCLAIMED || partition->state == PARTITION_CLAIMING;

    return !start_was_answered(partition) &&
           (!claiming || source->now_ms < source->rebalance.deadline_ms);
}

/* The rebalance ends when the first answers are there; a partition without one by then is assigned
 * later. */
static void rebalance_start(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (is_awaited(source->partitions[i]))
            return;
    fetching_assign(source);
    source->rebalance.step = REBALANCE_NONE;
}

/* --- revoked --------------------------------------------------------------------------------- */

static bool is_revoked(const struct source_partition *partition)
{
    return partition->state == PARTITION_REVOKED;
}

/* The revoked partitions are not ours any more. */
static void revoke_end(struct source *source)
{
    source->rebalance.step = REBALANCE_NONE;
    fetching_unassign_revoked(source);
    for (size_t i = 0; i < source->partition_count; i++)
        if (is_revoked(source->partitions[i]))
            partition_lose(source->partitions[i]);
    partitions_clear_parked(source);
}

static void rebalance_revoke(struct source *source, const rd_kafka_topic_partition_list_t *list)
{
    bool lost = rd_kafka_assignment_lost(source->kafka);

    source->metrics->source.rebalances[lost ? REBALANCE_LOST : REBALANCE_REVOKE]++;
    if (!source->fetching.cooperative || lost) {
        source->rebalance.joined = false;
        source->rebalance.left_ms = source->now_ms;
    }
    log_info(lost ? "partitions lost" : "partitions revoked", LOG_INT("count", list->cnt),
             LOG_STR("group", source->options->group.text));
    for (int i = 0; i < list->cnt; i++) {
        struct source_partition *partition =
            partitions_find(source, list->elems[i].topic, list->elems[i].partition);
        if (partition && partition_is_ours(partition) && !is_revoked(partition))
            partition_step(partition, EVENT_REVOKED);
    }
    source->rebalance.step = REBALANCE_DRAINING;
    source->rebalance.deadline_ms = source->now_ms + source->rebalance.drain_limit_ms;
    if (lost || source->shutdown.step >= SHUTDOWN_LEAVING)
        revoke_end(source);
}

static bool is_drained(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (is_revoked(source->partitions[i]) && !partition_is_drained(source->partitions[i]))
            return false;
    return true;
}

static void rebalance_drain(struct source *source)
{
    if (source->now_ms < source->rebalance.deadline_ms && !is_drained(source))
        return;
    source->rebalance.step = REBALANCE_COMMITTING;
    source->rebalance.deadline_ms = source->now_ms + COMMIT_WAIT_MS;
    source->commit.failures = 0;
}

static void rebalance_commit(struct source *source)
{
    if (!fetching_is_settled(source))
        return;
    if (rd_kafka_assignment_lost(source->kafka) ||
        source->now_ms >= source->rebalance.deadline_ms || commit_is_done(source))
        revoke_end(source);
}

/* --- events and turns ------------------------------------------------------------------------ */

void rebalance_leave(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (partition_is_ours(partition) && !is_revoked(partition))
            partition_step(partition, EVENT_REVOKED);
    }
    revoke_end(source);
}

void rebalance_event(struct source *source, rd_kafka_resp_err_t what,
                     const rd_kafka_topic_partition_list_t *list)
{
    if (what == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        rebalance_revoke(source, list);
        return;
    }
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !source_is_stopping(source)) {
        rebalance_assign(source, list);
        return;
    }
    if (what != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        source->metrics->source.errors++;
        report_error(&source->errors, what, NULL, "the group's assignment is given back");
    }
    rebalance_leave(source); /* an assignment that comes while the source ends, too */
}

void rebalance_turn(struct source *source)
{
    switch (source->rebalance.step) {
    case REBALANCE_STARTING:
        rebalance_start(source);
        break;
    case REBALANCE_DRAINING:
        FAILPOINT(in_revoke);
        rebalance_drain(source);
        break;
    case REBALANCE_COMMITTING:
        FAILPOINT(in_revoke);
        rebalance_commit(source);
        break;
    case REBALANCE_NONE:
        fetching_turn(source);
        break;
    }
}

int64_t rebalance_next_ms(const struct source *source)
{
    int64_t wait_ms = source->rebalance.deadline_ms - source->now_ms;

    if (source->rebalance.step == REBALANCE_NONE)
        return fetching_next_ms(source);
    if (source->rebalance.step == REBALANCE_STARTING)
        return wait_ms > 0 ? wait_ms : INT64_MAX;
    return wait_ms < DRAIN_CHECK_MS ? wait_ms : DRAIN_CHECK_MS;
}
