/* memory_budget.c: how the "memory" of the file is divided. */
#include "conf/memory_budget.h"

#include "conf/loader.h"
#include "conf/setting.h"

enum {
    RECORDS = 2,        /* of max_record, in memory */
    WINDOWS = 12,       /* a window's buffer may be three times its limit */
    UNITS = 192,        /* a sixth, for eight units on each of four lanes */
    MADE_OF_RECORD = 4, /* times max_record */
    LEAST_MADE = 1 << 20,
    LEAST_READ = 32 << 20,
    LEAST_UNIT = 4 << 10,
    LEAST_WINDOW = 4 << 10
};

void memory_budget_check(const struct loader *loader, const struct setting *root)
{
    const struct setting *max_record = setting_find(root, "max_record");
    const struct setting *memory = setting_find(root, "memory");
    const struct setting *set = max_record ? max_record : memory;

    if (set && loader->conf->max_record > loader->conf->memory / RECORDS)
        conf_problem(loader->problems, set->origin, NULL,
                     "'max_record' must not be larger than half of 'memory'");
}

int64_t memory_budget_share(const struct conf *conf)
{
    int64_t workers = 0;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf_is_read(conf, &conf->sources[i]))
            workers += conf->sources[i].workers;
    return conf->memory / (workers > 0 ? workers : 1);
}

size_t memory_budget_record(int64_t max_record)
{
    size_t most = (size_t)max_record * MADE_OF_RECORD;

    return most > LEAST_MADE ? most : LEAST_MADE;
}

size_t memory_budget_reads(int64_t max_record)
{
    size_t most = memory_budget_record(max_record);

    return most > LEAST_READ ? most : LEAST_READ;
}

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static bool has_units(const struct conf *conf, const struct conf_sink *sink)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].to == sink && conf->routes[i].delivery == EXACTLY_ONCE)
            return true;
    return false;
}

/* A worker may have the units of every sink that has any. */
static void bound_units(struct conf *conf)
{
    int64_t sinks = 0, most;

    for (size_t i = 0; i < conf->sink_count; i++)
        sinks += has_units(conf, &conf->sinks[i]);
    most = memory_budget_share(conf) / UNITS / (sinks > 0 ? sinks : 1);
    if (most < LEAST_UNIT)
        most = LEAST_UNIT;
    for (size_t i = 0; i < conf->sink_count; i++)
        conf->sinks[i].unit_bytes = smaller(conf->sinks[i].said.unit_bytes, most);
}

/* A worker may have every sink's connections. */
static void bound_windows(struct conf *conf)
{
    int64_t connections = 0, most;

    for (size_t i = 0; i < conf->sink_count; i++)
        connections += conf->sinks[i].connections;
    most = memory_budget_share(conf) / WINDOWS / (connections > 0 ? connections : 1);
    if (most < LEAST_WINDOW)
        most = LEAST_WINDOW;
    for (size_t i = 0; i < conf->sink_count; i++)
        conf->sinks[i].window_bytes = smaller(conf->sinks[i].said.window_bytes, most);
}

void memory_budget_bound(struct conf *conf)
{
    bound_windows(conf);
    bound_units(conf);
}
