/*
 * rebalance.c: which partitions librdkafka reads.
 *
 * The group assigns and revokes; holds and starts change what is read in between. Both end in
 * apply(), which tells librdkafka the whole of what it should read, from where.
 *
 *      ASSIGN: ask for offsets (start.c), then assign what has a position
 *      REVOKE: stop taking, wait for the answers of Redis, commit, unassign
 *      REVOKE, lost: another member may have the partitions already: forget, commit nothing
 *
 * A partition's own queue must be forwarded to ours again before every assign: librdkafka drops the
 * forward when a partition stops, but not the flag that says it has one, and the partition would
 * never be read again.
 *
 * librdkafka stops what an assign took away some time after the call. Another assign before that
 * stops it twice, and librdkafka 2.0.2 ends the process over the second answer (its assert
 * "rktp_started"). Nothing tells when it is through; so a change of our own waits a while after the
 * one before, and a revoke after a change.
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "kafka/source_parts.h"

#include <string.h>

enum {
    FORWARD_MS = 3000, /* how long after an assign queues are forwarded again */
    FORWARD_AGAIN_MS = 20,
    SETTLE_MS = 300,     /* from one assign to the next; librdkafka takes a few milliseconds */
    CLAIM_WAIT_MS = 1000 /* longest wait of those who can start for those who wait for Redis */
};

typedef bool (*partition_test)(const struct source_partition *partition);

/* Those of our partitions for which @p test holds, each at its position. */
static rd_kafka_topic_partition_list_t *list_where(const struct source *source, partition_test test)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (test(partition))
            rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)
                ->offset = partition_read_from(partition);
    }
    return list;
}

/* A held partition goes on being read, as far as there is room aside: so nothing that librdkafka
 * does to the others when its assignment changes happens because of a hold. One whose next batch
 * cannot be received is not read: each try costs the others of its broker their connection. */
static bool is_wanted(const struct source_partition *partition)
{
    return partition->state == PARTITION_FLOWING ||
           (partition->state == PARTITION_HELD && partition->fetching && !partition->oversize);
}

static bool is_to_begin(const struct source_partition *partition)
{
    return is_wanted(partition) && (!partition->fetching || partition->moved);
}

/* One that starts again stays until it is known from where: librdkafka has stopped by itself. */
static bool is_to_end(const struct source_partition *partition)
{
    if (partition->state == PARTITION_STARTING)
        return false;
    return partition->fetching && (!is_wanted(partition) || partition->moved);
}

static bool is_fetching(const struct source_partition *partition)
{
    return partition->fetching;
}

void rebalance_forget_queue(struct source_partition *partition)
{
    if (partition->queue)
        rd_kafka_queue_destroy(partition->queue);
    partition->queue = NULL;
}

/* librdkafka finds a partition by going through its list of topics: once for an assign, not for
 * each of the many forwards behind it. */
void rebalance_forward(struct source_partition *partition)
{
    const struct source *source = partition->source;

    if (!partition->queue)
        partition->queue =
            rd_kafka_queue_get_partition(source->kafka, partition->topic->name, partition->number);
    rd_kafka_queue_forward(partition->queue,
                           partition->state == PARTITION_HELD ? source->aside : source->records);
}

static void forward_where(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            rebalance_forward(source->partitions[i]);
}

/* Before an assign, after which what is read may have another queue than before. */
static void forward_anew(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            rebalance_forget_queue(source->partitions[i]);
    forward_where(source, test);
}

static void applied(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        source->partitions[i]->fetching = is_wanted(source->partitions[i]);
        source->partitions[i]->moved = false;
        if (!source->partitions[i]->fetching)
            rebalance_forget_queue(source->partitions[i]);
    }
    source->more = true;
}

static void refused(struct source *source, rd_kafka_resp_err_t err, const char *text)
{
    source->metrics->source.errors++;
    complain(&source->complaints, err, NULL, text);
}

