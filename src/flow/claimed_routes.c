/* claimed_routes.c: with which routes this process has claimed the partitions of each topic. */
#include "flow/claimed_routes.h"

#include "base/mem.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct claimed_topic {
    char *topic;
    uint64_t fingerprint;
};

struct claimed_routes {
    pthread_mutex_t mutex;
    struct claimed_topic *items; /* few: one for each time that a topic's routes changed */
    size_t count, capacity;
};

struct claimed_routes *claimed_routes_new(void)
{
    struct claimed_routes *claimed = mem_new(struct claimed_routes);

    pthread_mutex_init(&claimed->mutex, NULL);
    return claimed;
}

void claimed_routes_free(struct claimed_routes *claimed)
{
    if (!claimed)
        return;
    for (size_t i = 0; i < claimed->count; i++)
        free(claimed->items[i].topic);
    free(claimed->items);
    pthread_mutex_destroy(&claimed->mutex);
    free(claimed);
}

/* With the mutex. */
static bool has(const struct claimed_routes *claimed, const char *topic, uint64_t fingerprint)
{
    for (size_t i = 0; i < claimed->count; i++)
        if (claimed->items[i].fingerprint == fingerprint &&
            strcmp(claimed->items[i].topic, topic) == 0)
            return true;
    return false;
}

void claimed_routes_add(struct claimed_routes *claimed, const char *topic, uint64_t fingerprint)
{
    if (!claimed)
        return;
    pthread_mutex_lock(&claimed->mutex);
    if (!has(claimed, topic, fingerprint)) {
        claimed->items =
            mem_grow(claimed->items, claimed->count, &claimed->capacity, sizeof(*claimed->items));
        claimed->items[claimed->count++] = (struct claimed_topic){mem_text(topic), fingerprint};
    }
    pthread_mutex_unlock(&claimed->mutex);
}

bool claimed_routes_have(struct claimed_routes *claimed, const char *topic, uint64_t fingerprint)
{
    if (!claimed)
        return false;
    pthread_mutex_lock(&claimed->mutex);
    bool known = has(claimed, topic, fingerprint);
    pthread_mutex_unlock(&claimed->mutex);
    return known;
}
