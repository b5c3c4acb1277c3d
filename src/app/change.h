/* change.h: what another configuration changes in a process that runs, and what has to wait. */
#pragma once
#include <stdbool.h>

struct conf;

/** Texts are lines, "" if there are none. */
struct change {
    char *changes; /* "routes.trips.ttl: 1h -> 2h (live)" */
    char *restart; /* settings that wait for a restart */
    bool *rejoins; /* by the source's place in the next configuration: its workers begin again */
    bool waits;    /* all of it waits for a restart */
};

/** From @p running to @p next; what waits for a restart is what differs from @p start.
 * change_clear() frees it. */
void change_find(struct change *change, const struct conf *start, const struct conf *running,
                 const struct conf *next);

void change_clear(struct change *change);
