/* source_state.h: what a source is made of; shared by the files of this folder alone. */
#pragma once
#include "base/backoff.h"
#include "conf/conf.h"
#include "kafka/another.h"
#include "kafka/commit.h"
#include "kafka/complaints.h"
#include "kafka/difference.h"
#include "kafka/duty.h"
#include "kafka/fetching.h"
#include "kafka/gates.h"
#include "kafka/gauges.h"
#include "kafka/held.h"
#include "kafka/kick.h"
#include "kafka/marks.h"
#include "kafka/offsets.h"
#include "kafka/oversize.h"
#include "kafka/partition.h"
#include "kafka/partitions.h"
#include "kafka/rebalance.h"
#include "kafka/resume.h"
#include "kafka/shutdown.h"
#include "kafka/source.h"
#include "kafka/start.h"
#include "kafka/survey.h"
#include "kafka/tracker.h"
#include "kafka/unreadable.h"
#include "kafka/watch.h"
#include "metrics/metrics.h"

#include <librdkafka/rdkafka.h>

enum {
    COMMIT_WAIT_MS = 3000, /* longest wait for the last commit of a partition */
    LEAVE_WAIT_MS = 500,   /* and for librdkafka's answer to unsubscribe */
    DRAIN_CHECK_MS = 50,   /* how often a drain is looked at though no answer came */
    TOPICS_SEEN = 1024,
    DUTY_GRACE_MS = 10000 /* how long it may be unknown whether Kafka and the group are there */
};

struct event;

struct source {
    const struct conf_source *options;
    unsigned member; /* its group.instance.id is "<instance_id>-<member>" */
    struct source_events events;
    struct source_gates gates;
    bool *hurries;   /* by gate: a mark is urgent */
    bool brims;      /* some partition may have too much unconfirmed */
    bool unreadable; /* some partition may be held at the next poll */
    struct metrics_worker *metrics;
    rd_kafka_t *kafka;
    rd_kafka_queue_t *control;  /* rebalances, errors, commit results, logs */
    rd_kafka_message_t **taken; /* [BATCH_RECORDS] */
    struct fetching fetching;
    struct offsets *offsets;
    struct event *wake;
    int wake_fd;
    bool more;         /* records may hold something */
    size_t mean_bytes; /* of the values taken last */

    struct source_topic **topics;
    size_t topic_count, topic_capacity;
    struct source_topic **buckets; /* the topics by a hash of their names; a power of two */
    size_t bucket_count;
    struct source_topic *seen[TOPICS_SEEN]; /* by the address of librdkafka's name */
    struct source_partition **partitions;   /* all that were ever ours */
    size_t partition_count, partition_capacity;
    size_t starting; /* how many of them are */

    int64_t turned_ms;   /* when the last turn was */
    int64_t look_due_ms; /* at the logs of all */
    int64_t looked_ms;   /* when the last look was answered */
    bool blind;          /* nothing is taken before the next look */
    bool knows_ids;      /* of the topics, as the last answer was */
    enum commit_look commit_look;

    enum rebalance_step rebalance;
    int64_t rebalance_deadline_ms;
    bool joined;
    struct backoff ask_backoff;
    rd_kafka_topic_partition_list_t *subscription;
    bool rejoining;        /* unsubscribed: to be subscribed again once nothing is ours */
    int64_t rejoin_due_ms; /* not before */

    bool commit_outstanding;
    int64_t commit_due_ms, commit_sent_ms;
    size_t finished;          /* records, since a commit was sent */
    unsigned commit_failures; /* in a row */

    enum closing_step closing;
    int64_t stop_deadline_ms, stop_reserve_ms; /* kept for the last commit and for leaving */
    bool stops_waiting;                        /* for answers */
    int64_t close_step_deadline_ms;
    size_t left;    /* records begun and not committed of the partitions given up at the end */
    bool abandoned; /* it could not be closed in time: left to the end of the process */

    bool fatal;
    struct complaints complaints;
    struct duty duty;
    int64_t left_ms; /* when the group took all away last */
    struct kick kick;
    struct oversize oversize;
    uint64_t consumed_records, consumed_bytes;
    int64_t drain_limit_ms;
    int64_t gauges_due_ms;
    int64_t held_due_ms; /* when held.c has something to look at; 0: never */
    size_t gauges_next;  /* the partition whose end is looked at next */
    int64_t now_ms;      /* of this turn */
};

/** What librdkafka tells besides records (events.c). */
void events_serve(struct source *source);
