/* snapshot.h: all counts at one moment, summed over the workers. */
#pragma once
#include "metrics/metrics.h"
#include "metrics/process.h"
#include "metrics/slots.h"

struct build_sample {
    char none; /* its facts are labels: metrics_shape */
};

/** One partition, whichever worker has or had it. NAN: unknown. */
struct partition_sample {
    const char *topic;
    int32_t partition;
    unsigned worker; /* that has or had it */
    double consumed_records, consumed_bytes, lost_records;
    double assigned, held, paused, lag_unknown;
    double lag_records, lag_seconds;
    double position_offset, committed_offset, end_offset, unstable;
    double startup_records, startup_remaining;
};

struct snapshot {
    const struct metrics_shape *shape;
    struct slot *slots;
    uint64_t **words;             /* the sums of each slot: a struct topic_counters, ... */
    struct exemplars **exemplars; /* of each slot; NULL: it has none */
    size_t slot_count;
    struct source_counters source;
    struct partition_sample *partitions; /* by topic and partition */
    size_t partition_count;
    struct process_sample process;
};

/** Fills @p snapshot; snapshot_clear() frees what it holds. Any thread. */
void snapshot_take(struct snapshot *snapshot, const struct metrics *metrics);
void snapshot_clear(struct snapshot *snapshot);
