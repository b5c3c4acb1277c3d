/*
 * complaints.h: what librdkafka has to say, once and then rarely.
 *
 * While a broker is down librdkafka repeats itself every second. The first line of a kind is
 * logged at once, later ones at most every minute with the number left out.
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
    int64_t silent_until_ms;
};

/** All zero is none. */
struct complaints {
    struct complaint kept[COMPLAINTS_KEPT];
    size_t next;
    char last[384];   /* what was said last, and what it hints at */
    char reason[448]; /* why they are away */
    bool away;        /* all brokers were, since the last complaints_end() */
};

/** @p topic may be NULL; @p text is librdkafka's own. */
void complain(struct complaints *complaints, rd_kafka_resp_err_t err, const char *topic,
              const char *text);

/** Kafka answers: says so where all brokers had been away. */
void complaints_end(struct complaints *complaints);
