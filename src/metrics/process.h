/* process.h: what the kernel says about this process. */
#pragma once

/** NAN: unknown. */
struct process_sample {
    double started, ready, startup_over; /* set by the taker of the sample: since when penstock
                                            works, and what its probes say */
    double cpu_seconds;
    double resident_bytes, virtual_bytes;
    double open_files, most_files;
    double threads;
    double born; /* seconds since 1970 */
};

/** Reads /proc/self; fills all but the first three. */
void process_sample(struct process_sample *sample);
