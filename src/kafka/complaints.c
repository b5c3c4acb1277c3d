/* complaints.c: what librdkafka has to say, once and then rarely. */
#include "kafka/complaints.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "kafka/library.h"

#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 10000, WHILE_IT_LASTS_MS = 60000 };

enum party { PARTY_NOBODY, PARTY_OPERATOR, PARTY_AWAY, PARTY_MISSING };

/* What the last of Kafka's errors mean; others pass by themselves. */
static const struct cause {
    rd_kafka_resp_err_t err;
    enum party party;
    const char *remedy;
} causes[] = {
#define COMPLAINT(code, party, remedy) {RD_KAFKA_RESP_ERR_##code, PARTY_##party, remedy},
#include "kafka/complaints.def"
#undef COMPLAINT
};

static const struct cause *cause_of(rd_kafka_resp_err_t err)
{
    static const struct cause other = {0};

    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (causes[i].err == err)
            return &causes[i];
    return &other;
}

const char *complaint_remedy(rd_kafka_resp_err_t err)
{
    return cause_of(err)->remedy;
}

/* 0 means none. */
static uint32_t topic_hash(const char *topic)
{
    return topic ? text_hash(topic) | 1 : 0;
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

bool complaint_is_particular(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__RESOLVE ||
           err == RD_KAFKA_RESP_ERR__SSL || err == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

/* librdkafka counts what it has asked for by name as brokers, too: "3/3 brokers are down" of one.
 */
static void complaints_are_away(struct complaints *complaints, int64_t now_ms)
{
    /* Newer librdkafkas pass it by in silence when a broker hangs up at once. */
    const char *why =
        complaints->last[0] ? complaints->last : "are address and security_protocol right?";

    snprintf(complaints->reason, sizeof(complaints->reason), "no broker can be reached: %s", why);
    if (!complaints->away)
        complaints->away_since_ms = now_ms;
    complaints->away = true;
}

static void complaints_note(struct complaints *complaints, rd_kafka_resp_err_t err,
                            const char *text, const char *hint, int64_t now_ms)
{
    const char *remedy = hint ? hint : cause_of(err)->remedy;

    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        complaints_are_away(complaints, now_ms);
        return;
    }
    snprintf(complaints->latest, sizeof(complaints->latest), "%s%s%s", text, remedy ? ": " : "",
             remedy ? remedy : "");
    if (complaint_is_particular(err))
        snprintf(complaints->last, sizeof(complaints->last), "%s%s%s", hint ? hint : "",
                 hint ? ": " : "", text);
    if (complaint_is_particular(err) && complaints->away)
        complaints_are_away(complaints, now_ms);
}

static void complaint_write(enum party party, const struct log_field *fields)
{
    static const struct {
        enum log_level level;
        const char *event;
    } lines[] = {
        [PARTY_NOBODY] = {LOG_WARN, "kafka request failed, retrying"},
        [PARTY_OPERATOR] = {LOG_ERROR, "kafka refuses"},
        [PARTY_AWAY] = {LOG_WARN, "kafka cannot be reached, retrying"},
        [PARTY_MISSING] = {LOG_WARN, "a topic cannot be read yet, waiting for it"},
    };

    if (log_enabled(lines[party].level))
        log_write(NULL, lines[party].level, lines[party].event, fields);
}

/* Told at once, after ten seconds, and once a minute while it lasts. */
static bool complaint_is_news(struct complaint *complaint, int64_t now_ms)
{
    int64_t quiet_ms = complaint->times > 1 ? WHILE_IT_LASTS_MS : AGAIN_MS;

    if (complaint->times && now_ms - complaint->told_ms < quiet_ms) {
        complaint->left_out++;
        return false;
    }
    complaint->times++;
    complaint->told_ms = now_ms;
    return true;
}

void complain(struct complaints *complaints, rd_kafka_resp_err_t err, const char *topic,
              const char *text)
{
    struct complaint *complaint = complaint_get(complaints, err, topic_hash(topic));
    int64_t now_ms = clock_ms();
    const char *hint = hint_of(text);
    const struct cause *cause = cause_of(err);
    bool is_summary = err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;

    complaints_note(complaints, err, text, hint, now_ms);
    if (!complaint_is_news(complaint, now_ms))
        return;
    int64_t lasts_ms = complaints->away ? now_ms - complaints->away_since_ms : 0;
    complaint_write(
        hint ? PARTY_OPERATOR : cause->party,
        (const struct log_field[]){LOG_STR("code", rd_kafka_err2name(err)), LOG_STR("topic", topic),
                                   LOG_STR("error", is_summary ? complaints->reason : text),
                                   LOG_STR("remedy", hint ? hint : cause->remedy),
                                   LOG_SOME("lasts_ms", lasts_ms),
                                   LOG_SOME("repeated", complaint->left_out), LOG_END});
    complaint->left_out = 0;
}

const char *complaints_reason(const struct complaints *complaints)
{
    if (complaints->away)
        return complaints->reason;
    return complaints->latest[0] ? complaints->latest : NULL;
}

void complaints_forget(struct complaints *complaints)
{
    complaints->latest[0] = '\0';
}

void complaints_end(struct complaints *complaints)
{
    if (!complaints->away)
        return;
    complaints->away = false;
    complaints->last[0] = '\0';
    for (size_t i = 0; i < COMPLAINTS_KEPT; i++)
        complaints->kept[i].times = complaints->kept[i].times > 0;
    log_info("kafka answers again", LOG_INT("after_ms", clock_ms() - complaints->away_since_ms));
}
