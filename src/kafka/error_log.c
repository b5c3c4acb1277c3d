/* error_log.c: rate-limited logging of librdkafka's errors. */
#include "kafka/error_log.h"

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
#define KAFKA_ERROR(code, party, remedy) {RD_KAFKA_RESP_ERR_##code, PARTY_##party, remedy},
#include "kafka/errors.def"
#undef KAFKA_ERROR
};

static const struct cause *cause_of(rd_kafka_resp_err_t err)
{
    static const struct cause other = {0};

    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (causes[i].err == err)
            return &causes[i];
    return &other;
}

const char *error_remedy(rd_kafka_resp_err_t err)
{
    return cause_of(err)->remedy;
}

/* 0 means none. */
static uint32_t topic_hash(const char *topic)
{
    return topic ? text_hash(topic) | 1 : 0;
}

/* The place of this kind of line; the oldest one makes room for a new kind. */
static struct error_line *line_get(struct error_log *errors, rd_kafka_resp_err_t err,
                                   uint32_t topic)
{
    struct error_line *line;

    for (size_t i = 0; i < ERROR_LINES; i++)
        if (errors->kept[i].err == err && errors->kept[i].topic == topic)
            return &errors->kept[i];
    line = &errors->kept[errors->next++ % ERROR_LINES];
    *line = (struct error_line){.err = err, .topic = topic};
    return line;
}

/* What librdkafka or the broker leaves to guess. */
static const char *hint_of(const char *text)
{
    static const char mine[] = "the broker does not take our certificate: see "
                               "ssl.certificate.location and ssl.key.location";
    static const struct {
        const char *text, *hint;
    } hints[] = {
        {"alert certificate required", mine},
        {"alert bad certificate", mine},
        {"alert certificate unknown", mine},
        {"alert certificate expired", mine},
        {"alert unknown ca", mine},
        {"SASL OAUTHBEARER token", "see 'token' of the source, or what sasl_oauthbearer_* say"},
        {"OAUTHBEARER cannot log in", "see 'token' of the source, or what sasl_oauthbearer_* say"},
        {"invalid_token", "the broker refuses the token: is it of the right issuer and audience, "
                          "and not expired?"},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strstr(text, hints[i].text))
            return hints[i].hint;
    if (strstr(text, "SASL mechanism SCRAM") && !kafka_library_has_scram())
        return "this librdkafka cannot log in by SCRAM to Kafka 4.0 or newer; 2.6.1 can";
    return NULL;
}

bool error_is_particular(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__RESOLVE ||
           err == RD_KAFKA_RESP_ERR__SSL || err == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

/* librdkafka counts what it has asked for by name as brokers, too: "3/3 brokers are down" of one.
 */
static void note_away(struct error_log *errors, int64_t now_ms)
{
    /* Newer librdkafkas pass it by in silence when a broker hangs up at once. */
    const char *why = errors->last[0] ? errors->last : "are address and security_protocol right?";

    snprintf(errors->reason, sizeof(errors->reason), "no broker can be reached: %s", why);
    if (!errors->away)
        errors->away_since_ms = now_ms;
    errors->away = true;
}

static void note_reason(struct error_log *errors, rd_kafka_resp_err_t err, const char *text,
                        const char *hint, int64_t now_ms)
{
    const char *remedy = hint ? hint : cause_of(err)->remedy;

    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        note_away(errors, now_ms);
        return;
    }
    snprintf(errors->latest, sizeof(errors->latest), "%s%s%s", text, remedy ? ": " : "",
             remedy ? remedy : "");
    if (error_is_particular(err))
        snprintf(errors->last, sizeof(errors->last), "%s%s%s", hint ? hint : "", hint ? ": " : "",
                 text);
    if (error_is_particular(err) && errors->away)
        note_away(errors, now_ms);
}

static void line_write(enum party party, const struct log_field *fields)
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
static bool line_is_news(struct error_line *line, int64_t now_ms)
{
    int64_t quiet_ms = line->times > 1 ? WHILE_IT_LASTS_MS : AGAIN_MS;

    if (line->times && now_ms - line->told_ms < quiet_ms) {
        line->left_out++;
        return false;
    }
    line->times++;
    line->told_ms = now_ms;
    return true;
}

/* A certificate is a login, too. */
static bool is_refused_login(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__AUTHENTICATION || err == RD_KAFKA_RESP_ERR__SSL ||
           err == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

void report_error(struct error_log *errors, rd_kafka_resp_err_t err, const char *topic,
                  const char *text)
{
    struct error_line *line = line_get(errors, err, topic_hash(topic));
    int64_t now_ms = clock_ms();
    const char *hint = hint_of(text);
    const struct cause *cause = cause_of(err);
    bool is_summary = err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;

    if (errors->logins_refused)
        *errors->logins_refused += is_refused_login(err);
    note_reason(errors, err, text, hint, now_ms);
    if (!line_is_news(line, now_ms))
        return;
    int64_t lasts_ms = errors->away ? now_ms - errors->away_since_ms : 0;
    line_write(hint ? PARTY_OPERATOR : cause->party,
               (const struct log_field[]){
                   LOG_STR("code", rd_kafka_err2name(err)), LOG_STR("topic", topic),
                   LOG_STR("error", is_summary ? errors->reason : text),
                   LOG_STR("remedy", hint ? hint : cause->remedy), LOG_SOME("lasts_ms", lasts_ms),
                   LOG_SOME("repeated", line->left_out), LOG_END});
    line->left_out = 0;
}

const char *error_log_reason(const struct error_log *errors)
{
    if (errors->away)
        return errors->reason;
    return errors->latest[0] ? errors->latest : NULL;
}

void error_log_forget(struct error_log *errors)
{
    errors->latest[0] = '\0';
}

void error_log_end(struct error_log *errors)
{
    if (!errors->away)
        return;
    errors->away = false;
    errors->last[0] = '\0';
    for (size_t i = 0; i < ERROR_LINES; i++)
        errors->kept[i].times = errors->kept[i].times > 0;
    log_info("kafka answers again", LOG_INT("after_ms", clock_ms() - errors->away_since_ms));
}
