/* deadletters.h: what a file says of records that cannot be delivered. */
#pragma once
#include "conf/option.h"

/** Fills conf->dlq from the group "dlq" of @p root; sources and sinks are there. */
void deadletters_fill(const struct filling *filling, const struct node *root);

/** Fills "tolerance" and "retry" of a route from its own groups, else from those of "defaults". */
void deadletters_fill_route(const struct filling *filling, const struct node *node,
                            const struct node *defaults, struct conf_route *route);

/** Checks what needs both the dlq and the routes. */
void deadletters_check(const struct filling *filling);
