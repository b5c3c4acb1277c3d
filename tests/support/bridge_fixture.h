/*
 * bridge_fixture.h: the whole pipe in one process: what penstock makes of a configuration file,
 * with a single worker on a thread of its own; and what tests wait for and look at.
 *
 *      bridge_open(redis_server_folder(server), "group", "",
 *                  "sinks = { here = { url = \"redis://127.0.0.1:%d\"; }; };\n"
 *                  "routes = ( ... );\n", redis_server_port(server));
 *      CU_ASSERT_TRUE(readyz_comes("[-]partition rides[2]: "));
 *      bridge_stop();
 *      bridge_free();
 *
 * One at a time.
 */
#pragma once
#include "app/health.h"
#include "app/load.h"
#include "flow/claimed_routes.h"
#include "flow/pauses.h"
#include "flow/plan.h"
#include "flow/worker.h"
#include "metrics/metrics.h"
#include "real_redis_server.h"

#include <pthread.h>

enum { BRIDGE_PATIENCE_MS = 60000, BRIDGE_LOOK_MS = 20, BRIDGE_STOP_MS = 60000 };

/** A configuration that the bridge took while it ran. */
struct bridge_plan {
    struct loaded loaded;
    struct plan plan;
    struct bridge_plan *older;
};

struct bridge {
    char path[300];
    const char *group, *settings;
    struct bridge_plan *adopted; /* newest first */
    struct claimed_routes *claimed;
    struct loaded loaded;
    struct metrics *metrics;
    struct plan plan;
    struct pauses *pauses;
    const char **names;
    struct health *health;
    struct worker *worker;
    pthread_t thread;
    bool well; /* worker_run() said so */
};

extern struct bridge bridge;

/** Changes what was compiled before the worker sees it; NULL: it stays. */
extern void (*bridge_compiled)(struct routes *routes);

/** What the next bridge replays, at most so many records a second (0: any number), instead of being
 * a member of its group; NULL: it is one. */
extern struct source_range *bridge_ranges;
extern size_t bridge_range_count;
extern int64_t bridge_per_second;

/**
 * Writes a file into @p folder and starts the worker of its only source: "main", which reads the
 * mock cluster (member_fixture.h) as @p group. @p settings: further ones of the source; @p format:
 * what stands behind the sources.
 */
void bridge_open(const char *folder, const char *group, const char *settings, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/** The file has another end from now on, and the worker takes it, before patience ends. */
bool bridge_adopt(const char *format, ...) __attribute__((format(printf, 1, 2)));

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

/** The counts of a route and of a sink of the configuration, by their index. */
const struct route_counters *counters_of(size_t route);
const struct sink_counters *counters_of_sink(size_t sink);

/** What became of records of one route. */
uint64_t outcome_of(size_t route, enum outcome outcome);

/** Whether the group comes to have committed @p offset of one partition; of all. */
bool committed_comes(const char *group, const char *topic, int32_t partition, int64_t offset);
bool commits_come(const char *group, const char *topic, int64_t offset);

/** How many offsets were pushed to the lists "seen:PARTITION"; whether that comes to be so many. */
long pushed(struct redis_server *server);
bool pushed_comes(struct redis_server *server, long wanted);

/** A field of the checkpoint of a topic whose name is the group's too; whether it comes to be so.
 */
const char *checkpoint(struct redis_server *server, const char *topic, int partition,
                       const char *field);
bool checkpoint_comes(struct redis_server *server, const char *topic, int partition,
                      const char *field, const char *value);

/* --- a bridge with two servers, the sinks "here" and "there" --- */
#define BRIDGE_ROUTE_TO(sink, name, topic, rest)                                                   \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" topic "\" ]; to = \"" sink "\"; " rest \
    "}"
#define BRIDGE_ROUTE(name, topic, rest) BRIDGE_ROUTE_TO("here", name, topic, rest)

extern struct redis_server *here, *there;
extern const char *bridge_of_there; /* further settings of that sink, as the file has them */

void bridge_open_servers(void);

/** A bridge from the source "main"; @p top and @p routes as the file has them. What was sent to a
 * server that hangs is not sent again for a minute. */
void bridge_open_two(const char *group, const char *top, const char *routes);

/** The bridge and the servers. */
void bridge_close_two(void);
