/*
 * slots.h: the places of routes, sinks and topics in the counts.
 *
 * A thing has its place by its name: the same name finds the same place again, whichever
 * configuration says it, and no place is given up. So a worker may come to know a route while
 * others count and a scrape reads.
 */
#pragma once
#include "metrics/metrics.h"

enum slot_kind { SLOT_TOPIC, SLOT_ROUTE, SLOT_SINK };

struct slot {
    enum slot_kind kind;
    const char *name;  /* of the route or sink; of a topic's source */
    const char *topic; /* SLOT_TOPIC; else "" */
};

struct slots;

struct slots *slots_new(void);
void slots_free(struct slots *slots);

/** The index of the slot of these names, which are copied if they are new. Any thread. */
size_t slots_find(struct slots *slots, enum slot_kind kind, const char *name, const char *topic);

/** A copy of all slots as they are now; free() frees it, the names belong to @p slots. Any thread.
 */
struct slot *slots_copy(struct slots *slots, size_t *count);

/** How many words the counts of a slot take. */
size_t slot_words(enum slot_kind kind, size_t command_count);

/** The counts by command that stand behind those of a sink: [command][enum command_result]. */
uint64_t *slot_commands(struct sink_counters *sink);
