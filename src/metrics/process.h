/* process.h: what the kernel says about this process. */
#pragma once
#include "metrics/metrics.h"

/** NAN: unknown. */
struct process_sample {
    /* Set by the taker of the sample: since when penstock works, what its probes say, and what
     * became of its configuration. */
    double started, ready, startup_over;
    double reloads[RELOAD_COUNT], loaded, refused, restart_needed;
    double cpu_seconds;
    double resident_bytes, virtual_bytes;
    double open_files, most_files;
    double threads;
    double born; /* seconds since 1970 */
};

/** Reads /proc/self; fills all but what the taker sets. */
void process_sample(struct process_sample *sample);
