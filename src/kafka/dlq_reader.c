/* dlq_reader.c: the topic of dead letters, read from its beginning to the end that it has now.
 */
#include "kafka/dlq_reader.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "kafka/client.h"
#include "kafka/done_list.h"
#include "kafka/identity.h"
#include "kafka/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SILENCE_MS = 15000 };

struct reader_partition {
    int64_t next, end; /* of what is to be read */
    struct done_list done;
    bool marked;
};

struct dlq_reader {
    struct conf_source source; /* a member of the group "GROUP.dlq" */
    char *group;
    char *topic;
    struct client *client;
    struct identity log;
    struct reader_partition *partitions;
    int partition_count;
    rd_kafka_message_t *message; /* lent out */
};

/* --- opening ---------------------------------------------------------------------------------- */

static bool reader_count_partitions(struct dlq_reader *reader, struct err *err)
{
    const char *topic = reader->topic;
    rd_kafka_topic_partition_list_t *list = client_partitions(reader->client, &topic, 1, err);

    if (!list)
        return false;
    bool found = list->cnt && list->elems[0].partition >= 0;
    reader->partition_count = found ? list->cnt : 0;
    rd_kafka_topic_partition_list_destroy(list);
    reader->partitions = mem_array((size_t)reader->partition_count, sizeof(*reader->partitions));
    return found || client_failed(reader->client, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                  reader->topic, err);
}

static bool reader_ask_ends(struct dlq_reader *reader, struct err *err)
{
    for (int32_t i = 0; i < reader->partition_count; i++) {
        struct reader_partition *partition = &reader->partitions[i];
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(reader->client->kafka, reader->topic, i,
                                             &partition->next, &partition->end, CLIENT_QUESTION_MS);
        if (code)
            return client_failed(reader->client, code, reader->topic, err);
    }
    return true;
}

static rd_kafka_topic_partition_list_t *reader_list(const struct dlq_reader *reader)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(reader->partition_count);

    for (int32_t i = 0; i < reader->partition_count; i++)
        rd_kafka_topic_partition_list_add(list, reader->topic, i)->offset =
            reader->partitions[i].next;
    return list;
}

static bool reader_ask_log(struct dlq_reader *reader, struct identity *log, struct err *err)
{
    struct identity_question question = {.topic = reader->topic};

    identities_ask(reader->client->kafka, &question, 1, CLIENT_QUESTION_MS);
    if (question.err)
        return client_failed(reader->client, question.err, reader->topic, err);
    *log = question.identity;
    return true;
}

/* "log=CLUSTER/TOPIC 12-15,20"; what older versions wrote has no log. Marks of another log are
 * none. */
static void reader_read_marks(const struct dlq_reader *reader, struct reader_partition *partition,
                              int64_t below, struct slice text)
{
    const char *blank = text.length ? memchr(text.data, ' ', text.length) : NULL;
    struct identity log = {{0}, {0}};

    if (blank && text.length > 4 && memcmp(text.data, "log=", 4) == 0) {
        log = identity_read((struct slice){text.data + 4, (size_t)(blank - text.data) - 4});
        text.length -= (size_t)(blank + 1 - text.data);
        text.data = blank + 1;
    }
    if (identity_compare(&log, &reader->log) == IDENTITY_ANOTHER || below < partition->next)
        below = partition->next;
    if (identity_compare(&log, &reader->log) == IDENTITY_ANOTHER)
        text.length = 0;
    done_list_read(&partition->done, below, text);
}

