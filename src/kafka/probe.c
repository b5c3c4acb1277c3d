/* probe.c: what Kafka says to a source's configuration. */
#include "kafka/probe.h"

#include "conf/topic.h"
#include "kafka/commit_note.h"
#include "kafka/error_log.h"
#include "kafka/login.h"
#include "kafka/properties.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 512 };

struct probe {
    const struct conf_source *source;
    const struct probe_listener *listener;
    rd_kafka_t *kafka;
    int timeout_ms;
    rd_kafka_topic_partition_list_t *partitions; /* of the topics that were found */
    char heard[TEXT_BYTES];                      /* why a broker could not be reached, last */
    char reason[2 * TEXT_BYTES];                 /* reason_of()'s */
};

static void say(const struct probe *probe, enum probe_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct probe *probe, enum probe_verdict verdict, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    probe->listener->say(probe->listener->context, verdict, text);
}

static bool probe_open(struct probe *probe, const struct conf *conf)
{
    struct properties properties;
    char text[TEXT_BYTES];
    struct err err = {0};

    if (!properties_make(&properties, conf, probe->source, 0, &err)) {
        say(probe, PROBE_ERROR, "%s", err.text);
        return false;
    }
    probe->kafka = login_new(RD_KAFKA_CONSUMER, properties.kafka, text, sizeof(text));
    if (!probe->kafka) {
        rd_kafka_conf_destroy(properties.kafka);
        say(probe, PROBE_ERROR, "%s", text);
    }
    return probe->kafka != NULL;
}

/* --- brokers --------------------------------------------------------------------------------- */

/* Keeps the last particular reason that librdkafka has told since it was asked before. */
static void probe_listen(struct probe *probe)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(probe->kafka);
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(queue, 0))) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR &&
            error_is_particular(rd_kafka_event_error(event)))
            snprintf(probe->heard, sizeof(probe->heard), "%s", rd_kafka_event_error_string(event));
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
}

/* Why a question failed, and what to do. */
static const char *reason_of(struct probe *probe, rd_kafka_resp_err_t err)
{
    const char *remedy = error_remedy(err);
    const char *what = rd_kafka_err2str(err);

    probe_listen(probe);
    if (probe->heard[0] &&
        (err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TRANSPORT ||
         err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)) {
        what = probe->heard;
        remedy = NULL;
    }
    snprintf(probe->reason, sizeof(probe->reason), "%s%s%s", what, remedy ? ": " : "",
             remedy ? remedy : "");
    return probe->reason;
}

/* Everything that the brokers show us; NULL if they cannot be reached. */
static const struct rd_kafka_metadata *probe_brokers(struct probe *probe)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(probe->kafka, 1, NULL, &metadata, probe->timeout_ms);

    if (err) {
        say(probe, PROBE_ERROR, "no broker answers at %s: %s", probe->source->brokers.text,
            reason_of(probe, err));
        return NULL;
    }
    say(probe, PROBE_OK, "%d broker%s, asked at %s", metadata->broker_cnt,
        metadata->broker_cnt == 1 ? "" : "s", metadata->orig_broker_name);
    return metadata;
}

/* --- topics ---------------------------------------------------------------------------------- */

static void topic_found(const struct probe *probe, const rd_kafka_metadata_topic_t *topic)
{
    for (int i = 0; i < topic->partition_cnt; i++)
        if (!rd_kafka_topic_partition_list_find(probe->partitions, topic->topic,
                                                topic->partitions[i].id))
            rd_kafka_topic_partition_list_add(probe->partitions, topic->topic,
                                              topic->partitions[i].id);
}

/* A topic that is missing in the list may be hidden from us; if asked by name, Kafka says so. */
static rd_kafka_resp_err_t topic_error(const struct probe *probe, const char *name)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe->kafka, name, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err;

    if (!topic)
        return rd_kafka_last_error();
    err = rd_kafka_metadata(probe->kafka, 0, topic, &metadata, probe->timeout_ms);
    if (!err) {
        err = metadata->topic_cnt ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return err;
}

static void probe_missing(struct probe *probe, const char *name)
{
    rd_kafka_resp_err_t err = topic_error(probe, name);

    if (!err)
        say(probe, PROBE_OK, "topic %s: it was made a moment ago", name);
    else if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
             err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        say(probe, PROBE_WARN, "topic %s does not exist; penstock would wait for it", name);
    else
        say(probe, PROBE_ERROR, "topic %s: %s", name, reason_of(probe, err));
}

static void probe_name(struct probe *probe, const struct rd_kafka_metadata *metadata,
                       const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];
        if (strcmp(topic->topic, name) != 0 || topic->err)
            continue;
        say(probe, PROBE_OK, "topic %s: %d partition%s", name, topic->partition_cnt,
            topic->partition_cnt == 1 ? "" : "s");
        topic_found(probe, topic);
        return;
    }
    probe_missing(probe, name);
}

static void probe_pattern(const struct probe *probe, const struct rd_kafka_metadata *metadata,
                          const char *pattern)
{
    int matches = 0;
    struct topic_matcher *matcher = topic_matcher_new(pattern, NULL);

    if (!matcher)
        return; /* the file's check has said so */
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (topic_matcher_takes(matcher, metadata->topics[i].topic)) {
            topic_found(probe, &metadata->topics[i]);
            matches++;
        }
    topic_matcher_free(matcher);
    if (matches)
        say(probe, PROBE_OK, "topics %s: %d match%s", pattern, matches, matches == 1 ? "es" : "");
    else
        say(probe, PROBE_WARN, "topics %s: none matches; penstock would wait for one", pattern);
}

