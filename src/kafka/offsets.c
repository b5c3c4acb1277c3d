/* offsets.c: offset queries for which librdkafka offers only blocking calls. */
#include "kafka/offsets.h"

#include "base/mem.h"
#include "kafka/asker.h"

#include <stdlib.h>
#include <string.h>

/* Becomes the time limit of the request itself: a shorter one makes librdkafka complain. */
enum { ASK_MS = 5000, SINCE_MS = 1000 };

struct offsets {
    rd_kafka_t *kafka;
    char *group;
    struct asker asker;
    /* under its mutex: */
    struct offsets_item *items; /* asked or answered */
    size_t count;
    bool answered;
    rd_kafka_topic_partition_list_t *ends_asked; /* NULL: they are not */
    unsigned answers;                            /* to ends_asked, so far */
    rd_kafka_topic_partition_list_t *ends;       /* the last answer; NULL: taken */
    /* of the worker's thread: */
    bool busy;
};

/* --- the thread's own part ------------------------------------------------------------------- */

static rd_kafka_topic_partition_list_t *items_list(const struct offsets_item *items, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, items[i].topic, items[i].number);
    return list;
}

static int compare(const void *left, const void *right, void *context)
{
    const rd_kafka_topic_partition_t *a = left, *b = right;
    int topics = strcmp(a->topic, b->topic);

    (void)context;
    return topics ? topics : (a->partition > b->partition) - (a->partition < b->partition);
}

/* librdkafka may answer in another order than it was asked, and it would look for each of ten
 * thousand partitions from the beginning of the list. */
static void sort_answers(rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_sort(list, compare, NULL);
}

