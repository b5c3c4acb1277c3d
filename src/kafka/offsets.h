/*
 * offsets.h: offset queries for which librdkafka offers only blocking calls.
 *
 * rd_kafka_committed() and rd_kafka_offsets_for_times() block, so a thread of its own asks them and
 * the answers come back by an eventfd. One question at a time.
 */
#pragma once
#include "kafka/beginning.h"
#include "kafka/commit_note.h"
#include "kafka/identity.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offsets;

/** What is asked of one partition, and the answers. */
struct offsets_item {
    void *partition; /* the asker's own; handed back */
    uint32_t generation;
    const char *topic; /* lives until the answer was taken */
    int32_t number;
    bool looks; /* whether the log is still the one it was, and no more: its ends are not asked */
    bool ask_committed;
    bool was_committed; /* when this was asked */
    bool ask_group;     /* whether it has begun, if nothing is committed */
    bool since_began;   /* then time_ms is when it began, if it has */
    int64_t time_ms;    /* -1: none; else the first offset of that time or later is asked for */

    rd_kafka_resp_err_t err;
    int64_t committed; /* -1: the group has none */
    struct commit_note note;
    struct beginning group;
    struct identity log; /* the one that is there now */
    int64_t low, high;   /* of the log; -1: not known */
    int64_t at_time;     /* -1: none that late */
};

/** Asks at once, on this thread, for as long as Kafka takes; for tools. */
void offsets_query(rd_kafka_t *kafka, const char *group, struct offsets_item *items, size_t count);

/** Starts the thread; answers are announced on @p wake_fd. @p group is borrowed. Errors: NULL and
 * errno. */
struct offsets *offsets_new(rd_kafka_t *kafka, const char *group, int wake_fd);

/** Whether a question is under way or its answer was not taken yet. */
bool offsets_are_busy(const struct offsets *offsets);

/** Asks; only while not busy. @p items belongs to the callee until offsets_take() gives it back. */
void offsets_ask(struct offsets *offsets, struct offsets_item *items, size_t count);

/** The answers, to be freed with free(); NULL while there are none. */
struct offsets_item *offsets_take(struct offsets *offsets, size_t *count);

/**
 * Queries the end offsets. The answer matters less than the request, which wakes librdkafka's
 * broker threads (wakeup.c) and shows whether anybody answers. Takes @p list.
 */
void offsets_ask_ends(struct offsets *offsets, rd_kafka_topic_partition_list_t *list);

/** The answer to the last offsets_ask_ends(), to be destroyed; NULL: none yet, or it was taken. */
rd_kafka_topic_partition_list_t *offsets_take_ends(struct offsets *offsets);

/** How often offsets_ask_ends() was answered. */
unsigned offsets_ends_answered(struct offsets *offsets);

/** Ends the thread; false if it does not end within @p wait_ms: then it is left alone. Takes
 * NULL. */
bool offsets_free(struct offsets *offsets, int64_t wait_ms);
