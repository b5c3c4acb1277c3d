/*
 * plan.h: a configuration and what is compiled from it, as workers use it.
 *
 * A plan is shared by all workers and changes nothing but its count of users. When the
 * configuration is read again each worker takes the new plan between two turns; records that are on
 * their way keep the one that they began with, so a worker may use several for a while.
 */
#pragma once
#include "flow/route.h"
#include "flow/tolerance.h"

#include <stdatomic.h>

struct plan {
    const struct conf *conf;
    const struct routes *routes;
    struct tolerances *tolerances; /* NULL: any number of records may fail */
    _Atomic unsigned users;        /* that have something of it: workers, pages of the admin port */
};

/** A plan in the use of one worker. */
struct worker_plan {
    struct plan *shared;
    struct route_counters **counters; /* by the index of a route; NULL: of another source */
    size_t open;                      /* deliveries that began with it and are not closed */
    struct worker_plan *older;        /* NULL: none */
};

/** Routes of other sources than @p source have no counters. */
struct worker_plan *worker_plan_new(struct plan *plan, const char *source,
                                    struct metrics_worker *metrics);

/** Takes NULL. */
void worker_plan_free(struct worker_plan *plan);

/** Frees those older ones than @p plan that nothing on its way has. */
void worker_plan_free_older(struct worker_plan *plan);
