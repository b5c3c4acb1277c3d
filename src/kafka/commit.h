/* commit.h: answered offsets are committed to Kafka. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/** A source's. */
struct commit {
    bool outstanding;
    int64_t due_ms, sent_ms;
    size_t finished;   /* records, since a commit was sent */
    unsigned failures; /* in a row */
};

/** A partition's; -1: nothing, or not known. */
struct partition_commit {
    int64_t committed;   /* what Kafka has */
    int64_t committing;  /* what the outstanding commit says */
    int64_t ahead;       /* to be committed though not answered (source_commit_first()) */
    int64_t fresh_start; /* its first offset, if nothing was committed; -1: it resumed at one */
    int64_t former;      /* what was committed by an assignment before */
    int64_t behind; /* nothing is committed before this record was taken: the log may be another */
};

#define PARTITION_COMMIT_NONE ((struct partition_commit){-1, -1, -1, -1, -1, -1})

void commit_turn(struct source *source);

/** Milliseconds until commit_turn() has something to do; INT64_MAX: only events matter. */
int64_t commit_next_ms(const struct source *source);

/** Whether all that may be committed is, or cannot be; commits and waits over several turns. */
bool commit_is_done(struct source *source);

void commit_result(struct source *source, rd_kafka_resp_err_t err,
                   const rd_kafka_topic_partition_list_t *list);
