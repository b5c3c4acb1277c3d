/* ranges.c: chooses the ranges of a replay. */
#include "kafka/ranges.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/topic.h"
#include "kafka/client.h"
#include "kafka/message.h"
#include "kafka/offsets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PEEK_MS = 10000, POLL_MS = 100 };

struct ranges {
    struct client *client;
    rd_kafka_topic_partition_list_t *list; /* has the names */
    struct range_found *items;
    size_t count;
};

/* --- which partitions ------------------------------------------------------------------------- */

static bool is_wished(const struct ranges_question *question, const char *topic, int32_t number)
{
    for (size_t i = 0; i < question->wish_count; i++)
        if (strcmp(question->wishes[i].topic, topic) == 0 && question->wishes[i].number == number)
            return true;
    return false;
}

static bool is_wanted(const struct ranges_question *question, const char *topic, int32_t number)
{
    if (question->wish_count)
        return is_wished(question, topic, number);
    if (question->topic && strcmp(question->topic, topic) != 0)
        return false;
    for (size_t i = 0; i < question->partition_count; i++)
        if (question->partitions[i] == number)
            return true;
    return !question->partition_count;
}

/* What the routes read, and the question wants. */
static rd_kafka_topic_partition_list_t *choose(struct client *client, const char *const *topics,
                                               size_t count, const struct ranges_question *question,
                                               struct err *err)
{
    rd_kafka_topic_partition_list_t *all = client_partitions(client, topics, count, err);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (int i = 0; all && i < all->cnt; i++)
        if (all->elems[i].partition >= 0 &&
            is_wanted(question, all->elems[i].topic, all->elems[i].partition))
            rd_kafka_topic_partition_list_add(list, all->elems[i].topic, all->elems[i].partition);
    if (all)
        rd_kafka_topic_partition_list_destroy(all);
    if (all && list->cnt)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    if (all)
        err_set(err, ERR_CONFIG, "no route reads such a partition that Kafka has");
    return NULL;
}

/* An offset means another record in each partition. */
static bool fits(const struct ranges *ranges, const struct ranges_question *question,
                 struct err *err)
{
    bool offsets = question->from.kind == POINT_OFFSET || question->to.kind == POINT_OFFSET;

    for (size_t i = 0; i < question->wish_count; i++) {
        const struct range_wish *wish = &question->wishes[i];
        if (!rd_kafka_topic_partition_list_find(ranges->list, wish->topic, wish->number))
            return err_set(err, ERR_CONFIG,
                           "%s:%" PRId32 ": no route reads it, or Kafka does not "
                           "have it",
                           wish->topic, wish->number);
    }
    if (!question->wish_count && offsets && ranges->count > 1)
        return err_set(
            err, ERR_CONFIG,
            "an offset is of one partition, and there are %zu: choose one by --topic and "
            "--partition, or use --range",
            ranges->count);
    return true;
}

/* --- their edges ------------------------------------------------------------------------------ */

static bool ask(struct ranges *ranges, const char *group, int64_t time_ms,
                struct offsets_item *items, struct err *err)
{
    for (size_t i = 0; i < ranges->count; i++)
        items[i] = (struct offsets_item){.topic = ranges->list->elems[i].topic,
                                         .number = ranges->list->elems[i].partition,
                                         .ask_committed = true,
                                         .time_ms = time_ms};
    offsets_query(ranges->client->kafka, group, items, ranges->count);
    for (size_t i = 0; i < ranges->count; i++)
        if (items[i].err || items[i].low < 0 || items[i].high < 0)
            return client_failed(ranges->client,
                                 items[i].err ? items[i].err : RD_KAFKA_RESP_ERR__TIMED_OUT,
                                 items[i].topic, err);
    return true;
}

static int64_t edge(const struct range_point *point, const struct offsets_item *item)
{
    switch (point->kind) {
    case POINT_START:
        return item->low;
    case POINT_END:
        return item->high;
    case POINT_TIME:
        return item->at_time >= 0 ? item->at_time : item->high;
    default:
        return point->value;
    }
}

static int64_t within(int64_t offset, int64_t low, int64_t high)
{
    return offset < low ? low : offset > high ? high : offset;
}

