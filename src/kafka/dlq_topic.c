/*
 * dlq_topic.c: dead letters into a Kafka topic.
 *
 * The producer is idempotent, so librdkafka itself sends again what the network lost, in order and
 * once. If that goes wrong for good (a fatal error) a new producer takes its place and all that
 * was not reported is sent again: the topic may then hold a letter twice, but it lacks none.
 */
#include "kafka/dlq_topic.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "kafka/error_log.h"
#include "kafka/handle.h"
#include "kafka/librdkafka_log.h"
#include "kafka/login.h"
#include "kafka/properties.h"
#include "kafka/topic_watch.h"
#include "metrics/metrics.h"

#include <errno.h>
#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { DESTROY_MS = 1000, ERR_BYTES = 512, RECORD_FIELDS = 8 };

struct dlq_topic {
    const struct conf_dlq *conf;
    struct dlq_sender_events events;
    size_t memory_bytes, limit;
    rd_kafka_t *kafka; /* NULL: the last one failed for good, the next one waits */
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    struct event *wake;
    int wake_fd;
    bool failed; /* for good */
    int64_t open_ms;
    struct backoff reopen;
    struct error_log errors;
    bool troubled;
    char trouble[ERR_TEXT_BYTES];
    struct topic_watch *watch;    /* NULL: nobody asks */
    char missing[ERR_TEXT_BYTES]; /* why the topic cannot be written; "": it can */
};

static void topic_trouble(struct dlq_topic *topic, const char *text)
{
    snprintf(topic->trouble, sizeof(topic->trouble), "%s", text);
    topic->troubled = true;
}

/* --- the producer ----------------------------------------------------------------------------- */

static bool producer_open(struct dlq_topic *topic, struct err *err)
{
    static const uint64_t one = 1;
    char text[ERR_BYTES] = "";
    rd_kafka_conf_t *conf =
        properties_make_producer(topic->conf->source, topic->memory_bytes, &topic->limit, err);

    if (!conf)
        return false;
    topic->kafka = login_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!topic->kafka) {
        rd_kafka_conf_destroy(conf);
        return err_set(err, ERR_CONFIG, "%s", text);
    }
    topic->queue = rd_kafka_queue_get_main(topic->kafka);
    rd_kafka_set_log_queue(topic->kafka, topic->queue);
    rd_kafka_queue_io_event_enable(topic->queue, topic->wake_fd, &one, sizeof(one));
    topic->topic = rd_kafka_topic_new(topic->kafka, topic->conf->topic.text, NULL);
    topic->watch = topic_watch_new(topic->kafka, topic->conf->topic.text, topic->wake_fd);
    return true;
}

/* False: it lives on behind our back. */
static bool producer_close(struct dlq_topic *topic, int64_t wait_ms)
{
    rd_kafka_t *kafka = topic->kafka;

    if (!kafka)
        return true;
    topic_watch_free(topic->watch);
    topic->watch = NULL;
    rd_kafka_queue_io_event_enable(topic->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(topic->queue);
    if (topic->topic)
        rd_kafka_topic_destroy(topic->topic);
    topic->kafka = NULL;
    rd_kafka_purge(kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                              RD_KAFKA_PURGE_F_NON_BLOCKING);
    return handle_destroy(kafka, wait_ms);
}

static void topic_woken(evutil_socket_t fd, short what, void *context)
{
    uint64_t count;

    (void)what, (void)context; /* the loop returns, and the turn looks */
    if (read((int)fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        log_error("eventfd", LOG_STR("error", strerror(errno)));
}

struct dlq_topic *dlq_topic_new(const struct conf_dlq *conf, size_t memory_bytes,
                                struct event_base *base, struct source_counters *counters,
                                const struct dlq_sender_events *events, struct err *err)
{
    struct dlq_topic *topic = mem_new(struct dlq_topic);

    topic->conf = conf;
    topic->events = *events;
    topic->errors.logins_refused = &counters->logins_refused;
    topic->memory_bytes = memory_bytes;
    topic->reopen = (struct backoff){.first_ms = 100, .longest_ms = 5000};
    topic->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (topic->wake_fd < 0) {
        err_set(err, ERR_FATAL, "eventfd: %s", strerror(errno));
        goto fail;
    }
    topic->wake = event_new(base, topic->wake_fd, EV_READ | EV_PERSIST, topic_woken, topic);
    event_add(topic->wake, NULL);
    if (producer_open(topic, err))
        return topic;
fail:
    dlq_topic_free(topic);
    err_wrap(err, "dlq");
    return NULL;
}

void dlq_topic_configure(struct dlq_topic *topic, const struct conf_dlq *conf)
{
    if (topic->kafka)
        login_renew(topic->kafka, topic->conf->source, conf->source);
    topic->conf = conf;
}

void dlq_topic_free(struct dlq_topic *topic)
{
    if (!topic)
        return;
    if (topic->wake)
        event_free(topic->wake);
    rd_kafka_t *kafka = topic->kafka;
    if (!producer_close(topic, DESTROY_MS))
        handle_abandon(kafka);
    if (topic->wake_fd >= 0)
        close(topic->wake_fd);
    free(topic);
}

size_t dlq_topic_limit(const struct dlq_topic *topic)
{
    return topic->limit;
}

/* --- sending ---------------------------------------------------------------------------------- */

static rd_kafka_headers_t *letter_headers(const struct dlq_letter *letter)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(letter->header_count + DLQ_FACTS);
    struct slice name, value;

    for (size_t i = 0; i < letter->header_count; i++)
        if (letter->record.headers.at(&letter->record, i, &name, &value))
            rd_kafka_header_add(headers, name.data, (ssize_t)name.length, value.data,
                                (ssize_t)value.length);
    for (int fact = 0; fact < DLQ_FACTS; fact++) {
        struct slice text = letter->facts[fact];
        if (text.data)
            rd_kafka_header_add(headers, dlq_fact_name((enum dlq_fact)fact), -1, text.data,
                                (ssize_t)text.length);
    }
    return headers;
}

static rd_kafka_resp_err_t topic_produce(struct dlq_topic *topic, const struct dlq_letter *letter,
                                         uint32_t ticket)
{
    const struct record *record = &letter->record;
    rd_kafka_headers_t *headers = letter_headers(letter);
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = RD_KAFKA_PARTITION_UA},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)record->key.data, record->key.length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)record->value.data, record->value.length}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)ticket},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
    };
    size_t count = record->timestamp_ms < 0 ? RECORD_FIELDS - 1 : RECORD_FIELDS;
    rd_kafka_error_t *error = rd_kafka_produceva(topic->kafka, fields, count);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);

    _Static_assert(sizeof(fields) / sizeof(fields[0]) == RECORD_FIELDS, "the timestamp is last");
    if (code) /* else librdkafka has taken them */
        rd_kafka_headers_destroy(headers);
    rd_kafka_error_destroy(error);
    return code;
}