/* The letters handled before. A log that begins later has lost the letters below. */
static bool reader_ask_done(struct dlq_reader *reader, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = reader_list(reader);
    rd_kafka_resp_err_t code = rd_kafka_committed(reader->client->kafka, list, CLIENT_QUESTION_MS);

    for (int i = 0; !code && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        reader_read_marks(reader, &reader->partitions[answer->partition], answer->offset,
                          (struct slice){answer->metadata, answer->metadata_size});
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_failed(reader->client, code, "committed offsets", err) : true;
}

static bool reader_assign(struct dlq_reader *reader, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = reader_list(reader);
    rd_kafka_resp_err_t code = rd_kafka_assign(reader->client->kafka, list);

    rd_kafka_topic_partition_list_destroy(list);
    return code ? client_failed(reader->client, code, "assign", err) : true;
}

static struct dlq_reader *reader_of(const struct conf_source *source)
{
    struct dlq_reader *reader = mem_new(struct dlq_reader);

    reader->source = *source;
    reader->group = mem_format("%s.dlq", reader->source.group.text);
    reader->source.group.text = reader->group;
    reader->source.instance_id.text = NULL;
    return reader;
}

static bool reader_open(struct dlq_reader *reader, const struct conf *conf, struct err *err)
{
    return (reader->client = client_new(conf, &reader->source, NULL, err)) != NULL;
}

struct dlq_reader *dlq_reader_fetcher(const struct conf *conf, const struct conf_source *source,
                                      struct err *err)
{
    struct dlq_reader *reader = reader_of(source);

    if (reader_open(reader, conf, err))
        return reader;
    dlq_reader_free(reader);
    return NULL;
}

struct dlq_reader *dlq_reader_new(const struct conf *conf, struct err *err)
{
    struct dlq_reader *reader = reader_of(conf->dlq.source);

    reader->topic = mem_text(conf->dlq.topic.text);
    if (reader_open(reader, conf, err) && reader_count_partitions(reader, err) &&
        reader_ask_log(reader, &reader->log, err) && reader_ask_ends(reader, err) &&
        reader_ask_done(reader, err) && reader_assign(reader, err))
        return reader;
    dlq_reader_free(reader);
    return NULL;
}

static void reader_give_back(struct dlq_reader *reader)
{
    if (reader->message)
        rd_kafka_message_destroy(reader->message);
    reader->message = NULL;
}

void dlq_reader_free(struct dlq_reader *reader)
{
    if (!reader)
        return;
    reader_give_back(reader);
    client_free(reader->client);
    for (int i = 0; reader->partitions && i < reader->partition_count; i++)
        done_list_free(&reader->partitions[i].done);
    free(reader->partitions);
    free(reader->group);
    free(reader->topic);
    free(reader);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool reader_is_finished(const struct dlq_reader *reader)
{
    for (int i = 0; i < reader->partition_count; i++)
        if (reader->partitions[i].next < reader->partitions[i].end)
            return false;
    return true;
}

/* Whether the message is one of those that were there when the reading began. */
static bool reader_takes(struct dlq_reader *reader, const rd_kafka_message_t *message,
                         struct err *err)
{
    struct reader_partition *partition = &reader->partitions[message->partition];

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        done_list_skip(&partition->done, partition->next, message->offset - 1);
        partition->next = partition->end;
        return false;
    }
    if (message->err)
        return client_failed(reader->client, message->err, reader->topic, err);
    if (message->offset < partition->next || message->offset >= partition->end)
        return false;
    done_list_skip(&partition->done, partition->next, message->offset - 1);
    partition->next = message->offset + 1;
    return true;
}

static void reader_lend(struct dlq_reader *reader, rd_kafka_message_t *message, const char *topic,
                        struct record *record)
{
    message_record(message, record);
    record->topic = topic;
    reader->message = message;
}

bool dlq_reader_next(struct dlq_reader *reader, struct record *record, bool *done, struct err *err)
{
    int64_t deadline_ms = clock_ms() + SILENCE_MS;

    reader_give_back(reader);
    err->kind = ERR_NONE;
    while (!reader_is_finished(reader)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->client->kafka, 100);
        if (!message && clock_ms() > deadline_ms)
            return client_failed(reader->client, RD_KAFKA_RESP_ERR__TIMED_OUT, reader->topic, err);
        if (!message)
            continue;
        if (reader_takes(reader, message, err)) {
            *done = done_list_has(&reader->partitions[message->partition].done, message->offset);
            reader_lend(reader, message, reader->topic, record);
            return true;
        }
        rd_kafka_message_destroy(message);
        if (err->kind != ERR_NONE)
            return false;
    }
    return false;
}

