/* diff.h: what differs between two configurations, setting by setting. */
#pragma once
#include "conf/conf.h"
#include "conf/option.h"

#include <stdio.h>

struct difference {
    const char *setting;  /* "sinks.live.window_bytes"; a whole group: "routes.trips" */
    const char *was, *is; /* without secrets; "" if not set; NULL: the group is not there */
    enum option_change change;
};

/** Calls @p visit for each setting that means another thing in @p after than in @p before; a
 * default that is written out is not one. Returns their number. */
size_t diff_confs(const struct conf *before, const struct conf *after,
                  void (*visit)(void *context, const struct difference *difference), void *context);

/** Whether the settings of both routes mean the same, but for how many records may fail. */
bool diff_is_same_route(const struct conf_route *before, const struct conf_route *after);

/** One line for a person: "sinks.live.connections: 1 -> 2 (reconnect)". */
void diff_write(const struct difference *difference, FILE *out);
