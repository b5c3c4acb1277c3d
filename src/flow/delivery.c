/* delivery.c: one record on one route, from its first command to its last answer. */
#include "flow/delivery.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "flow/worker_parts.h"

#include <inttypes.h>
#include <stdlib.h>

void deliveries_free(struct deliveries *deliveries)
{
    for (size_t i = 0; i < deliveries->count; i++)
        free(deliveries->items[i].trace);
    free(deliveries->items);
    *deliveries = (struct deliveries){0};
}

/* --- the first command ------------------------------------------------------------------------ */

static uint32_t delivery_take_ticket(struct deliveries *deliveries)
{
    if (deliveries->free) {
        uint32_t ticket = deliveries->free - 1;
        deliveries->free = deliveries->items[ticket].next_free;
        return ticket;
    }
    deliveries->items = mem_grow(deliveries->items, deliveries->count, &deliveries->capacity,
                                 sizeof(*deliveries->items));
    return (uint32_t)deliveries->count++;
}

static void delivery_keep_trace(struct delivery *delivery, const struct trace *trace)
{
    delivery->trace = mem_new(struct trace);
    *delivery->trace = *trace;
}

uint32_t delivery_open(struct worker *worker, struct source_ticket source_ticket,
                       const struct record *record, const struct route *route)
{
    uint32_t ticket = delivery_take_ticket(&worker->deliveries);

    worker->deliveries.items[ticket] = (struct delivery){.record = source_ticket,
                                                         .offset = record->offset,
                                                         .timestamp_ms = record->timestamp_ms,
                                                         .plan = worker->plan,
                                                         .route = route->index,
                                                         .open = true};
    if (worker->traced)
        delivery_keep_trace(&worker->deliveries.items[ticket], &worker->trace);
    worker->plan->counters[route->index]->inflight++;
    worker->plan->open++;
    worker->opened[worker->opened_count++] = ticket;
    source_retain(source_ticket);
    return ticket;
}

/* --- the last answer -------------------------------------------------------------------------- */

/* The wall clock, read once for all the answers that one wake-up of the loop brings. */
static int64_t wall_ms(struct worker *worker)
{
    if (!worker->wall_ms)
        worker->wall_ms = clock_wall_ms();
    return worker->wall_ms;
}

static enum outcome delivery_outcome(const struct delivery *delivery)
{
    if (delivery->dropped || delivery->held)
        return OUTCOME_RETURNED;
    if (delivery->dead)
        return OUTCOME_DEAD_LETTERED;
    return delivery->refused ? OUTCOME_DROPPED : OUTCOME_WRITTEN;
}

void delivery_let_go(struct worker *worker, uint32_t ticket)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    original_release(delivery->original);
    delivery->original = NULL;
}

static void delivery_close(struct worker *worker, uint32_t ticket, enum outcome outcome)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    struct route_counters *counters = delivery_counters(delivery);

    counters->inflight--;
    counters->outcomes[outcome]++;
    if (outcome == OUTCOME_WRITTEN)
        metrics_latency(counters, delivery->timestamp_ms, wall_ms(worker), delivery->trace);
    if (source_ticket_is_current(delivery->record))
        source_finish(delivery->record);
    delivery_let_go(worker, ticket);
    if (delivery->trace)
        free(delivery->trace);
    delivery->trace = NULL;
    delivery->open = false;
    if (!--delivery->plan->open && delivery->plan != worker->plan)
        worker_plan_free_older(worker->plan);
    delivery->next_free = worker->deliveries.free;
    worker->deliveries.free = ticket + 1;
}

void delivery_answered(struct worker *worker, uint32_t ticket)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    if (--delivery->pending)
        return;
    bool current = source_ticket_is_current(delivery->record);
    if ((delivery->held || delivery->dropped) && current) {
        delivery_let_go(worker, ticket);
        source_give_up(delivery->record); /* it stays open until its partition goes */
        return;
    }
    delivery_close(worker, ticket, delivery_outcome(delivery));
}

void delivery_close_all(struct worker *worker, const struct source_partition *partition)
{
    for (size_t i = 0; i < worker->deliveries.count; i++) {
        const struct delivery *delivery = &worker->deliveries.items[i];
        if (delivery->open && !delivery->pending && delivery->record.partition == partition)
            delivery_close(worker, (uint32_t)i, OUTCOME_RETURNED);
    }
}

void delivery_log_drop(struct worker *worker, const struct source_partition *partition,
                       int64_t offset, const struct trace *trace, const struct route *route,
                       const char *text)
{
    metrics_problem(worker->metrics, PROBLEM_DROPPED, source_partition_topic(partition),
                    source_partition_number(partition), offset, route->conf->name, text);
    log_warn_record("record dropped", LOG_FAILURE(partition, offset, trace, route, text));
}

bool delivery_skip(struct worker *worker, const struct source_partition *partition, int64_t offset)
{
    bool any = false;

    for (size_t i = 0; i < worker->deliveries.count; i++) {
        struct delivery *delivery = &worker->deliveries.items[i];
        if (!delivery->open || !delivery->held || delivery->dropped || delivery->pending ||
            delivery->offset != offset || delivery->record.partition != partition)
            continue;
        delivery_log_drop(worker, partition, offset, delivery->trace, delivery_route(delivery),
                          SKIPPED);
        delivery_counters(delivery)->skipped++;
        delivery_close(worker, (uint32_t)i, OUTCOME_DROPPED);
        any = true;
    }
    return any;
}

/* --- events ----------------------------------------------------------------------------------- */

void delivery_done(void *context, uint32_t ticket)
{
    FAILPOINT(after_reply);
    delivery_answered(context, ticket);
}

/* It may have been carried out, and must not be twice. */
static bool delivery_is_spent(const struct delivery *delivery)
{
    return delivery->doubt && delivery_route(delivery)->conf->delivery == AT_MOST_ONCE;
}

static void delivery_lose(struct worker *worker, struct delivery *delivery)
{
    if (!delivery->refused)
        delivery_log_drop(worker, delivery->record.partition, delivery->offset, delivery->trace,
                          delivery_route(delivery),
                          "its connection was lost before Redis answered");
    delivery->refused = true;
}

void delivery_dropped(void *context, uint32_t ticket)
{
    struct worker *worker = context;
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    if (delivery_is_spent(delivery))
        delivery_lose(worker, delivery);
    else
        delivery->dropped = true;
    delivery_answered(worker, ticket);
}

bool delivery_wanted(void *context, uint32_t ticket)
{
    struct worker *worker = context;
    const struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    return !delivery_is_spent(delivery) && source_ticket_is_current(delivery->record);
}

void delivery_doubtful(void *context, uint32_t ticket)
{
    struct worker *worker = context;

    delivery_at(&worker->deliveries, ticket)->doubt = true;
}
