/*
 * adopt.c: a worker takes another plan, between two turns.
 *
 * What is in flight keeps the plan that it began with (plan.h), so nothing waits and nothing is
 * read again, but for two things: partitions that are held, which are tried again, and exactly-once
 * partitions whose routes have changed. These are claimed again: places of commands in a checkpoint
 * are counted over all routes, so a checkpoint must not be written by some routes for records that
 * others have begun.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conf/diff.h"
#include "flow/stream_refusals.h"
#include "flow/worker_parts.h"

#include <stdlib.h>

/* Whether a checkpoint that the routes before have begun cannot be carried on by those after. */
static bool must_claim_again(const void *before, const void *after)
{
    const struct topic_routes *old_routes = before, *new_routes = after;

    if (old_routes->count != new_routes->count)
        return true;
    for (size_t i = 0; i < old_routes->count; i++)
        if (!diff_is_same_route(old_routes->items[i]->conf, new_routes->items[i]->conf))
            return true;
    return false;
}

static bool adopt_sinks(struct worker *worker, struct err *err)
{
    const struct conf *conf = worker_conf(worker);
    bool renewed;

    for (size_t i = 0; i < conf->sink_count; i++) {
        if (!worker->sinks[i])
            continue;
        if (!sink_configure(worker->sinks[i], &conf->sinks[i], &renewed, err))
            return false;
        if (renewed)
            stream_refusals_renew(worker, i);
    }
    return true;
}

/* The routes of each topic are found again; those before are in nobody's hand between turns. */
static void adopt_source(struct worker *worker)
{
    struct topic_routes **topics = worker->topics;
    size_t count = worker->topic_count;

    worker->topics = NULL;
    worker->topic_count = worker->topic_capacity = 0;
    source_adopt(worker->source, worker->options.source, must_claim_again);
    for (size_t i = 0; i < count; i++)
        topic_routes_free(topics[i]);
    free(topics);
}

/* For the record in hand. */
static void adopt_room(struct worker *worker)
{
    size_t count = worker->plan->shared->routes->count;

    worker->opened = mem_resize(worker->opened, count * sizeof(*worker->opened));
    worker->endings = mem_resize(worker->endings, count * sizeof(*worker->endings));
}

static bool adopt(struct worker *worker, struct plan *plan, struct err *err)
{
    struct worker_plan *older = worker->plan;
    const char *name = worker->options.source->name;

    worker->plan = worker_plan_new(plan, name, worker->metrics);
    worker->plan->older = older;
    worker->options.source = conf_source_of(plan->conf, name);
    worker->holds.conf = plan->conf;
    adopt_room(worker);
    if (!adopt_sinks(worker, err) || !worker_open_dlq(worker, err) ||
        (worker->dlq && !dlq_configure(worker->dlq, plan->conf, err)))
        return false;
    durability_adopt(&worker->durability, plan->conf, worker->options.source);
    adopt_source(worker);
    source_pauses_changed(worker->source); /* which are of routes, and these may be others */
    steer_retry_all(worker);
    worker_plan_free_older(worker->plan);
    return true;
}

bool adopt_turn(struct worker *worker, struct err *err)
{
    struct plan *plan = atomic_exchange(&worker->offered, NULL);

    if (!plan)
        return true;
    worker->now_ms = clock_ms();
    if (!adopt(worker, plan, err))
        return err_wrap(err, "worker %u", worker->options.number);
    worker_tell(worker); /* what it told before has names of the plan before */
    atomic_store(&worker->adopted, plan);
    return true;
}
