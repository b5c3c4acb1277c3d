/* plan.c: a configuration and what is compiled from it, as workers use it. */
#include "flow/plan.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct worker_plan *worker_plan_new(struct plan *plan, const char *source,
                                    struct metrics_worker *metrics)
{
    struct worker_plan *used = mem_new(struct worker_plan);

    used->shared = plan;
    used->counters = mem_array(plan->routes->count, sizeof(*used->counters));
    for (size_t i = 0; i < plan->routes->count; i++) {
        const struct conf_route *route = plan->routes->items[i].conf;
        if (strcmp(route->from->name, source) == 0)
            used->counters[i] = metrics_route(metrics, route->name);
    }
    atomic_fetch_add(&plan->users, 1);
    return used;
}

void worker_plan_free(struct worker_plan *plan)
{
    if (!plan)
        return;
    free(plan->counters);
    atomic_fetch_sub(&plan->shared->users, 1);
    free(plan);
}

void worker_plan_free_older(struct worker_plan *plan)
{
    struct worker_plan **link = &plan->older;

    while (*link) {
        struct worker_plan *older = *link;
        if (older->open) {
            link = &older->older;
            continue;
        }
        *link = older->older;
        worker_plan_free(older);
    }
}
