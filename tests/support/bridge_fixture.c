/* bridge_fixture.c: the whole pipe in one process. */
#include "bridge_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "member_fixture.h"
#include "redis/commands.h"
#include "suite.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>

enum { PAGE_BYTES = 4096 };

struct bridge bridge;
void (*bridge_compiled)(struct routes *routes);
struct source_range *bridge_ranges;
size_t bridge_range_count;
int64_t bridge_per_second;

static void bridge_open_metrics(void)
{
    struct metrics_shape shape = {.workers = 1, .librdkafka = "", .hiredis = ""};
    const struct command *rows = command_all(&shape.command_count);

    shape.commands = bridge.names = mem_array(shape.command_count, sizeof(*bridge.names));
    for (size_t i = 0; i < shape.command_count; i++)
        bridge.names[i] = rows[i].name;
    bridge.metrics = metrics_new(&shape);
}

const struct route_counters *counters_of(size_t route)
{
    return metrics_route(metrics_worker(bridge.metrics, 0), bridge.loaded.conf->routes[route].name);
}

const struct sink_counters *counters_of_sink(size_t sink)
{
    return metrics_sink(metrics_worker(bridge.metrics, 0), bridge.loaded.conf->sinks[sink].name);
}

static void *bridge_run(void *context)
{
    struct err err = {0};

    (void)context;
    bridge.well = worker_run(bridge.worker, &err);
    if (!bridge.well)
        fprintf(stderr, "\nworker_run: %s\n", err.text);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void bridge_start(const char *path)
{
    struct worker_options options = {0};
    struct err err = {0};

    CU_ASSERT_EQUAL_FATAL(load(path, CONF_WARNING, &bridge.loaded), 0);
    if (bridge_compiled)
        bridge_compiled(bridge.loaded.routes);
    bridge_open_metrics();
    bridge.health = health_new(1, bridge.loaded.conf->admin.startup == STARTUP_WARM);
    bridge.plan = (struct plan){.conf = bridge.loaded.conf,
                                .routes = bridge.loaded.routes,
                                .tolerances = tolerances_new(bridge.loaded.conf)};
    options.plan = &bridge.plan;
    options.source = bridge.loaded.conf->sources;
    options.metrics = bridge.metrics;
    options.claimed = bridge.claimed = claimed_routes_new();
    options.pauses = bridge.pauses = pauses_new();
    options.listener = (struct worker_listener){bridge.health, health_status};
    options.ranges = bridge_ranges;
    options.range_count = bridge_range_count;
    options.per_second = bridge_per_second;
    bridge.worker = worker_new(&options, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bridge.worker);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&bridge.thread, NULL, bridge_run, NULL), 0);
}

__attribute__((format(printf, 1, 0))) static void bridge_write(const char *format, va_list list)
{
    FILE *file = fopen(bridge.path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "version = 1;\n"
            "sources = { main = { brokers = \"%s\"; group = \"%s\"; start = \"earliest\";\n"
            "    commit_interval = \"50ms\"; %s\n"
            "    librdkafka = { session_timeout_ms = 6000; heartbeat_interval_ms = 100;\n"
            "        fetch_wait_max_ms = 10; topic_metadata_refresh_interval_ms = 730; }; }; };\n",
            rd_kafka_mock_cluster_bootstraps(cluster), bridge.group, bridge.settings);
    vfprintf(file, format, list);
    fclose(file);
}

void bridge_open(const char *folder, const char *group, const char *settings, const char *format,
                 ...)
{
    va_list list;

    snprintf(bridge.path, sizeof(bridge.path), "%s/penstock.conf", folder);
    bridge.group = group;
    bridge.settings = settings;
    va_start(list, format);
    bridge_write(format, list);
    va_end(list);
    bridge_start(bridge.path);
}

/* --- another configuration -------------------------------------------------------------------- */

static void bridge_free_plans(bool all)
{
    struct bridge_plan **link = &bridge.adopted;

    while (*link) {
        struct bridge_plan *plan = *link;
        if (!all && atomic_load(&plan->plan.users)) {
            link = &plan->older;
            continue;
        }
        CU_ASSERT_EQUAL(atomic_load(&plan->plan.users), 0);
        *link = plan->older;
        tolerances_free(plan->plan.tolerances);
        load_free(&plan->loaded);
        free(plan);
    }
}

bool bridge_adopt(const char *format, ...)
{
    struct bridge_plan *next = mem_new(struct bridge_plan);
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    va_list list;

    va_start(list, format);
    bridge_write(format, list);
    va_end(list);
    CU_ASSERT_EQUAL_FATAL(load(bridge.path, CONF_ERROR, &next->loaded), 0);
    next->plan = (struct plan){.conf = next->loaded.conf,
                               .routes = next->loaded.routes,
                               .tolerances = tolerances_new(next->loaded.conf)};
    worker_adopt(bridge.worker, &next->plan);
    while (!worker_has_adopted(bridge.worker, &next->plan) && clock_ms() < until_ms)
        poll(NULL, 0, 1);
    next->older = bridge.adopted;
    bridge.adopted = next;
    bridge_free_plans(false);
    return worker_has_adopted(bridge.worker, &next->plan);
}

