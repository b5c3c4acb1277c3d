/* source_state.h: what a source is made of; shared by the files of this folder alone. */
#pragma once
#include "base/backoff.h"
#include "conf/conf.h"
#include "kafka/barriers.h"
#include "kafka/commit.h"
#include "kafka/difference.h"
#include "kafka/duty.h"
#include "kafka/error_log.h"
#include "kafka/fetching.h"
#include "kafka/gauges.h"
#include "kafka/held.h"
#include "kafka/marks.h"
#include "kafka/offsets.h"
#include "kafka/oversize.h"
#include "kafka/partition.h"
#include "kafka/partitions.h"
#include "kafka/questions.h"
#include "kafka/rebalance.h"
#include "kafka/replaced.h"
#include "kafka/replaying.h"
#include "kafka/resume.h"
#include "kafka/shutdown.h"
#include "kafka/source.h"
#include "kafka/start.h"
#include "kafka/steered.h"
#include "kafka/survey.h"
#include "kafka/tracker.h"
#include "kafka/unreadable.h"
#include "kafka/wakeup.h"
#include "kafka/warming.h"
#include "kafka/watch.h"
#include "metrics/metrics.h"

#include <librdkafka/rdkafka.h>

enum {
    COMMIT_WAIT_MS = 3000, /* longest wait for the last commit of a partition */
    LEAVE_WAIT_MS = 500,   /* and for librdkafka's answer to unsubscribe */
    DRAIN_CHECK_MS = 50,   /* how often a drain is looked at though no answer came */
    DUTY_GRACE_MS = 10000  /* how long it may be unknown whether Kafka and the group are there */
};

struct event;

struct source {
    const struct conf_source *options;
    unsigned member; /* its group.instance.id is "<instance_id>-<member>" */
    struct source_events events;
    struct metrics_worker *metrics;
    rd_kafka_t *kafka;
    rd_kafka_queue_t *control; /* rebalances, errors, commit results, logs */
    rd_kafka_topic_partition_list_t *subscription;
    rd_kafka_message_t **taken; /* [BATCH_RECORDS] */
    struct event *wake;
    int wake_fd;
    int64_t now_ms;    /* of this turn */
    bool more;         /* the queue of records may hold something */
    size_t mean_bytes; /* of the values taken last */
    uint64_t consumed_records, consumed_bytes;
    bool fatal;
    bool unreadable; /* some partition may be held at the next poll */
    bool steered;    /* steered_turn() has something to do */

    struct topics topics;
    struct source_partition **partitions; /* all that were ever ours */
    size_t partition_count, partition_capacity;
    size_t starting; /* how many of them are */

    struct offsets *offsets;
    struct backoff ask_backoff;
    struct error_log errors;
    struct fetching fetching;
    struct barriers barriers;
    struct watch watch;
    struct rebalance rebalance;
    struct replaying replaying;
    struct commit commit;
    struct shutdown shutdown;
    struct duty duty;
    struct gauges gauges;
    struct wakeup wakeup;
    struct oversize oversize;
    struct {
        int64_t started_ms;  /* by the wall clock */
        int64_t lag, age_ms; /* admin.startup_lag, admin.startup_age */
    } warming;
    int64_t held_due_ms; /* when held.c has something to look at; 0: never */
};

/** Whether the source was told to stop. */
static inline bool source_is_stopping(const struct source *source)
{
    return source->shutdown.step != SHUTDOWN_NO;
}

/** What librdkafka tells besides records (events.c). */
void events_serve(struct source *source);
