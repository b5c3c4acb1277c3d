/* identity.c: what identifies a log among those of the same name. */
#include "kafka/identity.h"

#include "base/clock.h"
#include "base/mem.h"
#include "kafka/newer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- texts ------------------------------------------------------------------------------------ */

enum identity_relation identity_compare(const struct identity *left, const struct identity *right)
{
    if (left->topic[0] && right->topic[0])
        return strcmp(left->topic, right->topic) == 0 ? IDENTITY_SAME : IDENTITY_ANOTHER;
    if (left->cluster[0] && right->cluster[0] && strcmp(left->cluster, right->cluster) != 0)
        return IDENTITY_ANOTHER;
    return IDENTITY_UNKNOWN;
}

void identity_write(const struct identity *identity, char text[IDENTITY_BYTES])
{
    text[0] = '\0';
    if (identity->cluster[0] || identity->topic[0])
        snprintf(text, IDENTITY_BYTES, "%s/%s", identity->cluster, identity->topic);
}

/* What would break the form of a text, or does not fit, is not known. */
static void keep(char *out, size_t size, struct slice text)
{
    out[0] = '\0';
    if (text.length >= size)
        return;
    for (size_t i = 0; i < text.length; i++)
        if (!isgraph((unsigned char)text.data[i]) || text.data[i] == '/')
            return;
    memcpy(out, text.data, text.length);
    out[text.length] = '\0';
}

struct identity identity_read(struct slice text)
{
    const char *slash = text.length ? memchr(text.data, '/', text.length) : NULL;
    struct identity identity = {{0}, {0}};

    if (!slash)
        return identity;
    size_t length = (size_t)(slash - text.data);
    keep(identity.cluster, sizeof(identity.cluster), (struct slice){text.data, length});
    keep(identity.topic, sizeof(identity.topic),
         (struct slice){slash + 1, text.length - length - 1});
    return identity;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void ask_cluster(rd_kafka_t *kafka, struct identity_question *questions, size_t count)
{
    char *id = rd_kafka_clusterid(kafka, 0);

    for (size_t i = 0; id && i < count; i++)
        keep(questions[i].identity.cluster, sizeof(questions[i].identity.cluster), slice_of(id));
    if (id)
        rd_kafka_mem_free(kafka, id);
}

static struct identity_question *question_of(struct identity_question *questions, size_t count,
                                             const char *topic)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(questions[i].topic, topic) == 0)
            return &questions[i];
    return NULL;
}

/* In the letters that Kafka's own tools write it with. */
static void keep_id(struct identity *identity, const char *base64)
{
    char text[IDENTITY_TOPIC_BYTES];

    snprintf(text, sizeof(text), "%s", base64 ? base64 : "");
    for (char *letter = text; *letter; letter++)
        *letter = *letter == '/' ? '_' : *letter == '+' ? '-' : *letter;
    keep(identity->topic, sizeof(identity->topic), slice_of(text));
}

/* Brokers before 2.8 have no ids: all zero. */
static void take_description(struct identity_question *question,
                             const rd_kafka_TopicDescription_t *topic)
{
    const rd_kafka_Uuid_t *id = rd_kafka_TopicDescription_topic_id(topic);

    question->err = rd_kafka_error_code(rd_kafka_TopicDescription_error(topic));
    if (question->err || !id ||
        (!rd_kafka_Uuid_least_significant_bits(id) && !rd_kafka_Uuid_most_significant_bits(id)))
        return;
    keep_id(&question->identity, rd_kafka_Uuid_base64str(id));
}

static void take_result(rd_kafka_event_t *event, struct identity_question *questions, size_t count)
{
    size_t topic_count = 0;
    const rd_kafka_TopicDescription_t **topics = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(event), &topic_count);

    for (size_t i = 0; i < topic_count; i++) {
        /* Answers come in the order of the questions. */
        struct identity_question *question = question_of(questions + i, count > i ? count - i : 0,
                                                         rd_kafka_TopicDescription_name(topics[i]));
        if (!question)
            question = question_of(questions, count, rd_kafka_TopicDescription_name(topics[i]));
        if (question)
            take_description(question, topics[i]);
    }
}

static bool has_broker(const struct rd_kafka_metadata *metadata, int32_t id)
{
    for (int i = 0; i < metadata->broker_cnt; i++)
        if (metadata->brokers[i].id == id)
            return true;
    return false;
}

/* Any broker can describe topics, but librdkafka asks the controller, and waits for one if there is
 * none. Its mock cluster names one that does not exist. */
static void choose_broker(rd_kafka_t *kafka, const char *topic, int wait_ms,
                          rd_kafka_AdminOptions_t *options)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(kafka, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    char text[256];

    if (!handle)
        return;
    if (rd_kafka_metadata(kafka, 0, handle, &metadata, wait_ms) == 0) {
        if (metadata->broker_cnt && !has_broker(metadata, rd_kafka_controllerid(kafka, 0)))
            rd_kafka_AdminOptions_set_broker(options, metadata->brokers[0].id, text, sizeof(text));
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
}

static rd_kafka_event_t *describe(rd_kafka_t *kafka, const struct identity_question *questions,
                                  size_t count, int wait_ms)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_ANY);
    const char **names = mem_array(count, sizeof(*names));
    rd_kafka_TopicCollection_t *topics;
    rd_kafka_event_t *event;
    char text[256];

    for (size_t i = 0; i < count; i++)
        names[i] = questions[i].topic;
    topics = rd_kafka_TopicCollection_of_topic_names(names, count);
    rd_kafka_AdminOptions_set_request_timeout(options, wait_ms, text, sizeof(text));
    choose_broker(kafka, names[0], wait_ms, options);
    rd_kafka_DescribeTopics(kafka, topics, options, queue);
    event = rd_kafka_queue_poll(queue, wait_ms + wait_ms / 2);
    rd_kafka_TopicCollection_destroy(topics);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    free(names);
    return event;
}

static void ask_topics(rd_kafka_t *kafka, struct identity_question *questions, size_t count,
                       int wait_ms)
{
    rd_kafka_event_t *event = describe(kafka, questions, count, wait_ms);
    rd_kafka_resp_err_t err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;

    for (size_t i = 0; i < count; i++)
        questions[i].err = err;
    if (!err)
        take_result(event, questions, count);
    if (event)
        rd_kafka_event_destroy(event);
}

void identities_ask(rd_kafka_t *kafka, struct identity_question *questions, size_t count,
                    int wait_ms)
{
    for (size_t i = 0; i < count; i++) {
        questions[i].identity = (struct identity){{0}, {0}};
        questions[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (newer_has_topic_ids() && count)
        ask_topics(kafka, questions, count, wait_ms);
    ask_cluster(kafka, questions, count);
}
