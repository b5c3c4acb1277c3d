/*
 * bridge.h: the whole pipe in one process: what penstock makes of a configuration file, with a
 * single worker on a thread of its own.
 *
 *      bridge_start("/tmp/x/penstock.conf");
 *      CU_ASSERT_TRUE(readyz_comes("[-]partition rides[2]: "));
 *      bridge_stop();
 *      bridge_free();
 *
 * One at a time.
 */
#pragma once
#include "app/health.h"
#include "app/load.h"
#include "flow/tolerance.h"
#include "flow/worker.h"

#include <pthread.h>

enum { BRIDGE_PATIENCE_MS = 20000, BRIDGE_LOOK_MS = 20, BRIDGE_STOP_MS = 5000 };

struct bridge {
    struct loaded loaded;
    struct metrics *metrics;
    struct tolerances *tolerances;
    const char **names;
    struct health *health;
    struct worker *worker;
    pthread_t thread;
    bool well; /* worker_run() said so */
};

extern struct bridge bridge;

/** Loads the file and starts its first source's worker. */
void bridge_start(const char *path);

/** Waits for the end after worker_stop(): then its counts may be read, and balance. */
void bridge_join(void);

/** worker_stop() and bridge_join(); how many milliseconds it took. */
int64_t bridge_stop(void);

void bridge_free(void);

/** Whether so many records are in flight before patience ends. */
bool inflight_comes(uint64_t wanted);

/** Whether /readyz?verbose comes to say @p text. */
bool readyz_comes(const char *text);

/** Whether it comes to say that all is well. */
bool ready_comes(void);
