/* events.c: what librdkafka tells besides records. */
#include "base/log.h"
#include "kafka/librdkafka_log.h"
#include "kafka/source_state.h"

enum { EVENTS_A_TURN = 100 };

static void event_rebalance(struct source *source, rd_kafka_event_t *event)
{
    rebalance_event(source, rd_kafka_event_error(event),
                    rd_kafka_event_topic_partition_list(event));
}

static void event_commit(struct source *source, rd_kafka_event_t *event)
{
    commit_result(source, rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event));
}

static void event_error(struct source *source, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    rd_kafka_topic_partition_t *about = rd_kafka_event_topic_partition(event);

    source->metrics->source.errors++;
    source->fatal |= err == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event);
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        watch_soon(source);
    report_error(&source->errors, err, about ? about->topic : NULL,
                 rd_kafka_event_error_string(event));
    if (err == RD_KAFKA_RESP_ERR__BAD_MSG)
        oversize_seen(source, rd_kafka_event_error_string(event));
    if (about)
        rd_kafka_topic_partition_destroy(about);
}

static void event_serve(struct source *source, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE:
        event_rebalance(source, event);
        break;
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
        event_commit(source, event);
        break;
    case RD_KAFKA_EVENT_ERROR:
        event_error(source, event);
        break;
    case RD_KAFKA_EVENT_LOG:
        if (librdkafka_log(event))
            watch_soon(source);
        break;
    default:
        log_debug("librdkafka: another event", LOG_STR("type", rd_kafka_event_name(event)));
        break;
    }
}

void events_serve(struct source *source)
{
    for (int i = 0; i < EVENTS_A_TURN; i++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(source->control, 0);
        if (!event)
            return;
        event_serve(source, event);
        rd_kafka_event_destroy(event);
    }
}
