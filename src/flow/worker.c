/*
 * worker.c: records come from Kafka, become Redis commands, and are committed once Redis has
 * answered.
 *
 *      source_poll -> worker_prepare -> sink_turn -> delivery_done -> source_turn
 *      records in     decode, route,    out and      answers:        commit as far as
 *                     render, put       in again     finished        all below is finished
 *
 * A turn never blocks. Between two turns the event loop waits for whatever comes first: records,
 * answers, room in a socket, a timer. If a window is full the batch waits and nothing more is
 * taken from Kafka: that is all the backpressure there is.
 *
 * Out of scope: what a record becomes (route.c), its answers (delivery.c), what becomes of one
 * that cannot be delivered (failure.c), how far a partition may be committed (tracker.c), when it
 * is (commit.c), what an answer means (reply.c).
 */
#include "flow/worker.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/exactly.h"
#include "flow/failure.h"
#include "flow/stream_refusals.h"
#include "record/headers.h"

#include <inttypes.h>
#include <stdio.h>

enum { TRACE_LOOKS = 64, TRACE_GLANCES = 8 };

/* --- from record to commands ------------------------------------------------------------------ */

static bool worker_render(struct worker *worker, struct record *record, const struct route *route,
                          enum stage *stage, struct err *err)
{
    struct scope scope = scope_of(record, &worker->arena, worker->wall_ms);

    return route_render_record(route, &scope, worker_conf(worker)->max_record, &worker->rendering,
                               NULL, stage, err);
}

/* False: it was carried out before. */
static bool worker_put_command(struct worker *worker, struct sink *sink,
                               const struct rendered *rendered, uint32_t ticket)
{
    if (worker->claim)
        return claim_put(worker->claim, rendered->arguments, rendered->count, rendered->command,
                         ticket);
    sink_put(sink, rendered->arguments, rendered->count, rendered->command, rendered->key, ticket);
    return true;
}

static void worker_put(struct worker *worker, struct source_ticket source_ticket,
                       const struct record *record, const struct route *route)
{
    const struct rendering *rendering = &worker->rendering;

    if (!rendering->count) {
        worker_end(worker, route, OUTCOME_FILTERED, NULL);
        return;
    }
    uint32_t ticket = delivery_open(worker, source_ticket, record, route);
    if (route->conf->on_error == ON_ERROR_DLQ)
        worker_keep(worker, route, ticket);
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    struct sink *sink = worker->sinks[route->sink_index];
    for (size_t i = 0; i < rendering->count; i++) {
        if (worker_put_command(worker, sink, &rendering->items[i], ticket))
            delivery->pending++;
        else if (i < 64)
            delivery->left_out |= UINT64_C(1) << i;
    }
}

/* One route's share of a record. False: the record stops its partition. */
static bool worker_deliver(struct worker *worker, struct record *record,
                           struct source_ticket source_ticket, const struct route *route)
{
    struct route_counters *counters = worker->plan->counters[route->index];
    enum stage stage;
    struct err err;
    bool well = worker_render(worker, record, route, &stage, &err);

    bool skipped = source_skips(record->owner, record->offset, route->conf->name);

    if (!well && err.kind == ERR_RETRY && !skipped)
        return worker_deferred(worker, record, source_ticket, route, err.text);
    if (worker->claim && claim_pass(worker->claim, well ? worker->rendering.count : 1))
        return true;
    counters->matched++;
    if (skipped) {
        worker_skipped(worker, route, well ? worker->rendering.count : 1);
        return true;
    }
    if (tolerance_is_over(worker->plan->shared->tolerances, route->index))
        return worker_stopped(worker, record, source_ticket, route);
    if (well) {
        worker_put(worker, source_ticket, record, route);
        return true;
    }
    return worker_failed(worker, record, source_ticket, route, &(struct failure){stage, err.text});
}

/* Nothing of the record in hand is sent, whatever its routes: it will be read again as a whole. */
static void worker_take_back(struct worker *worker)
{
    if (worker->claim)
        claim_rollback(worker->claim);
    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        if (worker->sinks[i])
            sink_rollback(worker->sinks[i]);
    if (worker->dlq)
        dlq_rollback(worker->dlq);
    worker_void_endings(worker);
    for (size_t i = 0; i < worker->opened_count; i++) {
        struct delivery *delivery = &worker->deliveries.items[worker->opened[i]];
        delivery->pending = 0;
        delivery->held = delivery->dropped = true;
        delivery_let_go(worker, worker->opened[i]);
        source_give_up(delivery->record);
    }
}

/* librdkafka copies all headers of a record at the first question for one, which costs as much as
 * all else that we do with it. So of a large batch only some are looked at, and fewer if the batch
 * before had no trace. */
static bool worker_find_trace(struct worker *worker, const struct record *record)
{
    worker->trace = headers_trace(record);
    worker->trace_looks--;
    worker->untraced &= !trace_is_set(&worker->trace);
    return trace_is_set(&worker->trace);
}

static void worker_begin_traces(struct worker *worker)
{
    worker->trace_looks = worker->untraced ? TRACE_GLANCES : TRACE_LOOKS;
    worker->untraced = true;
}

/* Whether one more record may be on its way on this route. */
static bool worker_route_has_room(const struct worker *worker, const struct route *route,
                                  bool exactly)
{
    if (route->conf->on_error == ON_ERROR_DLQ &&
        !originals_have_room(&worker->originals[route->sink_index]))
        return false;
    return exactly || (sink_has_room(worker->sinks[route->sink_index]) &&
                       stream_refusals_have_room(worker, route->sink_index));
}

