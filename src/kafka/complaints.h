/*
 * complaints.h: what librdkafka has to say, once and then rarely.
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

enum { COMPLAINTS_KEPT = 32 };

struct complaint {
    rd_kafka_resp_err_t err;
    uint32_t topic; /* a hash; 0: none */
    uint32_t left_out;
    unsigned times; /* told so often */
    int64_t told_ms;
};

/** All zero is none. */
struct complaints {
    struct complaint kept[COMPLAINTS_KEPT];
    size_t next;
    char latest[512]; /* what was said last, and what to do */
    char last[384];   /* the same of one broker, and what it hints at */
    char reason[448]; /* why they are away */
    bool away;        /* all brokers were, since the last complaints_end() */
    int64_t away_since_ms;
};

/** What to do where Kafka answers so; NULL: nothing that is known. */
const char *complaint_remedy(rd_kafka_resp_err_t err);

/** Whether it is the reason of one broker's connection: that says more than that a question timed
 * out, or that all brokers are down. */
bool complaint_is_particular(rd_kafka_resp_err_t err);

/** @p topic may be NULL; @p text is librdkafka's own. */
void complain(struct complaints *complaints, rd_kafka_resp_err_t err, const char *topic,
              const char *text);

/** The last particular reason for which Kafka gives us nothing; NULL: it gave none. */
const char *complaints_reason(const struct complaints *complaints);

/** The group has taken us: what was the matter before no longer is. */
void complaints_forget(struct complaints *complaints);

/** Kafka answers: says so where all brokers had been away. */
void complaints_end(struct complaints *complaints);
