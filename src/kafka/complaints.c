/* complaints.c: what librdkafka has to say, once and then rarely. */
#include "kafka/complaints.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

enum { QUIET_MS = 60000 };

/* FNV-1a; 0 means none. */
static uint32_t topic_hash(const char *topic)
{
    uint32_t hash = 2166136261u;

    if (!topic)
        return 0;
    for (; *topic; topic++)
        hash = (hash ^ (unsigned char)*topic) * 16777619u;
    return hash ? hash : 1;
}

/* The place of this kind of complaint; the oldest one makes room for a new kind. */
static struct complaint *complaint_get(struct complaints *complaints, rd_kafka_resp_err_t err,
                                       uint32_t topic)
{
    struct complaint *complaint;

    for (size_t i = 0; i < COMPLAINTS_KEPT; i++)
        if (complaints->kept[i].err == err && complaints->kept[i].topic == topic)
            return &complaints->kept[i];
    complaint = &complaints->kept[complaints->next++ % COMPLAINTS_KEPT];
    *complaint = (struct complaint){.err = err, .topic = topic};
    return complaint;
}

/* What no waiting mends: somebody must act. */
static bool is_for_the_operator(rd_kafka_resp_err_t err)
{
    switch ((int)err) { /* of the many that librdkafka knows */
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__BAD_MSG: /* a response above receive.message.max.bytes */
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
        return true;
    default:
        return false;
    }
}

void complain(struct complaints *complaints, rd_kafka_resp_err_t err, const char *topic,
              const char *text)
{
    struct complaint *complaint = complaint_get(complaints, err, topic_hash(topic));
    int64_t now_ms = clock_ms();

    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        snprintf(complaints->reason, sizeof(complaints->reason), "%s", text);
        complaints->away = true;
    }
    if (now_ms < complaint->silent_until_ms) {
        complaint->left_out++;
        return;
    }
    const struct log_field fields[] = {LOG_STR("code", rd_kafka_err2name(err)),
                                       LOG_STR("topic", topic), LOG_STR("error", text),
                                       LOG_SOME("repeated", complaint->left_out), LOG_END};
    if (is_for_the_operator(err))
        log_write(NULL, LOG_ERROR, "kafka refuses", fields);
    else if (log_enabled(LOG_WARN))
        log_write(NULL, LOG_WARN, "kafka: waiting", fields);
    complaint->left_out = 0;
    complaint->silent_until_ms = now_ms + QUIET_MS;
}

void complaints_end(struct complaints *complaints)
{
    if (!complaints->away)
        return;
    complaints->away = false;
    log_info("kafka: answers");
}
