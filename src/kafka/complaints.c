/* complaints.c: what librdkafka has to say, once and then rarely. */
#include "kafka/complaints.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/library.h"

#include <stdio.h>
#include <string.h>

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

/* What librdkafka or the broker leaves to guess. */
static const char *hint_of(const char *text)
{
    static const char mine[] = "the broker does not take our certificate: see "
                               "ssl.certificate.location and ssl.key.location";
    static const struct {
        const char *text, *hint;
    } hints[] = {
        {"alert certificate required", mine}, {"alert bad certificate", mine},
        {"alert certificate unknown", mine},  {"alert certificate expired", mine},
        {"alert unknown ca", mine},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strstr(text, hints[i].text))
            return hints[i].hint;
    if (strstr(text, "SASL mechanism SCRAM") && !kafka_library_has_scram())
        return "this librdkafka cannot log in by SCRAM to Kafka 4.0 or newer; 2.6.1 can";
    return NULL;
}

/* Why all brokers are away: "1/1 brokers are down" alone says little. */
static void complaints_note(struct complaints *complaints, rd_kafka_resp_err_t err,
                            const char *text, const char *hint)
{
    if (err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__RESOLVE ||
        err == RD_KAFKA_RESP_ERR__SSL || err == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        snprintf(complaints->last, sizeof(complaints->last), "%s%s%s", hint ? hint : "",
                 hint ? ": " : "", text);
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return;
    /* Newer librdkafkas pass it by in silence when a broker hangs up at once. */
    const char *why =
        complaints->last[0] ? complaints->last : "are address and security_protocol right?";
    snprintf(complaints->reason, sizeof(complaints->reason), "%s: %s", text, why);
    complaints->away = true;
}

void complain(struct complaints *complaints, rd_kafka_resp_err_t err, const char *topic,
              const char *text)
{
    struct complaint *complaint = complaint_get(complaints, err, topic_hash(topic));
    int64_t now_ms = clock_ms();
    const char *hint = hint_of(text);
    bool is_summary = err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;

    complaints_note(complaints, err, text, hint);
    if (now_ms < complaint->silent_until_ms) {
        complaint->left_out++;
        return;
    }
    const struct log_field fields[] = {LOG_STR("code", rd_kafka_err2name(err)),
                                       LOG_STR("topic", topic),
                                       LOG_STR("error", is_summary ? complaints->reason : text),
                                       LOG_STR("hint", hint),
                                       LOG_SOME("repeated", complaint->left_out),
                                       LOG_END};
    if (hint || is_for_the_operator(err))
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
    complaints->last[0] = '\0';
    log_info("kafka: answers");
}
