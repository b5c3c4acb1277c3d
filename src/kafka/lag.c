/*
 * lag.c: how far a group is behind its topics.
 *
 * Kafka's commit says where a bridge resumes, as long as it is of the log that is there now. If
 * nothing is committed the source's "start" says where one would begin; what cannot be said is not
 * known, and that is not a lag of 0.
 */
#include "kafka/lag.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/topic.h"
#include "kafka/client.h"
#include "kafka/difference.h"
#include "kafka/offsets.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES_MS = 5000, POLL_MS = 100 };

struct lag {
    const struct conf_source *source;
    struct client *client;
    rd_kafka_topic_partition_list_t *list; /* has the names */
    struct lag_partition *partitions;
    size_t count;
};

int64_t lag_of(const struct lag_partition *partition)
{
    return partition->position < 0 || partition->end < 0 ? -1
                                                         : partition->end - partition->position;
}

/* --- what the answers mean -------------------------------------------------------------------- */

static void note(struct lag_partition *partition, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct lag_partition *partition, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(partition->note, sizeof(partition->note), format, arguments);
    va_end(arguments);
}

static void judge_uncommitted(struct lag_partition *partition, const struct conf_start *start,
                              const struct offsets_item *item, int64_t now_ms)
{
    const char *why;

    if (start->kind == START_ERROR) {
        note(partition, "nothing is committed, and start = \"error\"");
    } else if (start->kind == START_LATEST && !item->group.began) {
        note(partition, "nothing is committed: the bridge would begin at the end that it finds");
    } else {
        partition->position = beginning_offset(start, item, now_ms, &why);
        note(partition, "nothing is committed: the bridge would begin at %" PRId64 "%s%s",
             partition->position, item->group.asked ? ", since " : "",
             item->group.asked ? why : "");
    }
}

void lag_judge(struct lag_partition *partition, const struct conf_source *source,
               const struct offsets_item *item, int64_t now_ms)
{
    const char *another =
        difference_of(item->note.another ? difference_noted : NULL, &item->note.log, &item->log);

    partition->start = item->low;
    partition->end = item->high;
    partition->committed = item->committed;
    partition->checkpoint = partition->position = partition->time_ms = -1;
    identity_write(&item->log, partition->log);
    partition->note[0] = '\0';
    if (item->err || item->low < 0 || item->high < 0) {
        note(partition, "%s",
             item->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? "Kafka does not have it"
             : item->err                                          ? rd_kafka_err2str(item->err)
                                                                  : "Kafka does not tell its ends");
        partition->end = -1;
    } else if (item->committed < 0) {
        judge_uncommitted(partition, &source->start, item, now_ms);
    } else if (another) {
        note(partition, "committed in another log than the topic has now: %s", another);
    } else if (item->committed > item->high) {
        note(partition, "committed above the end of the log");
    } else {
        partition->position = item->committed;
        if (item->committed < item->low)
            note(partition, "%" PRId64 " records below the start of the log are gone",
                 item->low - item->committed);
    }
}

void lag_checkpoint(struct lag_partition *partition, int64_t next, const char *log)
{
    struct identity now = identity_read(slice_of(partition->log));
    struct identity then = identity_read(slice_of(log));

    partition->checkpoint = next;
    partition->position = -1;
    partition->note[0] = '\0';
    if (partition->end < 0)
        return;
    if (identity_compare(&now, &then) == IDENTITY_ANOTHER)
        note(partition, "the checkpoint is of another log than the topic has now");
    else if (next > partition->end)
        note(partition, "the checkpoint is above the end of the log");
    else
        partition->position = next;
    if (partition->position >= 0 && next != partition->committed)
        note(partition, "the position is Redis' checkpoint; the commit in Kafka %s",
             partition->committed < 0      ? "is missing"
             : partition->committed < next ? "trails"
                                           : "is ahead");
}

/* --- asking ----------------------------------------------------------------------------------- */

static struct offsets_item question_of(const struct conf_source *source, const char *topic,
                                       int32_t number)
{
    const struct conf_start *start = &source->start;

    return (struct offsets_item){
        .topic = topic,
        .number = number,
        .ask_committed = true,
        .ask_group = start->kind == START_LATEST || start->kind == START_TIME,
        .since_began = start->kind == START_LATEST,
        .time_ms = start->kind == START_TIME ? start->time_ms : -1,
    };
}