/* Whether all sinks of the record's routes take more. If one is away and another is well, the
 * partition is held. */
static bool worker_has_room(struct worker *worker, const struct topic_routes *routes,
                            struct source_partition *partition)
{
    bool exactly = routes->delivery == EXACTLY_ONCE;

    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = routes->items[i];
        if (route->conf->on_error == ON_ERROR_DLQ && !worker_can_fail(worker, partition))
            return false;
        if (worker_route_has_room(worker, route, exactly))
            continue;
        if (holds_for_sink(&worker->holds, route->sink_index, partition, worker->now_ms))
            worker->status_changed = true;
        return false;
    }
    return !exactly || exactly_has_room(worker, partition);
}

/* What was put of the record may be sent. */
static void worker_complete(struct worker *worker, const struct record *record,
                            const struct topic_routes *routes)
{
    if (worker->claim)
        units_commit(worker->claim);
    else
        for (size_t i = 0; i < routes->count; i++)
            sink_commit(worker->sinks[routes->items[i]->sink_index]);
    if (worker->ending_count)
        worker_tell_endings(worker, record);
    if (worker->dlq)
        dlq_commit(worker->dlq);
}

/* Also of a partition that goes, what nobody else will read. */
static bool worker_takes(const struct source_partition *partition, const struct record *record)
{
    return source_is_flowing(partition) || source_owes(partition, record);
}

/* False: there is no room, or it is not committed yet; the record waits in the batch. */
static bool worker_prepare(struct worker *worker, struct record *record)
{
    struct source_partition *partition = record->owner;
    const struct topic_routes *routes;

    if (!partition || !worker_takes(partition, record))
        return true; /* it is read again, here or elsewhere */
    routes = source_partition_routes(partition);
    if (!worker_has_room(worker, routes, partition))
        return !worker_takes(partition, record);
    if (routes->delivery == AT_MOST_ONCE && !source_commit_first(partition, record))
        return false;

    worker->claim = NULL;
    if (routes->delivery == EXACTLY_ONCE && !exactly_takes(worker, record))
        return true;

    struct source_ticket source_ticket = source_begin(partition, record);
    worker->opened_count = worker->ending_count = 0;
    worker->original = NULL;
    worker->traced = worker->trace_looks && worker_find_trace(worker, record);
    arena_reset(&worker->arena);
    for (size_t i = 0; i < routes->count; i++)
        if (!worker_deliver(worker, record, source_ticket, routes->items[i])) {
            worker_take_back(worker);
            return true;
        }
    worker_complete(worker, record, routes);
    FAILPOINT(after_encode);
    source_finish(source_ticket); /* of begin; each delivery holds it too */
    return true;
}

/* --- the turn --------------------------------------------------------------------------------- */

static void worker_prepare_batch(struct worker *worker)
{
    struct batch *batch = &worker->batch;
    size_t room = pace_room(&worker->pace, worker->now_ms);

    if (batch->next == batch->count && !worker->stopping && room) {
        source_poll(worker->source, batch, room < BATCH_RECORDS ? room : BATCH_RECORDS);
        pace_took(&worker->pace, batch->count);
        if (batch->count)
            worker_begin_traces(worker);
    }
    while (batch->next < batch->count && worker_prepare(worker, &batch->records[batch->next]))
        source_return(batch, batch->next++);
}

static void worker_turn_sinks(struct worker *worker)
{
    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++) {
        if (!worker->sinks[i])
            continue;
        if (worker->discards)
            sink_discard(worker->sinks[i]);
        sink_turn(worker->sinks[i]);
        stream_refusals_turn(worker, i);
    }
    worker->discards = false;
}

/* One turn: the whole pipe. */
bool worker_turn(struct worker *worker, struct err *err)
{
    worker->now_ms = clock_ms();
    worker->wall_ms = clock_wall_ms();
    worker_prepare_batch(worker);
    worker_turn_sinks(worker);
    if (worker->dlq && dlq_turn(worker->dlq, &worker->holds, worker->now_ms))
        worker->status_changed = true;
    holds_turn(&worker->holds, worker->now_ms);
    durability_turn(&worker->durability, worker->now_ms);
    drain_turn(worker);
    return source_turn(worker->source, err);
}

/* --- what the source tells -------------------------------------------------------------------- */

void *worker_topic(void *context, const char *topic)
{
    struct worker *worker = context;
    struct topic_routes *routes =
        routes_of_topic(worker->plan->shared->routes, worker->options.source, topic);

    worker->topics = mem_grow(worker->topics, worker->topic_count, &worker->topic_capacity,
                              sizeof(struct topic_routes *));
    worker->topics[worker->topic_count++] = routes;
    return routes;
}

bool worker_is_settled(void *context, const struct source_partition *partition)
{
    const struct worker *worker = context;
    const struct batch *batch = &worker->batch;

    for (size_t i = batch->next; i < batch->count; i++)
        if (batch->records[i].owner == partition && source_owes(partition, &batch->records[i]))
            return false;
    return exactly_is_settled(partition);
}

/* A partition went, or is read again from elsewhere: its records in the batch are void, and those
 * in flight no longer count. */
void worker_gone(void *context, struct source_partition *partition)
{
    struct worker *worker = context;

    for (size_t i = worker->batch.next; i < worker->batch.count; i++)
        if (worker->batch.records[i].owner == partition)
            worker->batch.records[i].owner = NULL;
    delivery_close_all(worker, partition);
    exactly_gone(partition);
    holds_forget(&worker->holds, partition);
    worker->discards = true;
    worker->status_changed = true;
}
