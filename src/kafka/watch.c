/*
 * watch.c: whether the log of each partition is still the one that its position is of.
 *
 * A topic that is deleted and recreated has the same name and other records under the same offsets.
 * librdkafka continues at the old offset in the new log without a word, if there is a record. So
 * Kafka is asked: every two seconds, after anything that may mean it, and before the first record
 * is taken by a process that was frozen.
 *
 *      the topic's id is another one           Kafka and librdkafka must know ids
 *      the cluster's id is another one
 *      the group's committed offset is gone    Kafka deletes it with the topic
 *      the record remembered is another one    read again at each start (witness.h)
 *
 * Without ids only the third sign is there while records flow, and the next commit would wipe it
 * out. So we look before each commit. A commit that goes out with a deletion since the answer is
 * not noticed: the time of one request.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "kafka/message.h"
#include "kafka/source_state.h"

#include <stdlib.h>

enum {
    LOOK_MS = 2000,
    LOOK_AGAIN_MS = 500, /* if there was no answer */
    FROZEN_MS = 2500,    /* without a turn, which comes every second at least */
    AHEAD_LOOK_MS = 1000 /* how old an answer may be for commits that records wait for */
};

static bool is_watched(const struct source_partition *partition)
{
    return (partition->state == PARTITION_FLOWING || partition->state == PARTITION_HELD) &&
           !partition->log.replaced;
}

/* --- the answers ------------------------------------------------------------------------------ */

/* All that was asked for is known. */
static void watch_is_done(struct source *source)
{
    source->watch.answered_ms = source->now_ms;
    source->watch.blind &= source->watch.due_ms == 0; /* frozen again since it was asked */
    if (source->watch.commit_look == COMMIT_LOOK_ASKED)
        source->watch.commit_look = COMMIT_LOOK_DONE;
}

/* Keeps what was not known of the log. */
void watch_keep(struct source_partition *partition, const struct identity *identity)
{
    if (identity->topic[0])
        memcpy(partition->log.identity.topic, identity->topic, sizeof(identity->topic));
    if (identity->cluster[0])
        memcpy(partition->log.identity.cluster, identity->cluster, sizeof(identity->cluster));
}

static void watch_judge(struct source_partition *partition, const struct offsets_item *item)
{
    const char *how = difference_of(NULL, &partition->log.identity, &item->log);
    bool same = identity_compare(&partition->log.identity, &item->log) == IDENTITY_SAME;

    if (item->err || partition->generation != item->generation || !is_watched(partition))
        return;
    if (how)
        replaced_found(partition, how);
    else if (!same && item->was_committed && item->committed < 0)
        replaced_found(partition, difference_offset);
    else {
        watch_keep(partition, &item->log);
        partition->log.known_end = gauges_known_end(partition);
    }
}

/* Whether Kafka has answered, be it that it does not have, or does not show, the topic. */
static bool was_answered(const struct offsets_item *item)
{
    return !item->err || item->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           item->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

void watch_answers(struct source *source, const struct offsets_item *items, size_t count)
{
    bool answered = true, ids = true;

    for (size_t i = 0; i < count; i++) {
        answered &= was_answered(&items[i]);
        ids &= items[i].err || items[i].log.topic[0];
        watch_judge(items[i].partition, &items[i]);
    }
    if (!answered) {
        source->watch.due_ms = source->now_ms + LOOK_AGAIN_MS;
        return;
    }
    source->watch.knows_ids = ids;
    watch_is_done(source);
}

void watch_look_back(struct source_partition *partition, const rd_kafka_message_t *message)
{
    struct witness witness = partition->log.compare;
    struct record record;

    if (witness.offset != message->offset || message->err)
        return;
    partition->log.compare = WITNESS_NONE;
    message_record(message, &record);
    if (!witness_fits(&witness, &record))
        replaced_found(partition, difference_record);
}

/* --- the questions ---------------------------------------------------------------------------- */

static struct offsets_item question_of(struct source_partition *partition)
{
    const struct source *source = partition->source;

    return (struct offsets_item){
        .partition = partition,
        .generation = partition->generation,
        .topic = partition->topic->name,
        .number = partition->number,
        .looks = true,
        .ask_committed = !source->watch.knows_ids,
        .was_committed = partition->commit.committed >= 0,
        .time_ms = -1,
    };
}

size_t watch_ask(struct source *source, struct offsets_item *items)
{
    size_t count = 0;

    for (size_t i = 0; i < source->partition_count; i++)
        if (is_watched(source->partitions[i]))
            items[count++] = question_of(source->partitions[i]);
    source->watch.due_ms = source->now_ms + LOOK_MS;
    if (source->watch.commit_look == COMMIT_LOOK_DUE)
        source->watch.commit_look = COMMIT_LOOK_ASKED;
    if (!count)
        watch_is_done(source);
    return count;
}

void watch_soon(struct source *source)
{
    source->watch.due_ms = 0;
}

/* A frozen process does not know how long it was away, and the records it has fetched may be of
 * either log. */
void watch_notice(struct source *source)
{
    int64_t now_ms = clock_ms();

    if (source->watch.turned_ms && now_ms - source->watch.turned_ms > FROZEN_MS) {
        source->watch.blind = source->more = true;
        watch_soon(source);
    }
    source->watch.turned_ms = now_ms;
}

/* A commit waits for no partition that cannot start: its leader may be away for hours. */
int64_t watch_next_ms(const struct source *source)
{
    if (source->watch.commit_look == COMMIT_LOOK_DUE)
        return 0;
    if (source->starting)
        return INT64_MAX;
    return source->watch.due_ms - source->now_ms;
}

/* --- commits ---------------------------------------------------------------------------------- */

static bool records_wait(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (source->partitions[i]->commit.ahead >= 0)
            return true;
    return false;
}

bool watch_allows_commit(struct source *source)
{
    if (source->watch.knows_ids || source->watch.commit_look == COMMIT_LOOK_DONE)
        return true;
    if (records_wait(source) && source->now_ms - source->watch.answered_ms < AHEAD_LOOK_MS)
        return true;
    if (source->watch.commit_look == COMMIT_LOOK_NONE)
        source->watch.commit_look = COMMIT_LOOK_DUE;
    return false;
}

void watch_committed(struct source *source)
{
    source->watch.commit_look = COMMIT_LOOK_NONE;
}

bool watch_delays_commit(const struct source *source)
{
    return source->watch.commit_look == COMMIT_LOOK_DUE ||
           source->watch.commit_look == COMMIT_LOOK_ASKED;
}
