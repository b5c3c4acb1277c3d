/*
 * drain.c: whether a worker that stops still has answers to wait for.
 *
 * A drain ends when all that was begun is answered. If something is not, and nothing well has
 * work in flight, no answer will come in the time that a stop has: after a second of that the drain
 * ends, and what is left is read again at the next start.
 */
#include "base/log.h"
#include "flow/exactly.h"

#include <stdint.h>

enum { HOPELESS_MS = 1000 };

/* One sink: whether it may still answer, and what is the matter with it; NULL: nothing is. */
static bool sink_may_answer(const struct worker *worker, size_t index, const char **trouble)
{
    const struct sink *sink = worker->sinks[index];

    if (!sink)
        return false;
    const char *why = sink_trouble(sink);
    if (!why)
        why = durability_trouble(&worker->durability, index);
    if (why)
        *trouble = why;
    bool has_work = sink_units(sink) || sink_inflight(sink) ||
                    worker_conf(worker)->sinks[index].durable.kind != DURABLE_NONE;
    return !why && has_work;
}

static bool dlq_may_answer(const struct worker *worker, const char **trouble)
{
    if (!worker->dlq || dlq_next_ms(worker->dlq, worker->now_ms) == INT64_MAX)
        return false;
    const char *why = dlq_trouble(worker->dlq);
    if (why)
        *trouble = why;
    return !why;
}

/* Records whose offsets are committed, and which nobody will read again, wait for room. */
static bool worker_owes(const struct worker *worker)
{
    const struct batch *batch = &worker->batch;

    for (size_t i = batch->next; i < batch->count; i++)
        if (batch->records[i].owner && source_owes(batch->records[i].owner, &batch->records[i]))
            return true;
    return false;
}

/* Why no answer can come; NULL: one can, or nothing is known to be the matter. */
static const char *drain_trouble(const struct worker *worker)
{
    const char *trouble = NULL;
    bool may = worker_owes(worker) || dlq_may_answer(worker, &trouble);

    for (size_t i = 0; i < worker_conf(worker)->sink_count; i++)
        may |= sink_may_answer(worker, i, &trouble);
    return may ? NULL : trouble;
}

void drain_turn(struct worker *worker)
{
    const char *trouble = worker->stopping ? drain_trouble(worker) : NULL;

    if (!trouble) {
        worker->hopeless_since_ms = 0;
        return;
    }
    if (!worker->hopeless_since_ms)
        worker->hopeless_since_ms = worker->now_ms;
    if (worker->now_ms - worker->hopeless_since_ms < HOPELESS_MS ||
        !source_stop_waiting(worker->source))
        return;
    log_warn_each("the stop does not wait for answers that cannot come",
                  LOG_INT("worker", worker->options.number),
                  LOG_INT("records", source_inflight(worker->source)), LOG_STR("error", trouble));
}
