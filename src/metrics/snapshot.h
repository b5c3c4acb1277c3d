/* snapshot.h: all counts at one moment, summed over the workers. */
#pragma once
#include "metrics/metrics.h"
#include "metrics/process.h"

struct build_sample {
    char none; /* its facts are labels: metrics_shape */
};

/** One partition, whichever worker has or had it. NAN: not known. */
struct partition_sample {
    const char *topic;
    int32_t partition;
    double consumed_records, consumed_bytes, lost_records;
    double assigned, held, lag_unknown;
    double lag_records, lag_seconds;
    double position_offset, committed_offset, end_offset, unstable;
};

struct snapshot {
    const struct metrics_shape *shape;
    uint64_t *words; /* of topics, routes and sinks */
    struct topic_counters *topics;
    struct route_counters *routes;
    struct sink_counters *sinks;
    struct source_counters source;
    struct partition_sample *partitions; /* by topic and partition */
    size_t partition_count;
    struct process_sample process;
};

/** Fills @p snapshot; snapshot_clear() ends it. Any thread. */
void snapshot_take(struct snapshot *snapshot, const struct metrics *metrics);
void snapshot_clear(struct snapshot *snapshot);
