/*
 * process.c: what the kernel says about this process.
 *
 * Only /proc/self is read, so that it works if the rest of /proc is hidden (ProcSubset=pid).
 */
#include "metrics/process.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double process_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* proc(5), /proc/pid/stat: field 3 follows the name in parentheses, which may hold anything. */
static void process_stat(struct process_sample *sample)
{
    double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    unsigned long user, system, size;
    unsigned long long begun;
    long threads, resident;
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");

    if (!file)
        return;
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';
    const char *fields = strrchr(line, ')');
    if (!fields || sscanf(fields + 1,
                          " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                          "%ld %*d %llu %lu %ld",
                          &user, &system, &threads, &begun, &size, &resident) != 6)
        return;
    sample->cpu_seconds = (double)(user + system) / ticks;
    sample->threads = (double)threads;
    sample->virtual_bytes = (double)size;
    sample->resident_bytes = (double)resident * page;
    sample->born = process_clock(CLOCK_REALTIME) - process_clock(CLOCK_BOOTTIME) +
                   (double)begun / ticks; /* counted from the boot */
}

static double process_open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double count = 0;

    if (!folder)
        return NAN;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* without the folder's own */
}

void process_sample(struct process_sample *sample)
{
    struct rlimit limit;

    *sample = (struct process_sample){.cpu_seconds = NAN,
                                      .resident_bytes = NAN,
                                      .virtual_bytes = NAN,
                                      .open_files = NAN,
                                      .most_files = NAN,
                                      .threads = NAN,
                                      .born = NAN};
    process_stat(sample);
    sample->open_files = process_open_files();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        sample->most_files = (double)limit.rlim_cur;
}