/* Takes the outcome of librdkafka's incremental calls, which it owns. */
static void check_error(struct source *source, rd_kafka_error_t *error)
{
    if (!error)
        return;
    refused(source, rd_kafka_error_code(error), rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void assign_eager(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = list_where(source, is_wanted);
    rd_kafka_resp_err_t err;

    forward_anew(source, is_wanted);
    err = rd_kafka_assign(source->kafka, list);
    if (err)
        refused(source, err, "partitions could not be assigned");
    rd_kafka_topic_partition_list_destroy(list);
}

static void unassign_where(struct source *source, partition_test test)
{
    rd_kafka_topic_partition_list_t *list = list_where(source, test);

    check_error(source, rd_kafka_incremental_unassign(source->kafka, list));
    rd_kafka_topic_partition_list_destroy(list);
}

static void assign_where(struct source *source, partition_test test)
{
    rd_kafka_topic_partition_list_t *list = list_where(source, test);

    forward_anew(source, test);
    check_error(source, rd_kafka_incremental_assign(source->kafka, list));
    rd_kafka_topic_partition_list_destroy(list);
}

/*
 * Forwarded first: the broker may answer before the seek returns, and what it sends must not land
 * aside, where the next release throws it away. What was read before the seek is void by its
 * version, wherever it lies.
 */
void rebalance_seek(struct source_partition *partition)
{
    struct source *source = partition->source;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rebalance_forward(partition);
    rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)->offset =
        partition_read_from(partition);
    check_error(source, rd_kafka_seek_partitions(source->kafka, list, 0));
    rd_kafka_topic_partition_list_destroy(list);
    partition->moved = false;
}

/* That Kafka refused an offset lies among the records. */
static void give_back_aside(struct source *source, rd_kafka_message_t *message)
{
    struct source_partition *partition = NULL;

    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && message->rkt)
        partition = partition_find(source, rd_kafka_topic_name(message->rkt), message->partition);
    if (partition)
        start_misplaced(partition);
    rd_kafka_message_destroy(message);
}

/* What was put aside for all held partitions goes: it is read again when they go on. */
void rebalance_clear_aside(struct source *source)
{
    ssize_t count;

    do {
        count = rd_kafka_consume_batch_queue(source->aside, 0, source->taken, BATCH_RECORDS);
        for (ssize_t i = 0; i < count; i++)
            give_back_aside(source, source->taken[i]);
    } while (count == BATCH_RECORDS);
}

static bool any(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            return true;
    return false;
}

/* False: librdkafka may still be at work on the assign before. */
static bool is_settled(const struct source *source)
{
    return source->now_ms >= source->settled_ms;
}

/* Makes librdkafka read what is wanted. @p answer: it waits for a call, also if nothing changed. */
static void apply(struct source *source, bool answer)
{
    bool begins = any(source, is_to_begin), ends = any(source, is_to_end);

    source->apply_due = false;
    if (!begins && !ends && !answer)
        return;
    if (!source->cooperative) {
        assign_eager(source);
    } else {
        if (ends)
            unassign_where(source, is_to_end);
        if (begins || answer)
            assign_where(source, is_to_begin);
    }
    applied(source);
    source->settled_ms = source->now_ms + SETTLE_MS;
    source->forward_until_ms = source->now_ms + FORWARD_MS;
    source->forward_due_ms = source->now_ms + FORWARD_AGAIN_MS;
}

/*
 * librdkafka stops what it read before an assign some time after the call, and the forward that we
 * have set goes with it. Nothing tells when that has happened, so it is set again for a while; what
 * lies in the partition's own queue comes along.
 */
static void forward_again(struct source *source)
{
    if (source->now_ms >= source->forward_until_ms || source->now_ms < source->forward_due_ms)
        return;
    forward_where(source, is_fetching);
    source->more = true;
    source->forward_due_ms = source->now_ms + FORWARD_AGAIN_MS;
}

/* --- assigned -------------------------------------------------------------------------------- */

static void rebalance_assign(struct source *source, const rd_kafka_topic_partition_list_t *list)
{
    source->metrics->source.rebalances[REBALANCE_ASSIGN]++;
    source->joined = true;
    complaints_forget(&source->complaints);
    source->cooperative = strcmp(rd_kafka_rebalance_protocol(source->kafka), "COOPERATIVE") == 0;
    log_info("partitions assigned", LOG_INT("count", list->cnt),
             LOG_STR("group", source->options->group.text),
             LOG_STR("brokers", source->options->brokers.text));
    for (int i = 0; i < list->cnt; i++)
        partition_take(partition_get(source, list->elems[i].topic, list->elems[i].partition));
    source->rebalance = REBALANCE_STARTING;
    source->rebalance_deadline_ms = source->now_ms + CLAIM_WAIT_MS;
}

/* Whether it is worth to wait for the partition's start: a claim may take as long as Redis is away.
 */
