/*
 * run.c: a worker's life on its thread: turns, and what other threads want between two of them.
 */
#include "base/log.h"
#include "flow/worker_parts.h"

#include <sys/eventfd.h>

enum { WAIT_MS = 1000 };

/* --- from any thread -------------------------------------------------------------------------- */

static void worker_call(const struct worker *worker)
{
    if (eventfd_write(worker->wake_fd, 1) < 0)
        log_error("worker could not be woken", LOG_INT("worker", worker->options.number));
}

void worker_stop(struct worker *worker, int64_t deadline_ms)
{
    atomic_store(&worker->stop_at_ms, deadline_ms);
    worker_call(worker);
}

bool worker_steer(struct worker *worker, struct steer *steer, int64_t deadline_ms)
{
    if (!mailbox_put(&worker->mailbox, steer))
        return false;
    worker_call(worker);
    return mailbox_await(&worker->mailbox, deadline_ms);
}

void worker_adopt(struct worker *worker, struct plan *plan)
{
    atomic_store(&worker->offered, plan);
    worker_call(worker);
}

bool worker_has_adopted(const struct worker *worker, const struct plan *plan)
{
    return atomic_load(&worker->adopted) == plan;
}

/* --- on the worker's ---------------------------------------------------------------------------
 */

size_t worker_left(const struct worker *worker)
{
    return source_left(worker->source);
}

/* Stop taking: what is in the batch was not begun and is read again, if it is not owed. */
static void worker_begin_stop(struct worker *worker, int64_t deadline_ms)
{
    struct batch *batch = &worker->batch;

    worker->stopping = true;
    for (size_t i = batch->next; i < batch->count; i++)
        if (batch->records[i].owner && !source_owes(batch->records[i].owner, &batch->records[i]))
            batch->records[i].owner = NULL;
    source_stop(worker->source, deadline_ms);
}

/* Waits for the next event, unless there is work at hand. */
static void worker_wait(struct worker *worker)
{
    struct batch *batch = &worker->batch;
    int64_t wait_ms = source_next_ms(worker->source), pace_ms = pace_wait_ms(&worker->pace);
    bool at_hand = batch->next == batch->count && !worker->stopping && !pace_ms &&
                   source_is_ready(worker->source);

    if (pace_ms && pace_ms < wait_ms)
        wait_ms = pace_ms;
    worker->wall_ms = 0; /* waiting makes it stale */
    if (at_hand || wait_ms <= 0) {
        event_base_loop(worker->base, EVLOOP_NONBLOCK);
        return;
    }
    if (wait_ms > WAIT_MS)
        wait_ms = WAIT_MS;
    if (worker->dlq && dlq_next_ms(worker->dlq, worker->now_ms) < wait_ms)
        wait_ms = dlq_next_ms(worker->dlq, worker->now_ms);
    struct timeval wait = {wait_ms / 1000, (wait_ms % 1000) * 1000};
    event_add(worker->timer, &wait);
    event_base_loop(worker->base, EVLOOP_ONCE);
}

/* When it is to stop; 0: not yet. */
static int64_t worker_ends_ms(const struct worker *worker)
{
    bool through = worker->batch.next == worker->batch.count && source_is_through(worker->source);
    int64_t asked_ms = atomic_load(&worker->stop_at_ms);

    return through && !asked_ms ? worker->now_ms + worker->options.source->drain_timeout : asked_ms;
}

static bool worker_run_turns(struct worker *worker, struct err *err)
{
    while (!worker->stopping || !source_is_stopped(worker->source)) {
        int64_t stop_at_ms = worker->stopping ? 0 : worker_ends_ms(worker);
        if (stop_at_ms) {
            worker_tell(worker);
            worker_begin_stop(worker, stop_at_ms);
        }
        steer_turn(worker);
        if (!adopt_turn(worker, err) || !worker_turn(worker, err))
            return err_wrap(err, "worker %u", worker->options.number);
        metrics_publish(worker->metrics);
        if (worker->status_changed || worker->now_ms >= worker->status_due_ms)
            worker_tell(worker);
        worker_wait(worker);
    }
    return true;
}

bool worker_run(struct worker *worker, struct err *err)
{
    mailbox_serve(&worker->mailbox, true);
    bool well = worker_run_turns(worker, err);
    mailbox_serve(&worker->mailbox, false);
    return well;
}
