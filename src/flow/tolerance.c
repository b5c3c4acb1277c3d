/*
 * tolerance.c: how many records of a route may fail before it stops.
 *
 * The times of the last failures stand in a ring, as many as may fail: the next one is one too many
 * if the oldest of them is too young.
 */
#include "flow/tolerance.h"

#include "base/mem.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tolerance {
    int64_t records, per_ms; /* per_ms 0: any number */
    int64_t *times;          /* [records] */
    int64_t count;           /* of all that failed */
    _Atomic bool over;
};

struct tolerances {
    pthread_mutex_t mutex;
    struct tolerance *items; /* one a route */
    size_t count;
};

struct tolerances *tolerances_new(const struct conf *conf)
{
    struct tolerances *tolerances = mem_new(struct tolerances);

    pthread_mutex_init(&tolerances->mutex, NULL);
    tolerances->count = conf->route_count;
    tolerances->items = mem_array(conf->route_count, sizeof(*tolerances->items));
    for (size_t i = 0; i < conf->route_count; i++) {
        struct tolerance *tolerance = &tolerances->items[i];
        tolerance->records = conf->routes[i].tolerance.records;
        tolerance->per_ms = conf->routes[i].tolerance.per;
        tolerance->times = mem_array((size_t)tolerance->records, sizeof(*tolerance->times));
    }
    return tolerances;
}

void tolerances_free(struct tolerances *tolerances)
{
    if (!tolerances)
        return;
    for (size_t i = 0; i < tolerances->count; i++)
        free(tolerances->items[i].times);
    free(tolerances->items);
    pthread_mutex_destroy(&tolerances->mutex);
    free(tolerances);
}

static struct tolerance *tolerance_of(struct tolerances *tolerances, const struct conf *conf,
                                      const char *route)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (strcmp(conf->routes[i].name, route) == 0)
            return &tolerances->items[i];
    return NULL;
}

void tolerances_take_over(struct tolerances *tolerances, const struct conf *conf,
                          struct tolerances *former, const struct conf *former_conf)
{
    pthread_mutex_lock(&former->mutex);
    for (size_t i = 0; i < tolerances->count; i++) {
        struct tolerance *to = &tolerances->items[i];
        const struct tolerance *from = tolerance_of(former, former_conf, conf->routes[i].name);
        if (!from || from->records != to->records || from->per_ms != to->per_ms || !to->records)
            continue;
        memcpy(to->times, from->times, (size_t)to->records * sizeof(*to->times));
        to->count = from->count;
    }
    pthread_mutex_unlock(&former->mutex);
}

/* Only with the lock. */
static bool tolerance_count(struct tolerance *tolerance, int64_t now_ms)
{
    int64_t *oldest;

    if (tolerance->records == 0)
        return false;
    oldest = &tolerance->times[tolerance->count % tolerance->records];
    if (tolerance->count >= tolerance->records && now_ms - *oldest < tolerance->per_ms)
        return false;
    *oldest = now_ms;
    tolerance->count++;
    return true;
}

bool tolerance_take(struct tolerances *tolerances, size_t index, int64_t now_ms)
{
    struct tolerance *tolerance = tolerances ? &tolerances->items[index] : NULL;

    if (!tolerance || !tolerance->per_ms)
        return true;
    pthread_mutex_lock(&tolerances->mutex);
    if (!atomic_load(&tolerance->over) && !tolerance_count(tolerance, now_ms))
        atomic_store(&tolerance->over, true);
    pthread_mutex_unlock(&tolerances->mutex);
    return !atomic_load(&tolerance->over);
}

void tolerance_give_back(struct tolerances *tolerances, size_t index)
{
    struct tolerance *tolerance = tolerances ? &tolerances->items[index] : NULL;

    if (!tolerance || !tolerance->per_ms)
        return;
    pthread_mutex_lock(&tolerances->mutex);
    if (tolerance->count > 0) {
        tolerance->count--;
        tolerance->times[tolerance->count % tolerance->records] = INT64_MIN / 2; /* free again */
    }
    pthread_mutex_unlock(&tolerances->mutex);
}

bool tolerance_is_over(const struct tolerances *tolerances, size_t index)
{
    return tolerances && atomic_load_explicit(&tolerances->items[index].over, memory_order_relaxed);
}

/* A duration in its largest whole unit. */
static int64_t whole_units(int64_t milliseconds, const char **unit)
{
    static const struct {
        int64_t milliseconds;
        const char *unit;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (milliseconds % units[i].milliseconds == 0) {
            *unit = units[i].unit;
            return milliseconds / units[i].milliseconds;
        }
    *unit = "ms";
    return milliseconds;
}

void tolerance_reason(const struct tolerances *tolerances, size_t index, char *text, size_t size)
{
    const struct tolerance *tolerance = &tolerances->items[index];
    const char *unit;
    int64_t units = whole_units(tolerance->per_ms, &unit);

    snprintf(text, size, "more than %" PRId64 " record%s failed within %" PRId64 "%s",
             tolerance->records, tolerance->records == 1 ? "" : "s", units, unit);
}
