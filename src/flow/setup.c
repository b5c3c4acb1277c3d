/* setup.c: a worker's consumer, connections and loop come and go, and their events are wired. */
#include "base/mem.h"
#include "conf/memory_budget.h"
#include "flow/exactly.h"
#include "flow/failure.h"
#include "flow/stream_refusals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of a worker's share of the memory: what records in flight may take that are kept, and what
 * letters may; those lie with librdkafka once more. */
enum { KEPT_PART = 8, DLQ_PART = 16 };

enum { CLIENT_NAME_BYTES = 128 };

static void worker_wake(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context; /* the loop returns, that is all */
}

/* Another thread has set what it wants before it wrote. */
static void worker_called(evutil_socket_t fd, short what, void *context)
{
    eventfd_t count;

    (void)what, (void)context;
    eventfd_read(fd, &count);
}

/* --- to Redis --------------------------------------------------------------------------------- */

/* What CLIENT LIST shows of the worker's connections: "penstock:SINK:WORKER". */
static void client_name(const struct worker *worker, const struct conf_sink *sink,
                        char name[CLIENT_NAME_BYTES])
{
    snprintf(name, CLIENT_NAME_BYTES, "penstock:%s:%u", sink->name, worker->options.number);
}

/* What becomes of the rest of its record is no matter of the sink's. */
static void sink_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    worker_refused(context, ticket, class, text);
}

/* Whether a route of our source writes to the sink so. */
static bool worker_writes(const struct worker *worker, size_t index, bool exactly)
{
    const struct routes *routes = worker->plan->shared->routes;

    for (size_t i = 0; i < routes->count; i++) {
        const struct conf_route *conf = routes->items[i].conf;
        if (conf->from == worker->options.source && routes->items[i].sink_index == index &&
            (conf->delivery == EXACTLY_ONCE) == exactly)
            return true;
    }
    return false;
}

static bool worker_open_sink(struct worker *worker, size_t index, struct err *err)
{
    const struct conf_sink *conf = &worker_conf(worker)->sinks[index];
    const struct sink_events events = {
        worker,           delivery_done,        sink_refused,      delivery_wanted,
        delivery_dropped, worker_retry_timeout, delivery_doubtful, stream_refusals_contest,
        worker_suspected};
    const struct units_events of_units = {
        worker,         exactly_claimed,  exactly_fenced,       delivery_done,
        worker_refused, delivery_dropped, worker_retry_timeout, worker_suspected};
    char name[CLIENT_NAME_BYTES];
    const struct sink_options options = {
        .conf = conf,
        .client_name = name,
        .base = worker->base,
        .counters = metrics_sink(worker->metrics, conf->name),
        .events = worker_writes(worker, index, false) ? &events : NULL,
        .units = worker_writes(worker, index, true) ? &of_units : NULL,
    };

    if (!options.events && !options.units)
        return true;
    client_name(worker, conf, name);
    worker->sinks[index] = sink_new(&options, err);
    return worker->sinks[index] || err_wrap(err, "sink %s", conf->name);
}

static bool worker_open_sinks(struct worker *worker, struct err *err)
{
    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        if (!worker_open_sink(worker, i, err))
            return false;
    return true;
}

/* --- dead letters ----------------------------------------------------------------------------- */

/* A worker's part of what the process may hold. */
static size_t worker_share(const struct conf *conf)
{
    int64_t workers = 0;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf_is_read(conf, &conf->sources[i]))
            workers += conf->sources[i].workers;
    return (size_t)(conf->memory / (workers > 0 ? workers : 1));
}

static bool worker_may_bury(const struct worker *worker, const struct route *route)
{
    return route->conf->from == worker->options.source && route->conf->on_error == ON_ERROR_DLQ;
}

/* Gives each sink of a route that may have dead letters the same part of @p bytes for records in
 * flight. How many sinks there are. */
static size_t worker_open_originals(struct worker *worker, size_t bytes)
{
    const struct routes *routes = worker->plan->shared->routes;
    size_t count = 0;

    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        worker->originals[i].limit_bytes = 0;
    for (size_t i = 0; i < routes->count; i++) {
        struct originals *originals = &worker->originals[routes->items[i].sink_index];
        if (!worker_may_bury(worker, &routes->items[i]) || originals->limit_bytes)
            continue;
        originals->limit_bytes = bytes;
        count++;
    }
    for (size_t i = 0; count && i < worker_conf(worker)->sink_count; i++)
        worker->originals[i].limit_bytes /= count;
    return count;
}

bool worker_open_dlq(struct worker *worker, struct err *err)
{
    const struct conf *conf = worker_conf(worker);
    const struct dlq_events events = {worker, worker_letter_delivered, delivery_wanted,
                                      worker_letter_dropped};
    size_t share = worker_share(conf);

    if (!worker_open_originals(worker, share / KEPT_PART) || worker->dlq)
        return true;
    worker->dlq = dlq_new(conf, worker->options.number, share / DLQ_PART, worker->base,
                          worker->metrics, &events, err);
    return worker->dlq;
}

/* --- from Kafka ------------------------------------------------------------------------------- */

