/* beginning.c: where a partition begins if the group has committed nothing of it. */
#include "kafka/beginning.h"

#include "base/clock.h"
#include "kafka/offsets.h"

#include <string.h>

enum { BEGINS_MS = 60000, TEXT_BYTES = 256 };

enum beginning_kind beginning_of(const struct beginning *beginning, int32_t number, int64_t now_ms)
{
    if (!beginning->began)
        return BEGINNING_NOW;
    if (number < beginning->partitions)
        return BEGINNING_THEN;
    if (!beginning->partitions && beginning->began_ms >= 0 &&
        now_ms - beginning->began_ms < BEGINS_MS)
        return BEGINNING_THEN;
    return BEGINNING_LATER;
}

int64_t beginning_offset(const struct conf_start *start, const struct offsets_item *item,
                         int64_t now_ms, const char **why)
{
    static const char *const whys[] = {
        [BEGINNING_NOW] = "the group begins",
        [BEGINNING_THEN] = "it was there when the group began",
        [BEGINNING_LATER] = "it appeared after the group had begun",
    };
    enum beginning_kind kind = beginning_of(&item->group, item->number, now_ms);

    *why = item->group.asked ? whys[kind] : "nothing is committed";
    if (kind == BEGINNING_LATER || start->kind == START_EARLIEST)
        return item->low;
    return item->at_time >= 0 ? item->at_time : item->high;
}

static bool wants_to_know(const struct offsets_item *item)
{
    return item->ask_group && !item->err && item->committed < 0;
}

/* --- a group that has begun ------------------------------------------------------------------- */

static void learn(struct beginning *beginning, const char *topic,
                  const rd_kafka_topic_partition_t *commit)
{
    struct commit_note note;

    if (commit->offset < 0 || commit->err)
        return;
    note =
        commit_note_read((struct slice){commit->metadata, commit->metadata_size}, commit->offset);
    beginning->began = true;
    if (note.began_ms < 0)
        return;
    if (beginning->began_ms < 0 || note.began_ms < beginning->began_ms)
        beginning->began_ms = note.began_ms;
    if (strcmp(commit->topic, topic) == 0 && note.partitions > beginning->partitions)
        beginning->partitions = note.partitions;
}

static void learn_all(struct offsets_item *items, size_t count,
                      const rd_kafka_topic_partition_list_t *commits)
{
    for (size_t i = 0; i < count; i++) {
        if (!wants_to_know(&items[i]))
            continue;
        items[i].group = (struct beginning){.asked = true, .began_ms = -1};
        for (int j = 0; j < commits->cnt; j++)
            learn(&items[i].group, items[i].topic, &commits->elems[j]);
    }
}

/* The event holds all that the group has committed, of whatever topic. */
static rd_kafka_event_t *ask_commits(rd_kafka_t *kafka, const char *group, int wait_ms)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_ANY);
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
    rd_kafka_event_t *event;
    char text[TEXT_BYTES];

    rd_kafka_AdminOptions_set_request_timeout(options, wait_ms, text, sizeof(text));
    rd_kafka_ListConsumerGroupOffsets(kafka, &question, 1, options, queue);
    event = rd_kafka_queue_poll(queue, wait_ms + wait_ms / 2);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return event;
}

static rd_kafka_resp_err_t take_commits(rd_kafka_event_t *event, struct offsets_item *items,
                                        size_t count)
{
    const rd_kafka_group_result_t **groups;
    const rd_kafka_error_t *error;
    size_t groups_count = 0;

    if (!event)
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (rd_kafka_event_error(event))
        return rd_kafka_event_error(event);
    groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &groups_count);
    if (!groups_count)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    error = rd_kafka_group_result_error(groups[0]);
    if (error)
        return rd_kafka_error_code(error);
    learn_all(items, count, rd_kafka_group_result_partitions(groups[0]));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* --- one that begins now ---------------------------------------------------------------------- */

static bool begins_now(const struct offsets_item *item)
{
    return item->group.asked && !item->group.began;
}

static void begin(struct offsets_item *item, const struct rd_kafka_metadata *metadata)
{
    item->group.began_ms = clock_wall_ms();
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, item->topic) == 0)
            item->group.partitions = metadata->topics[i].partition_cnt;
}

static void begin_all(rd_kafka_t *kafka, struct offsets_item *items, size_t count, int wait_ms)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(kafka, 1, NULL, &metadata, wait_ms);

    for (size_t i = 0; i < count; i++) {
        if (begins_now(&items[i]) && err)
            items[i].err = err;
        else if (begins_now(&items[i]))
            begin(&items[i], metadata);
    }
    if (!err)
        rd_kafka_metadata_destroy(metadata);
}

void beginnings_ask(rd_kafka_t *kafka, const char *group, struct offsets_item *items, size_t count,
                    int wait_ms)
{
    rd_kafka_resp_err_t err;
    rd_kafka_event_t *event;
    bool wanted = false, begins = false;

    for (size_t i = 0; i < count; i++)
        wanted |= wants_to_know(&items[i]);
    if (!wanted)
        return;
    event = ask_commits(kafka, group, wait_ms);
    err = take_commits(event, items, count);
    for (size_t i = 0; i < count; i++) {
        if (wants_to_know(&items[i]) && err)
            items[i].err = err;
        begins |= begins_now(&items[i]);
    }
    if (event)
        rd_kafka_event_destroy(event);
    if (begins)
        begin_all(kafka, items, count, wait_ms);
}
