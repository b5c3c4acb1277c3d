/*
 * commit.c: answered offsets are committed to Kafka.
 *
 * One commit is outstanding at a time, so that an older one can never land behind a newer one. A
 * failed one is not repeated as it was: the next one has the newest offsets. If answers alone are
 * not enough (barriers.c), commits stay behind them.
 *
 * Records that Redis answered after the last commit are read again if the process is killed. So a
 * commit is due by time, and by number as well: after a window's worth of records, though all
 * workers of a source together commit no more than 50 times a second.
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "kafka/source_state.h"

#include <string.h>

enum {
    COMMIT_TRIES = 3,
    COMMIT_RETRY_MS = 200,
    COMMIT_RECORDS = 2048, /* the default of window_commands */
    COMMIT_LEAST_MS = 20   /* between two, of one worker alone */
};

/* The offset that may be committed and was not; -1: none. */
static int64_t commit_offset(const struct source_partition *partition)
{
    if (partition->range)
        return -1; /* it is not the group's */
    if (!partition->tracker || partition->position <= partition->commit.behind)
        return -1;
    int64_t offset = marks_cut(partition, tracker_commit_offset(partition->tracker));
    if (offset < partition->commit.ahead)
        offset = partition->commit.ahead;
    return offset > partition->commit.committed ? offset : -1;
}

bool source_commit_first(struct source_partition *partition, const struct record *record)
{
    if (partition->range || partition->commit.committed > record->offset)
        return true;
    if (partition->commit.ahead < partition->position) {
        partition->commit.ahead = partition->position;
        partition->source->commit.due_ms = partition->source->now_ms;
    }
    return false;
}

bool source_owes(const struct source_partition *partition, const struct record *record)
{
    bool ours = partition->state == PARTITION_FLOWING || partition->state == PARTITION_REVOKED ||
                held_first(&partition->held) == HOLD_OPERATOR;

    return ours && partition->tracker && partition->commit.ahead > record->offset &&
           tracker_next_offset(partition->tracker) <= record->offset;
}

/* librdkafka frees the metadata with its own free(). */
static void commit_say(rd_kafka_topic_partition_list_t *list, struct source_partition *partition,
                       int64_t offset)
{
    rd_kafka_topic_partition_t *item =
        rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number);
    struct commit_note note = {.offset = offset,
                               .start = offset == partition->commit.fresh_start,
                               .another = partition->log.replaced,
                               .log = partition->log.identity,
                               .record = witnesses_settle(&partition->log.witnesses, offset),
                               .began_ms = partition->log.group.began_ms,
                               .partitions = partition->log.group.partitions};
    char text[COMMIT_NOTE_BYTES];

    item->offset = offset;
    item->metadata_size = commit_note_write(&note, text);
    item->metadata = rd_kafka_mem_malloc(partition->source->kafka, item->metadata_size);
    memcpy(item->metadata, text, item->metadata_size);
}

static rd_kafka_topic_partition_list_t *commit_list(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        int64_t offset = commit_offset(partition);
        if (offset < 0)
            continue;
        commit_say(list, partition, offset);
        partition->commit.committing = offset;
    }
    return list;
}

static void commit_failed(struct source *source, rd_kafka_resp_err_t err)
{
    source->metrics->source.commits[COMMIT_FAILED]++;
    source->commit.failures++;
    report_error(&source->errors, err, NULL, "offsets could not be committed");
}

static bool commit_is_due(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (commit_offset(source->partitions[i]) >= 0)
            return true;
    return false;
}

/* False: there is nothing to commit. */
static bool commit_send(struct source *source)
{
    rd_kafka_topic_partition_list_t *list = commit_list(source);
    bool any = list->cnt > 0;
    rd_kafka_resp_err_t err;

    source->commit.finished = 0;
    if (any) {
        watch_committed(source);
        source->commit.sent_ms = source->now_ms;
        FAILPOINT(before_commit);
        err = rd_kafka_commit_queue(source->kafka, list, source->control, NULL, NULL);
        if (err)
            commit_failed(source, err);
        source->commit.outstanding = !err;
        source->commit.due_ms =
            source->now_ms + (err ? COMMIT_RETRY_MS : source->options->commit_interval);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return any;
}

void commit_result(struct source *source, rd_kafka_resp_err_t err,
                   const rd_kafka_topic_partition_list_t *list)
{
    source->commit.outstanding = false;
    for (int i = 0; list && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        struct source_partition *partition =
            partitions_find(source, answer->topic, answer->partition);
        if (answer->err && !err)
            err = answer->err;
        if (!answer->err && !err && partition && partition->commit.committing == answer->offset)
            partition->commit.committed = answer->offset;
    }
    if (err) {
        commit_failed(source, err);
        source->commit.due_ms = source->now_ms + COMMIT_RETRY_MS;
        return;
    }
    FAILPOINT(after_commit);
    source->commit.failures = 0;
    source->metrics->source.commits[COMMIT_OK]++;
    error_log_end(&source->errors);
}

bool commit_is_done(struct source *source)
{
    if (source->commit.outstanding)
        return false;
    if (source->commit.failures >= COMMIT_TRIES)
        return true;
    if (source->commit.failures && source->now_ms < source->commit.due_ms)
        return false;
    if (commit_is_due(source) && !watch_allows_commit(source))
        return false;
    return !commit_send(source);
}

int64_t commit_next_ms(const struct source *source)
{
    int64_t due_ms = source->commit.due_ms;
    int64_t early_ms = source->commit.sent_ms + COMMIT_LEAST_MS * source->options->workers;

    if (source->commit.outstanding || watch_delays_commit(source))
        return INT64_MAX; /* its answer wakes the loop; without Kafka that may be far away */
    if (source->commit.finished >= COMMIT_RECORDS && !source->commit.failures && early_ms < due_ms)
        due_ms = early_ms;
    return due_ms - source->now_ms;
}

void commit_turn(struct source *source)
{
    if (commit_next_ms(source) > 0)
        return;
    if (commit_is_due(source) && !watch_allows_commit(source))
        return;
    if (!commit_send(source))
        source->commit.due_ms = source->now_ms + source->options->commit_interval;
}
