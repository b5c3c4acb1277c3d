/* duty.h: whether everything in the subscription is read. */
#pragma once
#include "kafka/survey.h"
#include "metrics/metrics.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct source_partition;

/** A partition's: Kafka says that we may not read it. */
struct partition_refusal {
    int64_t since_ms; /* 0: we may */
    int64_t position; /* then */
};

/** A topic or pattern of the subscription. */
struct source_topic_state {
    const char *name;
    enum survey_found found;
    bool taken;         /* by some member of the group */
    bool ours, refused; /* some partition of it is ours; and may not be read */
    bool was_read;      /* here or elsewhere, once */
    enum topic_state state;
    int64_t since_ms;
};

/** A source's. */
struct duty {
    struct survey *survey;
    struct source_topic_state *topics; /* by the subscription */
    struct topic_counters **counters;  /* theirs */
    size_t count;
    int64_t due_ms, states_due_ms;
    int64_t answered_ms, coordinated_ms; /* when Kafka answered, and the coordinator; 0: never */
    bool group_known, troubled;
    rd_kafka_resp_err_t err; /* why some end is not known */
    char reason[448];        /* what the trouble is */
};

/** False and errno if its thread could not be started. */
bool duty_open(struct source *source);

/** False if its thread does not end in time. */
bool duty_close(struct source *source, int64_t wait_ms);

void duty_clear(struct source *source);
void duty_turn(struct source *source);

/** Kafka says that we may not read the partition. */
void duty_refused(struct source_partition *partition);

/** The trouble of a source that is in its group; NULL: none. */
const char *duty_trouble(const struct source *source);
