/*
 * fetching.c: which partitions librdkafka reads, and from where.
 *
 * Holds and starts change what should be read, as the group does. All of it ends in apply(), which
 * tells librdkafka the whole of what it should read.
 *
 * A partition's own queue must be forwarded to ours again before every assign: librdkafka drops the
 * forward when a partition stops, but not the flag that says it has one, and the partition would
 * never be read again.
 *
 * librdkafka stops what an assign took away some time after the call. Another assign before that
 * stops it twice, and librdkafka 2.0.2 ends the process over the second answer (its assert
 * "rktp_started"). librdkafka does not tell when it is through; so a change of our own waits a
 * while after the one before, and a revoke after a change.
 */
#include "kafka/source_state.h"

enum {
    FORWARD_MS = 3000, /* how long after an assign queues are forwarded again */
    FORWARD_AGAIN_MS = 20,
    SETTLE_MS = 300 /* from one assign to the next; librdkafka takes a few milliseconds */
};

typedef bool (*partition_test)(const struct source_partition *partition);

void fetching_open(struct source *source)
{
    static const uint64_t one = 1;
    struct fetching *fetching = &source->fetching;

    fetching->records = rd_kafka_queue_new(source->kafka);
    fetching->parked = rd_kafka_queue_new(source->kafka);
    rd_kafka_queue_io_event_enable(fetching->records, source->wake_fd, &one, sizeof(one));
}

void fetching_close(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        fetching_forget_queue(source->partitions[i]);
    rd_kafka_queue_destroy(source->fetching.parked);
    rd_kafka_queue_destroy(source->fetching.records);
}

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

/* A held partition is still read, as far as there is room in the parked queue: so a hold
 * changes no assignment, and librdkafka does nothing to the others. One whose next batch cannot be
 * received is not read: each try costs the others of its broker their connection. */
static bool is_wanted(const struct source_partition *partition)
{
    if (partition_is_read(partition))
        return false;
    return partition->state == PARTITION_FLOWING ||
           (partition->state == PARTITION_HELD && partition->fetching.active &&
            !held_has(&partition->held, HOLD_OVERSIZE));
}

static bool is_to_begin(const struct source_partition *partition)
{
    return is_wanted(partition) && (!partition->fetching.active || partition->fetching.seek_due);
}

/* One that starts again stays until it is known from where: librdkafka has stopped by itself. */
static bool is_to_end(const struct source_partition *partition)
{
    if (partition_is_starting(partition))
        return false;
    return partition->fetching.active && (!is_wanted(partition) || partition->fetching.seek_due);
}

static bool is_fetching(const struct source_partition *partition)
{
    return partition->fetching.active;
}

void fetching_forget_queue(struct source_partition *partition)
{
    if (partition->fetching.queue)
        rd_kafka_queue_destroy(partition->fetching.queue);
    partition->fetching.queue = NULL;
}

/* librdkafka finds a partition by going through its list of topics: once for an assign, not for
 * each of the many forwards behind it. */
void fetching_forward(struct source_partition *partition)
{
    const struct source *source = partition->source;

    if (!partition->fetching.queue)
        partition->fetching.queue =
            rd_kafka_queue_get_partition(source->kafka, partition->topic->name, partition->number);
    rd_kafka_queue_forward(partition->fetching.queue, partition->state == PARTITION_HELD
                                                          ? source->fetching.parked
                                                          : source->fetching.records);
}

static void forward_where(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            fetching_forward(source->partitions[i]);
}

/* Before an assign, after which what is read may have another queue than before. */
static void forward_to_new_queues(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            fetching_forget_queue(source->partitions[i]);
    forward_where(source, test);
}

static void applied(struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++) {
        source->partitions[i]->fetching.active = is_wanted(source->partitions[i]);
        source->partitions[i]->fetching.seek_due = false;
        if (!source->partitions[i]->fetching.active)
            fetching_forget_queue(source->partitions[i]);
    }
    source->more = true;
}