static const rd_kafka_topic_partition_t *find_answer(const rd_kafka_topic_partition_list_t *list,
                                                     const struct offsets_item *item)
{
    rd_kafka_topic_partition_t wanted = {.topic = (char *)(uintptr_t)item->topic,
                                         .partition = item->number};
    int from = 0, to = list->cnt;

    while (from < to) {
        int middle = from + (to - from) / 2;
        int order = compare(&list->elems[middle], &wanted, NULL);
        if (order == 0)
            return &list->elems[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

/* Of a sorted list. */
static const rd_kafka_topic_partition_t *item_answer(const rd_kafka_topic_partition_list_t *list,
                                                     struct offsets_item *item)
{
    const rd_kafka_topic_partition_t *answer = find_answer(list, item);

    if (answer && answer->err && !item->err)
        item->err = answer->err;
    return answer && !answer->err ? answer : NULL;
}

static void items_fail(struct offsets_item *items, size_t count, rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < count; i++)
        if (!items[i].err)
            items[i].err = err;
}

static void ask_committed(rd_kafka_t *kafka, struct offsets_item *items, size_t count)
{
    rd_kafka_topic_partition_list_t *list = items_list(items, count);
    rd_kafka_resp_err_t err = rd_kafka_committed(kafka, list, ASK_MS);

    if (err)
        items_fail(items, count, err);
    sort_answers(list);
    for (size_t i = 0; !err && i < count; i++) {
        const rd_kafka_topic_partition_t *answer = item_answer(list, &items[i]);
        if (!answer || !items[i].ask_committed || answer->offset < 0)
            continue;
        items[i].committed = answer->offset;
        items[i].note = commit_note_read((struct slice){answer->metadata, answer->metadata_size},
                                         answer->offset);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* The three questions to a partition's leader; the first two are sentinel times of Kafka's
 * ListOffsets request. */
enum leader_question { ASK_LOW, ASK_HIGH, ASK_TIME };

static int64_t question_time(enum leader_question question, const struct offsets_item *item)
{
    if (question == ASK_LOW)
        return RD_KAFKA_OFFSET_BEGINNING;
    return question == ASK_HIGH || item->time_ms < 0 ? RD_KAFKA_OFFSET_END : item->time_ms;
}

static void take_leader(struct offsets_item *item, enum leader_question question, int64_t offset)
{
    if (question == ASK_LOW)
        item->low = offset;
    else if (question == ASK_HIGH)
        item->high = offset;
    else
        item->at_time = offset;
}

static void ask_leaders(rd_kafka_t *kafka, struct offsets_item *items, size_t count,
                        enum leader_question question)
{
    rd_kafka_topic_partition_list_t *list = items_list(items, count);
    rd_kafka_resp_err_t err;

    for (size_t i = 0; i < count; i++) /* in the order of the items, so far */
        list->elems[i].offset = question_time(question, &items[i]);
    err = rd_kafka_offsets_for_times(kafka, list, ASK_MS);
    if (err)
        items_fail(items, count, err);
    sort_answers(list);
    for (size_t i = 0; !err && i < count; i++) {
        const rd_kafka_topic_partition_t *answer = item_answer(list, &items[i]);
        if (answer && answer->offset >= 0)
            take_leader(&items[i], question, answer->offset);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- which logs they are --- */

static int compare_questions(const void *left, const void *right)
{
    const struct identity_question *a = left, *b = right;

    return strcmp(a->topic, b->topic);
}

/* Each topic once, sorted. */
static size_t questions_make(struct identity_question *questions, const struct offsets_item *items,
                             size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        questions[i].topic = items[i].topic;
    qsort(questions, count, sizeof(*questions), compare_questions);
    for (size_t i = 0; i < count; i++)
        if (!kept || compare_questions(&questions[kept - 1], &questions[i]) != 0)
            questions[kept++] = questions[i];
    return kept;
}

static void ask_logs(rd_kafka_t *kafka, struct offsets_item *items, size_t count)
{
    struct identity_question *questions = mem_array(count, sizeof(*questions));
    size_t topics = questions_make(questions, items, count);

    identities_ask(kafka, questions, topics, ASK_MS);
    for (size_t i = 0; i < count; i++) {
        const struct identity_question wanted = {.topic = items[i].topic};
        const struct identity_question *answer =
            bsearch(&wanted, questions, topics, sizeof(*questions), compare_questions);
        items[i].log = answer->identity;
        if (!items[i].err)
            items[i].err = answer->err;
    }
    free(questions);
}

/* Whether any time is to be asked for. A little earlier than the group began: clocks differ. */
static bool ask_since(struct offsets_item *items, size_t count)
{
    bool times = false;

    for (size_t i = 0; i < count; i++) {
        const struct beginning *group = &items[i].group;
        if (items[i].since_began && group->began && group->began_ms >= SINCE_MS)
            items[i].time_ms = group->began_ms - SINCE_MS;
        times |= items[i].time_ms >= 0;
    }
    return times;
}

/* The identities first: the other answers are of these logs or of newer ones, which the next look
 * finds out. */
void offsets_query(rd_kafka_t *kafka, const char *group, struct offsets_item *items, size_t count)
{
    bool committed = false, ends = false, times = false;

    for (size_t i = 0; i < count; i++) {
        items[i].committed = items[i].low = items[i].high = items[i].at_time = -1;
        items[i].note = commit_note_read((struct slice){NULL, 0}, -1);
        items[i].group = (struct beginning){.began_ms = -1};
        items[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        committed |= items[i].ask_committed;
        ends |= !items[i].looks;
    }
    ask_logs(kafka, items, count);
    if (committed)
        ask_committed(kafka, items, count);
    beginnings_ask(kafka, group, items, count, ASK_MS);
    times = ask_since(items, count);
    if (ends)
        ask_leaders(kafka, items, count, ASK_LOW);
    if (ends)
        ask_leaders(kafka, items, count, ASK_HIGH);
    if (times)
        ask_leaders(kafka, items, count, ASK_TIME);
}

/* The list with its answers; NULL: there was none. */
static rd_kafka_topic_partition_list_t *ask_ends(rd_kafka_t *kafka,
                                                 rd_kafka_topic_partition_list_t *list)
{
    if (!rd_kafka_offsets_for_times(kafka, list, ASK_MS))
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

static void keep_ends(struct offsets *offsets, rd_kafka_topic_partition_list_t *ends)
{
    if (offsets->ends)
        rd_kafka_topic_partition_list_destroy(offsets->ends);
    offsets->ends = ends;
    offsets->answers++;
}

static bool offsets_work(void *context)
{
    struct offsets *offsets = context;
    rd_kafka_topic_partition_list_t *asked = offsets->ends_asked;
    struct offsets_item *items = offsets->answered ? NULL : offsets->items;
    rd_kafka_topic_partition_list_t *ends = NULL;

    if (!asked && !items)
        return false;
    offsets->ends_asked = NULL;
    pthread_mutex_unlock(&offsets->asker.mutex);
    if (asked)
        ends = ask_ends(offsets->kafka, asked);
    if (items)
        offsets_query(offsets->kafka, offsets->group, items, offsets->count);
    pthread_mutex_lock(&offsets->asker.mutex);
    if (ends)
        keep_ends(offsets, ends);
    if (items) {
        offsets->answered = true;
        asker_answer(&offsets->asker);
    }
    return true;
}

/* --- the worker's part ----------------------------------------------------------------------- */

struct offsets *offsets_new(rd_kafka_t *kafka, const char *group, int wake_fd)
{
    struct offsets *offsets = mem_new(struct offsets);

    offsets->kafka = kafka;
    offsets->group = mem_text(group);
    if (asker_start(&offsets->asker, offsets_work, offsets, wake_fd))
        return offsets;
    free(offsets->group);
    free(offsets);
    return NULL;
}

bool offsets_are_busy(const struct offsets *offsets)
{
    return offsets->busy;
}

void offsets_ask(struct offsets *offsets, struct offsets_item *items, size_t count)
{
    pthread_mutex_lock(&offsets->asker.mutex);
    offsets->items = items;
    offsets->count = count;
    offsets->answered = false;
    asker_call(&offsets->asker);
    pthread_mutex_unlock(&offsets->asker.mutex);
    offsets->busy = true;
}

struct offsets_item *offsets_take(struct offsets *offsets, size_t *count)
{
    struct offsets_item *items = NULL;

    if (!offsets->busy)
        return NULL;
    pthread_mutex_lock(&offsets->asker.mutex);
    if (offsets->answered) {
        items = offsets->items;
        *count = offsets->count;
        offsets->items = NULL;
        offsets->answered = offsets->busy = false;
    }
    pthread_mutex_unlock(&offsets->asker.mutex);
    return items;
}

void offsets_ask_ends(struct offsets *offsets, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *old;

    pthread_mutex_lock(&offsets->asker.mutex);
    old = offsets->ends_asked;
    offsets->ends_asked = list;
    asker_call(&offsets->asker);
    pthread_mutex_unlock(&offsets->asker.mutex);
    if (old)
        rd_kafka_topic_partition_list_destroy(old);
}

rd_kafka_topic_partition_list_t *offsets_take_ends(struct offsets *offsets)
{
    rd_kafka_topic_partition_list_t *ends;

    pthread_mutex_lock(&offsets->asker.mutex);
    ends = offsets->ends;
    offsets->ends = NULL;
    pthread_mutex_unlock(&offsets->asker.mutex);
    return ends;
}

unsigned offsets_ends_answered(struct offsets *offsets)
{
    unsigned answers;

    pthread_mutex_lock(&offsets->asker.mutex);
    answers = offsets->answers;
    pthread_mutex_unlock(&offsets->asker.mutex);
    return answers;
}

bool offsets_free(struct offsets *offsets, int64_t wait_ms)
{
    if (!offsets)
        return true;
    if (!asker_end(&offsets->asker, wait_ms))
        return false;
    if (offsets->ends_asked)
        rd_kafka_topic_partition_list_destroy(offsets->ends_asked);
    if (offsets->ends)
        rd_kafka_topic_partition_list_destroy(offsets->ends);
    free(offsets->items);
    free(offsets->group);
    free(offsets);
    return true;
}