static bool worker_open_source(struct worker *worker, struct err *err)
{
    const struct worker_options *options = &worker->options;
    const struct source_events events = {worker,          worker_topic,   worker_gone,
                                         exactly_claim,   exactly_starts, worker_is_settled,
                                         worker_is_paused};
    size_t count;
    const char **topics;

    if (options->ranges) {
        worker->source =
            source_new_replaying(worker_conf(worker), options->source, options->ranges,
                                 options->range_count, worker->base, worker->metrics, &events, err);
        return worker->source || err_wrap(err, "source %s", options->source->name);
    }
    topics = conf_topics(worker_conf(worker), options->source, &count);
    worker->source = source_new(worker_conf(worker), options->source, options->member, topics,
                                count, worker->base, worker->metrics, &events, err);
    free(topics);
    return worker->source || err_wrap(err, "source %s", options->source->name);
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool worker_open_loop(struct worker *worker, struct err *err)
{
    worker->base = event_base_new();
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!worker->base || worker->wake_fd < 0)
        return err_set(err, ERR_FATAL, "event loop: %s", strerror(errno));
    worker->timer = evtimer_new(worker->base, worker_wake, NULL);
    worker->wake =
        event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, worker_called, NULL);
    event_add(worker->wake, NULL);
    return true;
}

/* Beside what waits there is room for half of the share. */
static size_t worker_record_limit(const struct conf *conf)
{
    size_t share = (size_t)memory_budget_share(conf) / 2;
    size_t most = memory_budget_record(conf->max_record);

    return share < most ? share : most;
}

struct worker *worker_new(const struct worker_options *options, struct err *err)
{
    const struct conf *conf = options->plan->conf;
    struct worker *worker = mem_new(struct worker);

    worker->options = *options;
    mailbox_open(&worker->mailbox);
    worker->arena.limit = worker_record_limit(conf);
    worker->arena.read_limit = memory_budget_reads(conf->max_record);
    worker->metrics = metrics_worker(options->metrics, options->number);
    worker->plan = worker_plan_new(options->plan, options->source->name, worker->metrics);
    worker->sinks = mem_array(conf->sink_count, sizeof(*worker->sinks));
    worker->stream_refusals = mem_array(conf->sink_count, sizeof(*worker->stream_refusals));
    worker->originals = mem_array(conf->sink_count, sizeof(*worker->originals));
    worker->holds = (struct holds){.conf = conf, .sinks = worker->sinks};
    worker->opened = mem_array(options->plan->routes->count, sizeof(*worker->opened));
    worker->endings = mem_array(options->plan->routes->count, sizeof(*worker->endings));
    atomic_store(&worker->adopted, options->plan);
    worker->wake_fd = -1;
    worker->pace.per_second = options->per_second;
    if (!worker_open_loop(worker, err) || !worker_open_sinks(worker, err) ||
        !worker_open_dlq(worker, err) || !worker_open_source(worker, err))
        goto fail;
    durability_open(&worker->durability, conf, options->source, options->number, worker->source,
                    worker->sinks);
    return worker;
fail:
    worker_free(worker);
    return NULL;
}

/* Those of the batch, and those that were kept. */
static void worker_return_records(struct worker *worker)
{
    struct batch *batch = &worker->batch;

    for (; batch->next < batch->count; batch->next++)
        source_return(batch, batch->next);
    for (size_t i = 0; i < worker->deliveries.count; i++)
        if (worker->deliveries.items[i].open)
            delivery_let_go(worker, (uint32_t)i);
}

/* What is in flight, and what letters wait, is nobody's any more: another worker may follow. */
static void worker_return_counts(struct worker *worker)
{
    for (const struct worker_plan *plan = worker->plan; plan; plan = plan->older)
        for (size_t i = 0; i < plan->shared->routes->count; i++) {
            struct route_counters *counters = plan->counters[i];
            if (!counters)
                continue; /* of another source */
            counters->outcomes[OUTCOME_RETURNED] += counters->inflight;
            counters->inflight = counters->letters_waiting = 0;
        }
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    worker_return_records(worker);
    worker_return_counts(worker);
    durability_close(&worker->durability);
    source_free(worker->source);
    stream_refusals_close(worker);
    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        sink_free(worker->sinks[i]);
    dlq_free(worker->dlq);
    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        originals_free(&worker->originals[i]);
    free(worker->originals);
    for (size_t i = 0; i < worker->topic_count; i++)
        topic_routes_free(worker->topics[i]);
    if (worker->timer)
        event_free(worker->timer);
    if (worker->wake)
        event_free(worker->wake);
    if (worker->base)
        event_base_free(worker->base);
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    mailbox_close(&worker->mailbox);
    deliveries_free(&worker->deliveries);
    holds_free(&worker->holds);
    arena_free(&worker->arena);
    free(worker->rendering.items);
    free(worker->topics);
    free(worker->endings);
    free(worker->opened);
    free(worker->sinks);
    while (worker->plan) {
        struct worker_plan *plan = worker->plan;
        worker->plan = plan->older;
        worker_plan_free(plan);
    }
    free(worker);
}