static bool is_awaited(const struct source_partition *partition)
{
    const struct source *source = partition->source;
    bool claiming = partition->claim_step == CLAIM_DUE || partition->claim_step == CLAIM_WAITED;

    return !start_was_answered(partition) &&
           (!claiming || source->now_ms < source->rebalance_deadline_ms);
}

/* The first answers decide when to go on; who is without one by then is assigned later. */
static void rebalance_start(struct source *source)
{
    if (any(source, is_awaited))
        return;
    apply(source, true);
    source->rebalance = REBALANCE_NONE;
}

/* --- revoked --------------------------------------------------------------------------------- */

static bool is_revoked(const struct source_partition *partition)
{
    return partition->state == PARTITION_REVOKED;
}

static bool is_revoked_and_fetching(const struct source_partition *partition)
{
    return is_revoked(partition) && is_fetching(partition);
}

/* The revoked partitions are not ours any more. */
static void revoke_end(struct source *source)
{
    rd_kafka_resp_err_t err;

    source->rebalance = REBALANCE_NONE;
    if (source->cooperative)
        unassign_where(source, is_revoked_and_fetching);
    else if ((err = rd_kafka_assign(source->kafka, NULL)) != 0)
        refused(source, err, "partitions could not be unassigned");
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (is_revoked(partition)) {
            partition->fetching = false;
            partition_lose(partition);
        }
    }
    rebalance_clear_aside(source);
}

static void rebalance_revoke(struct source *source, const rd_kafka_topic_partition_list_t *list)
{
    bool lost = rd_kafka_assignment_lost(source->kafka);

    source->metrics->source.rebalances[lost ? REBALANCE_LOST : REBALANCE_REVOKE]++;
    if (!source->cooperative || lost) {
        source->joined = false;
        source->left_ms = source->now_ms;
    }
    log_info(lost ? "partitions lost" : "partitions revoked", LOG_INT("count", list->cnt),
             LOG_STR("group", source->options->group.text));
    for (int i = 0; i < list->cnt; i++) {
        struct source_partition *partition =
            partition_find(source, list->elems[i].topic, list->elems[i].partition);
        if (partition && partition_is_ours(partition) && !is_revoked(partition))
            partition_move(partition, PARTITION_REVOKED);
    }
    source->rebalance = REBALANCE_DRAINING;
    source->rebalance_deadline_ms = source->now_ms + source->drain_limit_ms;
    if (lost || source->closing >= CLOSING_LEAVING)
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
    if (source->now_ms < source->rebalance_deadline_ms && !is_drained(source))
        return;
    source->rebalance = REBALANCE_COMMITTING;
    source->rebalance_deadline_ms = source->now_ms + COMMIT_WAIT_MS;
    source->commit_failures = 0;
}

static void rebalance_commit(struct source *source)
{
    if (!is_settled(source))
        return;
    if (rd_kafka_assignment_lost(source->kafka) ||
        source->now_ms >= source->rebalance_deadline_ms || commit_is_done(source))
        revoke_end(source);
}

/* --- events and turns ------------------------------------------------------------------------ */

void rebalance_leave(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        if (partition_is_ours(partition) && !is_revoked(partition))
            partition_move(partition, PARTITION_REVOKED);
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
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && source->closing == CLOSING_NO) {
        rebalance_assign(source, list);
        return;
    }
    if (what != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        refused(source, what, "the group's assignment is given back");
    rebalance_leave(source); /* also what comes while the source ends */
}

void rebalance_turn(struct source *source)
{
    switch (source->rebalance) {
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
        if (source->apply_due && source->closing == CLOSING_NO && is_settled(source))
            apply(source, false);
        forward_again(source);
        break;
    }
}

int64_t rebalance_next_ms(const struct source *source)
{
    if (source->rebalance == REBALANCE_NONE && source->apply_due && source->closing == CLOSING_NO)
        return is_settled(source) ? 0 : source->settled_ms - source->now_ms;
    if (source->rebalance == REBALANCE_NONE)
        return source->now_ms < source->forward_until_ms ? FORWARD_AGAIN_MS : INT64_MAX;
    int64_t wait_ms = source->rebalance_deadline_ms - source->now_ms;
    if (source->rebalance == REBALANCE_STARTING)
        return wait_ms > 0 ? wait_ms : INT64_MAX;
    return wait_ms < DRAIN_CHECK_MS ? wait_ms : DRAIN_CHECK_MS;
}
