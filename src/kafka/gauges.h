/* gauges.h: the partitions' metrics. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct partition_gauges;
struct source;
struct source_partition;

/** A source's. */
struct gauges {
    int64_t due_ms;
    size_t next; /* the partition whose end is looked at next */
};

/** A partition's. */
struct partition_gauge {
    struct partition_gauges *shown;
    int64_t waits_since_ms; /* nothing comes though Kafka has more; 0: it does, or has not */
    int64_t waits_at;       /* the position that it does not get past */
    bool stalls;            /* it was logged that nothing comes */
    int64_t told_ms;        /* when Kafka told its end, or gave a record of it */
    int64_t told_at;        /* its position then */
    int64_t low;            /* where its log starts, asked while it does not flow; -1: not known */
};

/** A new partition of the source. */
void gauges_open(struct source_partition *partition);

/** The source ends: its gauges are those of nothing, and its counts stay. */
void gauges_close(struct source *source);

/** A new assignment. */
void gauges_take(struct source_partition *partition);

void gauges_turn(struct source *source);

/** Where the log ends, as Kafka said before the first fetch did, which may never come. */
void gauges_end(struct source_partition *partition, int64_t offset);

/** What was said of it last. */
int64_t gauges_known_end(const struct source_partition *partition);

/** How long an answer of Kafka counts. */
int64_t gauges_grace_ms(const struct source *source);

/** Whether Kafka told the partition's end a while ago at most. */
bool gauges_end_is_known(const struct source_partition *partition);

/** The end and the start of the log, as Kafka says when asked (duty.c). */
void gauges_high(struct source_partition *partition, int64_t offset);
void gauges_low(struct source_partition *partition, int64_t offset);
