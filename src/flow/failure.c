/*
 * failure.c: what becomes of a record that cannot be delivered: it is dropped and counted, or stops
 * its partition and nothing else (on_error).
 */
#include "base/log.h"
#include "flow/worker_parts.h"

#include <inttypes.h>
#include <stdio.h>

/* Whether the record is dropped (true), or stops its partition. What the operator must mend is
 * never dropped. */
static bool worker_skips(const struct route *route, enum reply_class class)
{
    return route->conf->on_error == ON_ERROR_SKIP && class == REPLY_REJECT;
}

static void worker_hold(struct worker *worker, struct source_partition *partition,
                        const struct route *route, int64_t offset, enum reply_class class,
                        const char *text)
{
    char reason[ERR_TEXT_BYTES];

    snprintf(reason, sizeof(reason), "offset %" PRId64 ": route %s: %.300s", offset,
             route->conf->name, text);
    if (class == REPLY_CONFIG)
        holds_until(&worker->holds, partition, worker->now_ms + HOLD_RETRY_MS, reason);
    else
        source_hold(partition, HOLD_RECORD, reason);
    worker->status_changed = true;
}

static void worker_log_skip(const struct source_partition *partition, int64_t offset,
                            const struct route *route, const char *text)
{
    log_warn_record("record dropped", LOG_STR("topic", source_partition_topic(partition)),
                    LOG_INT("partition", source_partition_number(partition)),
                    LOG_INT("offset", offset), LOG_STR("route", route->conf->name),
                    LOG_STR("error", text));
}

void worker_refused(void *context, uint32_t number, enum reply_class class, const char *text)
{
    struct worker *worker = context;
    struct delivery *delivery = &worker->deliveries.items[number];
    const struct route *route = &worker->options.routes->items[delivery->route];

    worker->metrics->routes[delivery->route].errors[STAGE_REDIS]++;
    if (worker_skips(route, class)) {
        worker_log_skip(delivery->record.partition, delivery->offset, route, text);
        delivery->refused = true;
    } else if (source_ticket_is_current(delivery->record)) {
        delivery->held = true;
        worker_hold(worker, delivery->record.partition, route, delivery->offset, class, text);
    } else {
        delivery->dropped = true; /* the next owner will meet it */
    }
    worker_answered(worker, number);
}

bool worker_failed(struct worker *worker, const struct record *record, struct source_ticket ticket,
                   const struct route *route, const struct failure *failure)
{
    struct route_counters *counters = &worker->metrics->routes[route->index];
    struct source_partition *partition = record->owner;

    counters->errors[failure->stage]++;
    if (worker_skips(route, REPLY_REJECT)) {
        worker_log_skip(partition, record->offset, route, failure->text);
        counters->outcomes[OUTCOME_DROPPED]++;
        return true;
    }
    worker_open(worker, ticket, record, route, 0);
    worker_hold(worker, partition, route, record->offset, REPLY_REJECT, failure->text);
    return false;
}