/* Without it dead letters wait, and their partitions with them. */
static void probe_dlq(struct probe *probe, const struct rd_kafka_metadata *metadata,
                      const char *name)
{
    rd_kafka_resp_err_t err;

    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0 && !metadata->topics[i].err) {
            say(probe, PROBE_OK, "topic %s, of the dlq: %d partition%s", name,
                metadata->topics[i].partition_cnt,
                metadata->topics[i].partition_cnt == 1 ? "" : "s");
            return;
        }
    err = topic_error(probe, name);
    if (err)
        say(probe, PROBE_ERROR, "topic %s, of the dlq: %s", name, reason_of(probe, err));
    else
        say(probe, PROBE_OK, "topic %s, of the dlq: it was made a moment ago", name);
}

/* --- brokers by their own addresses ---------------------------------------------------------- */

/* A partition that the broker leads; NULL: none that was found. */
static const rd_kafka_topic_partition_t *led_by(const struct probe *probe,
                                                const struct rd_kafka_metadata *metadata,
                                                int32_t broker)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        for (int j = 0; j < metadata->topics[i].partition_cnt; j++) {
            const rd_kafka_metadata_partition_t *partition = &metadata->topics[i].partitions[j];
            const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
                probe->partitions, metadata->topics[i].topic, partition->id);
            if (partition->leader == broker && found)
                return found;
        }
    return NULL;
}

/* Whether each is reached by the address that it tells its clients (advertised.listeners): any
 * answer is good. librdkafka's own errors are below zero. */
static void probe_addresses(struct probe *probe, const struct rd_kafka_metadata *metadata)
{
    for (int i = 0; i < metadata->broker_cnt; i++) {
        const rd_kafka_metadata_broker_t *broker = &metadata->brokers[i];
        const rd_kafka_topic_partition_t *led = led_by(probe, metadata, broker->id);
        int64_t low, high;
        rd_kafka_resp_err_t err =
            led ? rd_kafka_query_watermark_offsets(probe->kafka, led->topic, led->partition, &low,
                                                   &high, probe->timeout_ms)
                : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (err < RD_KAFKA_RESP_ERR_NO_ERROR)
            say(probe, PROBE_ERROR, "broker %" PRId32 " at %s:%d, its advertised address: %s",
                broker->id, broker->host, broker->port, reason_of(probe, err));
    }
}

/* --- the group ------------------------------------------------------------------------------- */

struct committed {
    int count; /* partitions with a committed offset */
    int start; /* of them, those of which nothing is finished yet */
};

static bool is_start(const rd_kafka_topic_partition_t *partition)
{
    const struct slice metadata = {partition->metadata, partition->metadata_size};

    return commit_note_read(metadata, partition->offset).start;
}

static struct committed count_committed(const rd_kafka_topic_partition_list_t *list,
                                        rd_kafka_resp_err_t *err)
{
    struct committed committed = {0, 0};

    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].err)
            *err = list->elems[i].err;
        committed.count += list->elems[i].offset >= 0;
        committed.start += list->elems[i].offset >= 0 && is_start(&list->elems[i]);
    }
    return committed;
}

/* penstock commits where it begins, too, so that "start" holds for the group once and for all. */
static void probe_group(struct probe *probe)
{
    const char *group = probe->source->group.text;
    struct committed committed;
    rd_kafka_resp_err_t err;
    char start[64] = "";

    if (!probe->partitions->cnt)
        return;
    err = rd_kafka_committed(probe->kafka, probe->partitions, probe->timeout_ms);
    committed = count_committed(probe->partitions, &err);
    if (err) {
        say(probe, PROBE_ERROR, "group %s: %s", group, reason_of(probe, err));
        return;
    }
    if (committed.start)
        snprintf(start, sizeof(start), ", %d of them only that at which the group began",
                 committed.start);
    say(probe, PROBE_OK, "group %s: %d of %d partitions have a committed offset%s", group,
        committed.count, probe->partitions->cnt, start);
}

void source_probe(const struct conf *conf, const struct conf_source *source,
                  const char *const *topics, size_t topic_count, int timeout_ms,
                  const struct probe_listener *listener)
{
    struct probe probe = {.source = source, .listener = listener, .timeout_ms = timeout_ms};
    const struct rd_kafka_metadata *metadata;

    if (!probe_open(&probe, conf))
        return;
    probe.partitions = rd_kafka_topic_partition_list_new(8);
    metadata = probe_brokers(&probe);
    for (size_t i = 0; metadata && i < topic_count; i++)
        if (topics[i][0] == '^')
            probe_pattern(&probe, metadata, topics[i]);
        else
            probe_name(&probe, metadata, topics[i]);
    if (metadata && conf->dlq.source == source)
        probe_dlq(&probe, metadata, conf->dlq.topic.text);
    if (metadata) {
        probe_addresses(&probe, metadata);
        probe_group(&probe);
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_partition_list_destroy(probe.partitions);
    rd_kafka_destroy_flags(probe.kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