static void refused(struct source *source, rd_kafka_resp_err_t err, const char *text)
{
    source->metrics->source.errors++;
    report_error(&source->errors, err, NULL, text);
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

    forward_to_new_queues(source, is_wanted);
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

    forward_to_new_queues(source, test);
    check_error(source, rd_kafka_incremental_assign(source->kafka, list));
    rd_kafka_topic_partition_list_destroy(list);
}

/*
 * Forwarded first: the broker may answer before the seek returns, and what it sends must not be
 * parked, where the next release throws it away. What was read before the seek is void by its
 * version, wherever it lies.
 */
void fetching_seek(struct source_partition *partition)
{
    struct source *source = partition->source;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    fetching_forward(partition);
    rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)->offset =
        partition_read_from(partition);
    check_error(source, rd_kafka_seek_partitions(source->kafka, list, 0));
    rd_kafka_topic_partition_list_destroy(list);
    partition->fetching.seek_due = false;
}

static bool any(const struct source *source, partition_test test)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (test(source->partitions[i]))
            return true;
    return false;
}

bool fetching_is_settled(const struct source *source)
{
    return source->now_ms >= source->fetching.settled_ms;
}

/* Makes librdkafka read what is wanted. @p answer: it waits for a call, also if nothing changed. */
static void apply(struct source *source, bool answer)
{
    bool begins = any(source, is_to_begin), ends = any(source, is_to_end);

    source->fetching.due = false;
    if (!begins && !ends && !answer)
        return;
    if (!source->fetching.cooperative) {
        assign_eager(source);
    } else {
        if (ends)
            unassign_where(source, is_to_end);
        if (begins || answer)
            assign_where(source, is_to_begin);
    }
    applied(source);
    source->fetching.settled_ms = source->now_ms + SETTLE_MS;
    source->fetching.forward_until_ms = source->now_ms + FORWARD_MS;
    source->fetching.forward_due_ms = source->now_ms + FORWARD_AGAIN_MS;
}

void fetching_assign(struct source *source)
{
    apply(source, true);
}

static bool is_revoked_and_fetching(const struct source_partition *partition)
{
    return partition->state == PARTITION_REVOKED && partition->fetching.active;
}

void fetching_unassign_revoked(struct source *source)
{
    rd_kafka_resp_err_t err;

    if (source->fetching.cooperative)
        unassign_where(source, is_revoked_and_fetching);
    else if ((err = rd_kafka_assign(source->kafka, NULL)) != 0)
        refused(source, err, "partitions could not be unassigned");
    for (size_t i = 0; i < source->partition_count; i++)
        if (source->partitions[i]->state == PARTITION_REVOKED)
            source->partitions[i]->fetching.active = false;
}

/*
 * librdkafka stops what it read before an assign some time after the call, and the forward that we
 * have set goes with it. Nothing tells when that has happened, so it is set again for a while; what
 * lies in the partition's own queue comes along.
 */
static void forward_again(struct source *source)
{
    if (source->now_ms >= source->fetching.forward_until_ms ||
        source->now_ms < source->fetching.forward_due_ms)
        return;
    forward_where(source, is_fetching);
    source->more = true;
    source->fetching.forward_due_ms = source->now_ms + FORWARD_AGAIN_MS;
}

static bool may_apply(const struct source *source)
{
    return source->fetching.due && !source_is_stopping(source);
}

void fetching_turn(struct source *source)
{
    if (may_apply(source) && fetching_is_settled(source))
        apply(source, false);
    forward_again(source);
}

int64_t fetching_next_ms(const struct source *source)
{
    const struct fetching *fetching = &source->fetching;

    if (may_apply(source))
        return fetching_is_settled(source) ? 0 : fetching->settled_ms - source->now_ms;
    return source->now_ms < fetching->forward_until_ms ? FORWARD_AGAIN_MS : INT64_MAX;
}