static void set(struct range_found *range, int64_t from, int64_t to,
                const struct offsets_item *item)
{
    *range = (struct range_found){.topic = item->topic,
                                  .number = item->number,
                                  .from = within(from, item->low, item->high),
                                  .to = within(to, item->low, item->high),
                                  .start = item->low,
                                  .end = item->high,
                                  .committed = item->committed};
    if (from < item->low)
        range->gone = (to < item->low ? to : item->low) - from;
    if (range->to < range->from)
        range->to = range->from;
}

static const struct range_wish *wish_of(const struct ranges_question *question,
                                        const struct offsets_item *item)
{
    for (size_t i = 0; i < question->wish_count; i++)
        if (question->wishes[i].number == item->number &&
            strcmp(question->wishes[i].topic, item->topic) == 0)
            return &question->wishes[i];
    return NULL;
}

static int64_t time_of(const struct range_point *point)
{
    return point->kind == POINT_TIME ? point->value : -1;
}

/* Kafka answers one time for a partition and question. */
static bool find_edges(struct ranges *ranges, const char *group,
                       const struct ranges_question *question, struct err *err)
{
    struct offsets_item *from = mem_array(ranges->count, sizeof(*from));
    struct offsets_item *to = mem_array(ranges->count, sizeof(*to));
    bool good = ask(ranges, group, time_of(&question->from), from, err) &&
                ask(ranges, group, time_of(&question->to), to, err);

    for (size_t i = 0; good && i < ranges->count; i++) {
        const struct range_wish *wish = wish_of(question, &to[i]);
        if (wish)
            set(&ranges->items[i], wish->from, wish->to, &to[i]);
        else
            set(&ranges->items[i], edge(&question->from, &from[i]), edge(&question->to, &to[i]),
                &to[i]);
    }
    free(from);
    free(to);
    return good;
}

struct ranges *ranges_find(const struct conf *conf, const struct conf_source *source,
                           const struct ranges_question *question, struct err *err)
{
    struct ranges *ranges = mem_new(struct ranges);
    size_t count;
    const char **topics = conf_topics(conf, source, &count);

    ranges->client = client_new(conf, source, NULL, err);
    if (ranges->client)
        ranges->list = choose(ranges->client, topics, count, question, err);
    free(topics);
    if (ranges->list) {
        ranges->count = (size_t)ranges->list->cnt;
        ranges->items = mem_array(ranges->count, sizeof(*ranges->items));
        if (fits(ranges, question, err) && find_edges(ranges, source->group.text, question, err))
            return ranges;
    }
    ranges_free(ranges);
    return NULL;
}

void ranges_free(struct ranges *ranges)
{
    if (!ranges)
        return;
    if (ranges->list)
        rd_kafka_topic_partition_list_destroy(ranges->list);
    client_free(ranges->client);
    free(ranges->items);
    free(ranges);
}

const struct range_found *ranges_all(const struct ranges *ranges, size_t *count)
{
    *count = ranges->count;
    return ranges->items;
}

/* --- their first records ---------------------------------------------------------------------- */

/* How many of @p limit were read. */
static size_t peek(struct ranges *ranges, const struct range_found *range, size_t limit,
                   void (*visit)(void *context, struct record *record), void *context)
{
    int64_t until_ms = clock_ms() + PEEK_MS, next = range->from;
    size_t count = 0;

    while (count < limit && next < range->to && clock_ms() < until_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(ranges->client->kafka, POLL_MS);
        struct record record;
        if (!message)
            continue;
        if (message->partition != range->number) {
            rd_kafka_message_destroy(message);
            continue;
        }
        if (!message->err && message->offset < range->to) {
            message_record(message, &record);
            record.topic = range->topic;
            visit(context, &record);
            count++;
        }
        if (!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            next = message->offset + (message->err == 0);
        rd_kafka_message_destroy(message);
    }
    return count;
}

void ranges_peek(struct ranges *ranges, size_t limit,
                 void (*visit)(void *context, struct record *record), void *context)
{
    for (size_t i = 0; i < ranges->count && limit; i++) {
        const struct range_found *range = &ranges->items[i];
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, range->topic, range->number)->offset = range->from;
        if (range->from < range->to && !rd_kafka_assign(ranges->client->kafka, list))
            limit -= peek(ranges, range, limit, visit, context);
        rd_kafka_topic_partition_list_destroy(list);
    }
    rd_kafka_assign(ranges->client->kafka, NULL);
}
