/*
 * error_log.h: rate-limited logging of librdkafka's errors.
 *
 * While a broker is down librdkafka repeats itself every second. The first line of a kind is
 * logged at once, the next one after ten seconds, later ones at most every minute with the number
 * left out.
 */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ERROR_LINES = 32 };

struct error_line {
    rd_kafka_resp_err_t err;
    uint32_t topic; /* a hash; 0: none */
    uint32_t left_out;
    unsigned times; /* told so often */
    int64_t told_ms;
};

/** All zero is none. */
struct error_log {
    struct error_line kept[ERROR_LINES];
    size_t next;
    char latest[512]; /* the latest error, and its remedy */
    char last[384];   /* the same of one broker, and its likely cause */
    char reason[448]; /* why they are away */
    bool away;        /* all brokers were, since the last error_log_end() */
    int64_t away_since_ms;
    uint64_t *logins_refused; /* a counter of the caller; NULL: nobody counts */
};

/** The remedy for this error; NULL: none is known. */
const char *error_remedy(rd_kafka_resp_err_t err);

/** Whether it is the reason of one broker's connection: that says more than that a question timed
 * out, or that all brokers are down. */
bool error_is_particular(rd_kafka_resp_err_t err);

/** @p topic may be NULL; @p text is librdkafka's own. */
void report_error(struct error_log *errors, rd_kafka_resp_err_t err, const char *topic,
                  const char *text);

/** The last particular reason for which Kafka gives us nothing; NULL: it gave none. */
const char *error_log_reason(const struct error_log *errors);

/** The group has taken us: earlier reasons are over. */
void error_log_forget(struct error_log *errors);

/** Kafka answers: logs that, if all brokers had been away. */
void error_log_end(struct error_log *errors);
