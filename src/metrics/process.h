/* process.h: what the kernel says about this process. */
#pragma once

/** NAN where the kernel does not tell. */
struct process_sample {
    double started; /* set by who takes the sample: since when penstock works */
    double cpu_seconds;
    double resident_bytes, virtual_bytes;
    double open_files, most_files;
    double threads;
    double born; /* seconds since 1970 */
};

/** Reads /proc/self; fills all but started. */
void process_sample(struct process_sample *sample);
