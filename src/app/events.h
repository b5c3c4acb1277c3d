/* events.h: what a viewer of the page hears each second. */
#pragma once
#include <stdint.h>
#include <stdio.h>

struct admin_parts;

enum { EVENTS_TABLES = 5 };

/** Whoever publishes keeps this; begins with zeroes. */
struct events {
    int64_t due_ms[EVENTS_TABLES]; /* when a table is sent again */
};

/** Writes the server-sent events that are due at @p now_ms (clock_ms): the newest sample of the
 * history, and the tables. */
void events_write(struct events *events, const struct admin_parts *parts, int64_t now_ms,
                  FILE *out);
