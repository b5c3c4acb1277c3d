/*
 * survey.h: asks Kafka about the topics and the group of a subscription, in a thread of its own.
 *
 * The calls block for as long as a broker is silent. So they are not made on the thread of
 * offsets.h either, where a start or a wakeup would wait behind them. One question at a time.
 */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey;

enum survey_found {
    SURVEY_UNKNOWN, /* nobody answered */
    SURVEY_THERE,
    SURVEY_MISSING, /* of a pattern: no topic matches */
    SURVEY_FORBIDDEN
};

/** A topic or pattern of the subscription. */
struct survey_topic {
    const char *name; /* borrowed of the subscription */
    enum survey_found found;
    bool taken; /* some member of the group has a partition of it; only if the group is known */
};

struct survey_answer {
    struct survey_topic *topics; /* in the subscription's order */
    size_t topic_count;
    bool group_known;                    /* who has what in the group, when that was asked last */
    bool coordinator_asked, coordinated; /* the group's coordinator, once a partition is ours */
    /** Of the partitions asked for: those whose end was told; and log starts. */
    rd_kafka_topic_partition_list_t *highs, *lows;
    rd_kafka_resp_err_t err; /* why some end was not told */
    bool answered;           /* Kafka answered something */
};

/** Starts the thread; answers are announced on @p wake_fd. The subscription and @p group are
 * borrowed. Errors: NULL and errno. */
struct survey *survey_new(rd_kafka_t *kafka, const char *group,
                          const rd_kafka_topic_partition_list_t *subscription, int wake_fd);

/** Whether the topic is what the subscription's @p index names, or matches its pattern. */
bool survey_matches(const struct survey *survey, size_t index, const char *topic);

/** Whether a question is under way or its answer was not taken yet. */
bool survey_is_busy(const struct survey *survey);

/** Asks for the ends of @p highs, the log starts of @p lows, the group, and the topics now and
 * then; takes the lists. Only while not busy. */
void survey_ask(struct survey *survey, rd_kafka_topic_partition_list_t *highs,
                rd_kafka_topic_partition_list_t *lows);

/** The answer, to be freed by survey_answer_free(); NULL while there is none. */
struct survey_answer *survey_take(struct survey *survey);
void survey_answer_free(struct survey_answer *answer);

/** Ends the thread; false if it does not end within @p wait_ms: then it is left alone. Takes
 * NULL. */
bool survey_free(struct survey *survey, int64_t wait_ms);