/* Every record that a route was given has become of something, or is in flight. */
static void expect_balance(const struct route_counters *counters)
{
    uint64_t ended = 0;

    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        ended += counters->outcomes[i];
    CU_ASSERT_EQUAL(counters->matched, ended + counters->inflight);
}

void bridge_join(void)
{
    pthread_join(bridge.thread, NULL);
    CU_ASSERT_TRUE(bridge.well);
    for (size_t i = 0; i < bridge.loaded.conf->route_count; i++)
        expect_balance(counters_of(i));
}

int64_t bridge_stop(void)
{
    int64_t from_ms = clock_ms();

    worker_stop(bridge.worker, from_ms + BRIDGE_STOP_MS);
    bridge_join();
    return clock_ms() - from_ms;
}

void bridge_free(void)
{
    worker_free(bridge.worker);
    bridge_free_plans(true);
    claimed_routes_free(bridge.claimed);
    health_free(bridge.health);
    tolerances_free(bridge.plan.tolerances);
    pauses_free(bridge.pauses);
    metrics_free(bridge.metrics);
    free(bridge.names);
    load_free(&bridge.loaded);
    bridge = (struct bridge){0};
}

/* --- what is waited for ----------------------------------------------------------------------- */

bool inflight_comes(uint64_t wanted)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    struct metrics_totals totals;

    do {
        poll(NULL, 0, BRIDGE_LOOK_MS);
        metrics_totals(bridge.metrics, &totals);
    } while (totals.inflight != wanted && clock_ms() < until_ms);
    return totals.inflight == wanted;
}

/* What /readyz?verbose says. */
static bool readyz(char page[PAGE_BYTES])
{
    memset(page, 0, PAGE_BYTES);
    FILE *list = fmemopen(page, PAGE_BYTES - 1, "w");
    bool ready = health_check(bridge.health, HEALTH_READY, list);
    fclose(list);
    return ready;
}

bool readyz_comes(const char *text)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    char page[PAGE_BYTES];
    bool come;

    do {
        poll(NULL, 0, BRIDGE_LOOK_MS);
        readyz(page);
        come = strstr(page, text);
    } while (!come && clock_ms() < until_ms);
    if (!come)
        fprintf(stderr, "\n/readyz says:\n%s", page);
    return come;
}

bool ready_comes(void)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;
    char page[PAGE_BYTES];
    bool ready;

    do {
        poll(NULL, 0, BRIDGE_LOOK_MS);
        ready = readyz(page);
    } while (!ready && clock_ms() < until_ms);
    if (!ready)
        fprintf(stderr, "\n/readyz says:\n%s", page);
    return ready;
}

bool committed_comes(const char *group, const char *topic, int32_t partition, int64_t offset)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (cluster_committed(group, topic, partition) != offset && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    return cluster_committed(group, topic, partition) == offset;
}

bool commits_come(const char *group, const char *topic, int64_t offset)
{
    for (int32_t i = 0; i < CLUSTER_PARTITIONS; i++)
        if (!committed_comes(group, topic, i, offset))
            return false;
    return true;
}

bool pushed_comes(struct redis_server *server, long wanted)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (pushed(server) < wanted && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    if (pushed(server) != wanted)
        fprintf(stderr, "\n%ld were pushed, not %ld\n", pushed(server), wanted);
    return pushed(server) == wanted;
}

bool checkpoint_comes(struct redis_server *server, const char *topic, int partition,
                      const char *field, const char *value)
{
    int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    while (strcmp(checkpoint(server, topic, partition, field), value) != 0 && clock_ms() < until_ms)
        poll(NULL, 0, BRIDGE_LOOK_MS);
    return strcmp(checkpoint(server, topic, partition, field), value) == 0;
}

/* --- what is looked at ------------------------------------------------------------------------ */

uint64_t outcome_of(size_t route, enum outcome outcome)
{
    return counters_of(route)->outcomes[outcome];
}

long pushed(struct redis_server *server)
{
    return atol(redis_ask(server, "EVAL %s 0",
                          "local n = 0 for p = 0, 3 do "
                          "n = n + redis.call('LLEN', 'seen:' .. p) end return n"));
}

const char *checkpoint(struct redis_server *server, const char *topic, int partition,
                       const char *field)
{
    char key[100];

    snprintf(key, sizeof(key), "penstock:{%s}:%s:%d", topic, topic, partition);
    return redis_ask(server, "HGET %s %s", key, field);
}

/* --- two servers --- */

struct redis_server *here, *there;
const char *bridge_of_there = "";

void bridge_open_servers(void)
{
    here = redis_server_start(NULL);
    there = redis_server_start(NULL);
}

void bridge_open_two(const char *group, const char *top, const char *routes)
{
    bridge_open(
        redis_server_folder(here), group, "drain_timeout = \"500ms\";",
        "sinks = { here = { url = \"redis://127.0.0.1:%d\"; response_timeout = \"60s\"; };\n"
        "    there = { url = \"redis://127.0.0.1:%d\"; response_timeout = \"60s\"; %s }; };\n"
        "%sroutes = ( %s );\n",
        redis_server_port(here), redis_server_port(there), bridge_of_there, top, routes);
}

void bridge_close_two(void)
{
    bridge_free();
    redis_server_free(here);
    redis_server_free(there);
}
