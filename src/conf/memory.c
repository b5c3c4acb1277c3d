/* memory.c: what of "memory" is whose. */
#include "conf/memory.h"

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

void memory_check(const struct filling *filling, const struct node *root)
{
    const struct node *max_record = node_find(root, "max_record");
    const struct node *memory = node_find(root, "memory");
    const struct node *set = max_record ? max_record : memory;

    if (set && filling->conf->max_record > filling->conf->memory / RECORDS)
        conf_problem(filling->problems, set->origin, NULL,
                     "'max_record' must not be larger than half of 'memory'");
}

int64_t conf_memory_share(const struct conf *conf)
{
    int64_t workers = 0;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf_is_read(conf, &conf->sources[i]))
            workers += conf->sources[i].workers;
    return conf->memory / (workers > 0 ? workers : 1);
}

size_t conf_record_memory(int64_t max_record)
{
    size_t most = (size_t)max_record * MADE_OF_RECORD;

    return most > LEAST_MADE ? most : LEAST_MADE;
}

size_t conf_record_reads(int64_t max_record)
{
    size_t most = conf_record_memory(max_record);

    return most > LEAST_READ ? most : LEAST_READ;
}

static bool memory_has_units(const struct conf *conf, const struct conf_sink *sink)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].to == sink && conf->routes[i].delivery == EXACTLY_ONCE)
            return true;
    return false;
}

/* A worker may have the units of every sink that has any. */
static void memory_bound_units(struct conf *conf)
{
    int64_t sinks = 0, most;

    for (size_t i = 0; i < conf->sink_count; i++)
        sinks += memory_has_units(conf, &conf->sinks[i]);
    most = conf_memory_share(conf) / UNITS / (sinks > 0 ? sinks : 1);
    if (most < LEAST_UNIT)
        most = LEAST_UNIT;
    for (size_t i = 0; i < conf->sink_count; i++)
        if (conf->sinks[i].unit_bytes > most)
            conf->sinks[i].unit_bytes = most;
}

/* A worker may have every sink's connections. */
static void memory_bound_windows(struct conf *conf)
{
    int64_t connections = 0, most;

    for (size_t i = 0; i < conf->sink_count; i++)
        connections += conf->sinks[i].connections;
    most = conf_memory_share(conf) / WINDOWS / (connections > 0 ? connections : 1);
    if (most < LEAST_WINDOW)
        most = LEAST_WINDOW;
    for (size_t i = 0; i < conf->sink_count; i++)
        if (conf->sinks[i].window_bytes > most)
            conf->sinks[i].window_bytes = most;
}

void memory_bound_sinks(struct conf *conf)
{
    memory_bound_windows(conf);
    memory_bound_units(conf);
}