static void lag_ask(struct lag *lag)
{
    struct offsets_item *items = mem_array((size_t)lag->list->cnt, sizeof(*items));
    size_t count = 0;

    for (int i = 0; i < lag->list->cnt; i++)
        if (lag->list->elems[i].partition >= 0)
            items[count++] =
                question_of(lag->source, lag->list->elems[i].topic, lag->list->elems[i].partition);
    if (count)
        offsets_query(lag->client->kafka, lag->source->group.text, items, count);
    for (size_t i = 0, next = 0; i < lag->count; i++) {
        struct lag_partition *partition = &lag->partitions[i];
        partition->topic = lag->list->elems[i].topic;
        partition->number = lag->list->elems[i].partition;
        if (partition->number >= 0)
            lag_judge(partition, lag->source, &items[next++], clock_wall_ms());
        else
            lag_judge(partition, lag->source,
                      &(struct offsets_item){.err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                             .committed = -1,
                                             .low = -1,
                                             .high = -1},
                      0);
    }
    free(items);
}

/* Those topics of the source's that are, or may be, @p only. */
static size_t keep_only(const char **topics, size_t count, const char **only)
{
    for (size_t i = 0; *only && i < count; i++) {
        struct topic_matcher *matcher = topic_matcher_new(topics[i], NULL);
        bool takes = matcher && topic_matcher_takes(matcher, *only);
        topic_matcher_free(matcher);
        if (!takes)
            continue;
        topics[0] = *only;
        return 1;
    }
    return *only ? 0 : count;
}

struct lag *lag_new(const struct conf *conf, const struct conf_source *source, const char *only,
                    struct err *err)
{
    /* For lag_ask_times(): one record of each partition. */
    static const char *const settings[] = {"fetch.message.max.bytes",
                                           "1",
                                           "queued.min.messages",
                                           "1",
                                           "fetch.min.bytes",
                                           "1",
                                           "fetch.wait.max.ms",
                                           "100",
                                           NULL};
    struct lag *lag = mem_new(struct lag);
    size_t count;
    const char **topics = conf_topics(conf, source, &count);

    count = keep_only(topics, count, &only);
    lag->source = source;
    lag->client = client_new(conf, source, settings, err);
    if (lag->client)
        lag->list = client_partitions(lag->client, topics, count, err);
    free(topics);
    if (!lag->list) {
        lag_free(lag);
        return NULL;
    }
    lag->count = (size_t)lag->list->cnt;
    lag->partitions = mem_array(lag->count, sizeof(*lag->partitions));
    lag_ask(lag);
    return lag;
}

void lag_free(struct lag *lag)
{
    if (!lag)
        return;
    if (lag->list)
        rd_kafka_topic_partition_list_destroy(lag->list);
    client_free(lag->client);
    free(lag->partitions);
    free(lag);
}

struct lag_partition *lag_partitions(struct lag *lag, size_t *count)
{
    *count = lag->count;
    return lag->partitions;
}

/* --- how old the first record is -------------------------------------------------------------- */

/* Reads those that have something behind their positions. */
static int assign(struct lag *lag)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    int count;

    for (size_t i = 0; i < lag->count; i++) {
        const struct lag_partition *partition = &lag->partitions[i];
        int64_t from =
            partition->position > partition->start ? partition->position : partition->start;
        if (partition->position >= 0 && from < partition->end)
            rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset =
                from;
    }
    count = list->cnt;
    if (count && rd_kafka_assign(lag->client->kafka, list))
        count = 0;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

/* Whether it is the first that is known of its partition. */
static bool take_time(struct lag *lag, const rd_kafka_message_t *message, bool *seen)
{
    bool is_record = !message->err;

    if (!message->rkt || (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF))
        return false;
    for (size_t i = 0; i < lag->count; i++) {
        if (lag->partitions[i].number != message->partition ||
            strcmp(lag->partitions[i].topic, rd_kafka_topic_name(message->rkt)) != 0)
            continue;
        if (seen[i])
            return false;
        if (is_record)
            lag->partitions[i].time_ms = rd_kafka_message_timestamp(message, NULL);
        return seen[i] = true;
    }
    return false;
}

void lag_ask_times(struct lag *lag)
{
    int64_t until_ms = clock_ms() + TIMES_MS;
    int open = assign(lag);
    bool *seen = mem_array(lag->count, sizeof(*seen));

    while (open > 0 && clock_ms() < until_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(lag->client->kafka, POLL_MS);
        if (!message)
            continue;
        open -= take_time(lag, message, seen);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_assign(lag->client->kafka, NULL);
    free(seen);
}
