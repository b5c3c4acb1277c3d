/* pauses.c: what the operator has paused in this process: routes, and partitions by their names. */
#include "flow/pauses.h"

#include "base/mem.h"
#include "flow/route.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pause {
    char *name;        /* of a route, or of a topic */
    int32_t partition; /* of the topic; -1: it is a route */
};

struct pauses {
    pthread_mutex_t mutex;
    struct pause *items;
    size_t count, capacity;
    _Atomic unsigned version;
};

struct pauses *pauses_new(void)
{
    struct pauses *pauses = mem_new(struct pauses);

    pthread_mutex_init(&pauses->mutex, NULL);
    return pauses;
}

void pauses_free(struct pauses *pauses)
{
    if (!pauses)
        return;
    for (size_t i = 0; i < pauses->count; i++)
        free(pauses->items[i].name);
    free(pauses->items);
    pthread_mutex_destroy(&pauses->mutex);
    free(pauses);
}

unsigned pauses_version(const struct pauses *pauses)
{
    return atomic_load_explicit(&pauses->version, memory_order_relaxed);
}

/* Its place; the count: it is not paused. */
static size_t place_of(const struct pauses *pauses, const char *name, int32_t partition)
{
    size_t place = 0;

    while (place < pauses->count && (pauses->items[place].partition != partition ||
                                     strcmp(pauses->items[place].name, name) != 0))
        place++;
    return place;
}

static void add(struct pauses *pauses, const char *name, int32_t partition)
{
    pauses->items =
        mem_grow(pauses->items, pauses->count, &pauses->capacity, sizeof(*pauses->items));
    pauses->items[pauses->count++] = (struct pause){mem_text(name), partition};
}

static bool set(struct pauses *pauses, const char *name, int32_t partition, bool paused)
{
    pthread_mutex_lock(&pauses->mutex);
    size_t place = place_of(pauses, name, partition);
    bool changes = (place < pauses->count) != paused;
    if (changes && paused) {
        add(pauses, name, partition);
    } else if (changes) {
        free(pauses->items[place].name);
        pauses->items[place] = pauses->items[--pauses->count];
    }
    atomic_fetch_add(&pauses->version, changes);
    pthread_mutex_unlock(&pauses->mutex);
    return changes;
}

static bool has(struct pauses *pauses, const char *name, int32_t partition)
{
    pthread_mutex_lock(&pauses->mutex);
    bool found = place_of(pauses, name, partition) < pauses->count;
    pthread_mutex_unlock(&pauses->mutex);
    return found;
}

bool pauses_set_route(struct pauses *pauses, const char *route, bool paused)
{
    return set(pauses, route, -1, paused);
}

bool pauses_set_partition(struct pauses *pauses, const char *topic, int32_t partition, bool paused)
{
    return set(pauses, topic, partition, paused);
}

bool pauses_has_route(struct pauses *pauses, const char *route)
{
    return has(pauses, route, -1);
}

bool pauses_has_partition(struct pauses *pauses, const char *topic, int32_t partition)
{
    return has(pauses, topic, partition);
}

bool pauses_cover(struct pauses *pauses, const struct topic_routes *routes, const char *topic,
                  int32_t partition)
{
    for (size_t i = 0; i < routes->count; i++)
        if (pauses_has_route(pauses, routes->items[i]->conf->name))
            return true;
    return pauses_has_partition(pauses, topic, partition);
}
