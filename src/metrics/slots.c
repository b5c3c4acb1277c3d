/* slots.c: the places of routes, sinks and topics in the counts. */
#include "metrics/slots.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(type) (sizeof(type) / sizeof(uint64_t))

_Static_assert(sizeof(struct topic_counters) % sizeof(uint64_t) == 0, "topics are whole words");
_Static_assert(sizeof(struct route_counters) % sizeof(uint64_t) == 0, "routes are whole words");
_Static_assert(sizeof(struct sink_counters) % sizeof(uint64_t) == 0, "sinks are whole words");

struct slots {
    pthread_mutex_t mutex;
    struct slot *items; /* with the mutex; the names stay where they are */
    size_t count, capacity;
};

struct slots *slots_new(void)
{
    struct slots *slots = mem_new(struct slots);

    pthread_mutex_init(&slots->mutex, NULL);
    return slots;
}

void slots_free(struct slots *slots)
{
    for (size_t i = 0; i < slots->count; i++) {
        free((char *)slots->items[i].name);
        free((char *)slots->items[i].topic);
    }
    free(slots->items);
    pthread_mutex_destroy(&slots->mutex);
    free(slots);
}

static bool is_slot(const struct slot *slot, enum slot_kind kind, const char *name,
                    const char *topic)
{
    return slot->kind == kind && strcmp(slot->name, name) == 0 && strcmp(slot->topic, topic) == 0;
}

size_t slots_find(struct slots *slots, enum slot_kind kind, const char *name, const char *topic)
{
    size_t i = 0;

    pthread_mutex_lock(&slots->mutex);
    while (i < slots->count && !is_slot(&slots->items[i], kind, name, topic))
        i++;
    if (i == slots->count) {
        slots->items =
            mem_grow(slots->items, slots->count, &slots->capacity, sizeof(*slots->items));
        slots->items[slots->count++] = (struct slot){kind, mem_text(name), mem_text(topic)};
    }
    pthread_mutex_unlock(&slots->mutex);
    return i;
}

struct slot *slots_copy(struct slots *slots, size_t *count)
{
    pthread_mutex_lock(&slots->mutex);
    struct slot *copy = mem_array(slots->count, sizeof(*copy));
    *count = slots->count;
    if (slots->count)
        memcpy(copy, slots->items, slots->count * sizeof(*copy));
    pthread_mutex_unlock(&slots->mutex);
    return copy;
}

size_t slot_words(enum slot_kind kind, size_t command_count)
{
    switch (kind) {
    case SLOT_TOPIC:
        return WORDS(struct topic_counters);
    case SLOT_ROUTE:
        return WORDS(struct route_counters);
    case SLOT_SINK: /* one more command is "other" */
        return WORDS(struct sink_counters) + (command_count + 1) * RESULT_COUNT;
    }
    return 0;
}

uint64_t *slot_commands(struct sink_counters *sink)
{
    return (uint64_t *)(sink + 1);
}
