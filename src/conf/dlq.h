/* dlq.h: the settings for records that cannot be delivered. */
#pragma once
#include "conf/option.h"

/** Fills conf->dlq from the group "dlq" of @p root; call it after sources and sinks. */
void dlq_fill(const struct loader *loader, const struct setting *root);

/** Fills "tolerance" and "retry" of a route from its own groups, else from those of "defaults". */
void dlq_fill_route(const struct loader *loader, const struct setting *setting,
                    const struct setting *defaults, struct conf_route *route);

/** Checks what needs both the dlq and the routes. */
void dlq_check(const struct loader *loader);