bool dlq_reader_fetch(struct dlq_reader *reader, const char *topic, int32_t number, int64_t offset,
                      struct record *record, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int64_t deadline_ms = clock_ms() + SILENCE_MS;
    rd_kafka_message_t *message = NULL;

    reader_give_back(reader);
    rd_kafka_topic_partition_list_add(list, topic, number)->offset = offset;
    rd_kafka_assign(reader->client->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    while (!message && clock_ms() <= deadline_ms)
        message = rd_kafka_consumer_poll(reader->client->kafka, 100);
    if (!message)
        return client_failed(reader->client, RD_KAFKA_RESP_ERR__TIMED_OUT, topic, err);
    if (!message->err && message->offset == offset) {
        reader_lend(reader, message, topic, record);
        return true;
    }
    err_set(err, ERR_RECORD, "%s[%" PRId32 "]@%" PRId64 ": Kafka does not have it any more", topic,
            number, offset);
    rd_kafka_message_destroy(message);
    return false;
}

/* --- marks ------------------------------------------------------------------------------------ */

static bool reader_is_full(const struct dlq_reader *reader, int32_t partition, struct err *err)
{
    return err_set(err, ERR_RETRY,
                   "%s[%" PRId32 "]: too many single letters were sent for Kafka to remember "
                   "more; send the oldest ones first",
                   reader->topic, partition);
}

bool dlq_reader_takes_mark(const struct dlq_reader *reader, int32_t partition, int64_t offset,
                           struct err *err)
{
    return done_list_takes(&reader->partitions[partition].done, offset) ||
           reader_is_full(reader, partition, err);
}

void dlq_reader_mark(struct dlq_reader *reader, int32_t partition, int64_t offset)
{
    done_list_add(&reader->partitions[partition].done, offset);
    reader->partitions[partition].marked = true;
}

/* Marks of letters that are gone must not become those of others. */
static bool reader_is_the_same(struct dlq_reader *reader, struct err *err)
{
    struct identity log;

    if (!reader_ask_log(reader, &log, err))
        return false;
    return identity_compare(&log, &reader->log) != IDENTITY_ANOTHER ||
           err_set(err, ERR_RETRY,
                   "topic %s was deleted and recreated meanwhile: letters that were sent are not "
                   "marked",
                   reader->topic);
}

static void reader_add_marks(const struct dlq_reader *reader, int32_t number, const char *marks,
                             rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_t *row =
        rd_kafka_topic_partition_list_add(list, reader->topic, number);
    char log[IDENTITY_BYTES], *text;

    identity_write(&reader->log, log);
    text = log[0] ? mem_format("log=%s %s", log, marks) : mem_text(marks);
    row->offset = reader->partitions[number].done.below;
    row->metadata_size = strlen(text);
    row->metadata = text;
}

bool dlq_reader_keep(struct dlq_reader *reader, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code = 0;
    char text[DONE_LIST_BYTES + 1];
    bool good = reader_is_the_same(reader, err);

    for (int32_t i = 0; good && i < reader->partition_count; i++) {
        struct reader_partition *partition = &reader->partitions[i];
        if (!partition->marked)
            continue;
        if (!done_list_write(&partition->done, text))
            good = reader_is_full(reader, i, err);
        reader_add_marks(reader, i, text, list);
        partition->marked = false;
    }
    if (good && list->cnt)
        code = rd_kafka_commit(reader->client->kafka, list, 0);
    for (int i = 0; i < list->cnt; i++) {
        free(list->elems[i].metadata); /* ours, not librdkafka's to free */
        list->elems[i].metadata = NULL;
        list->elems[i].metadata_size = 0;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return client_failed(reader->client, code, "marks could not be kept", err);
    return good;
}