enum dlq_sending dlq_topic_send(struct dlq_topic *topic, const struct dlq_letter *letter,
                                uint32_t ticket)
{
    rd_kafka_resp_err_t code;

    if (!topic->kafka)
        return DLQ_NOT_NOW;
    code = topic_produce(topic, letter, ticket);
    if (!code)
        return DLQ_SENT;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return DLQ_TOO_LARGE;
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        topic_trouble(topic, rd_kafka_err2str(code));
    return DLQ_NOT_NOW;
}

/* --- reports ---------------------------------------------------------------------------------- */

static void topic_report(struct dlq_topic *topic, const rd_kafka_message_t *message)
{
    uint32_t ticket = (uint32_t)(uintptr_t)message->_private;
    char text[ERR_BYTES];

    if (!message->err) {
        topic->troubled = false;
        backoff_reset(&topic->reopen);
        error_log_end(&topic->errors);
        topic->events.delivered(topic->events.context, ticket);
        return;
    }
    const char *remedy = error_remedy(message->err);
    snprintf(text, sizeof(text), "topic %s: %s%s%s", topic->conf->topic.text,
             rd_kafka_err2str(message->err), remedy ? ": " : "", remedy ? remedy : "");
    topic->events.failed(topic->events.context, ticket, text,
                         message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
}

static void topic_reports(struct dlq_topic *topic, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;

    while ((message = rd_kafka_event_message_next(event)))
        topic_report(topic, message);
}

static void topic_error(struct dlq_topic *topic, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);

    topic->failed |= code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event);
    report_error(&topic->errors, code, topic->conf->topic.text, rd_kafka_event_error_string(event));
    topic_trouble(topic, rd_kafka_event_error_string(event));
}

static void topic_serve(struct dlq_topic *topic, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
        topic_reports(topic, event);
        break;
    case RD_KAFKA_EVENT_ERROR:
        topic_error(topic, event);
        break;
    case RD_KAFKA_EVENT_LOG:
        librdkafka_log(event);
        break;
    default:
        break;
    }
}

/* The producer has failed for good: a new one begins with the letters that have no report. */
static void topic_renew(struct dlq_topic *topic)
{
    char text[ERR_BYTES] = "";

    rd_kafka_fatal_error(topic->kafka, text, sizeof(text));
    log_warn_each("dead letters: replacing the producer", LOG_STR("error", text));
    producer_close(topic, 0);
    topic->failed = false;
    topic->open_ms = clock_ms() + backoff_next(&topic->reopen);
    topic->events.forgotten(topic->events.context, text);
}

static void topic_reopen(struct dlq_topic *topic)
{
    struct err err;

    if (clock_ms() < topic->open_ms || producer_open(topic, &err))
        return;
    topic_trouble(topic, err.text);
    topic->open_ms = clock_ms() + backoff_next(&topic->reopen);
}

void dlq_topic_turn(struct dlq_topic *topic)
{
    rd_kafka_event_t *event;

    if (!topic->kafka)
        topic_reopen(topic);
    if (topic->watch)
        topic_watch_news(topic->watch, topic->missing, sizeof(topic->missing));
    while (topic->kafka && (event = rd_kafka_queue_poll(topic->queue, 0))) {
        topic_serve(topic, event);
        rd_kafka_event_destroy(event);
        if (topic->failed)
            topic_renew(topic);
    }
}

const char *dlq_topic_missing(const struct dlq_topic *topic)
{
    return topic->missing[0] ? topic->missing : NULL;
}

const char *dlq_topic_trouble(const struct dlq_topic *topic)
{
    return topic->troubled ? topic->trouble : NULL;
}
