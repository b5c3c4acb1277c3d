/* status.c: what a worker tells of itself to whoever asks from outside. */
#include "base/mem.h"
#include "flow/stream_refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATUS_MS = 1000 };

static void worker_add_held(void *context, const struct source_partition *partition,
                            enum source_hold hold, const char *reason)
{
    struct worker_status *status = context;
    struct worker_held *held = hold == HOLD_OPERATOR ? &status->paused : &status->held;

    if (held->count < WORKER_HELD_SHOWN)
        snprintf(held->items[held->count].text, sizeof(held->items[0].text),
                 "%.249s[%" PRId32 "]: %.240s", source_partition_topic(partition),
                 source_partition_number(partition), reason);
    held->count++;
}

static const char *trouble_of(const struct worker *worker, size_t index)
{
    const char *trouble = sink_trouble(worker->sinks[index]);

    if (!trouble)
        trouble = stream_refusals_trouble(worker, index);
    return trouble ? trouble : durability_trouble(&worker->durability, index);
}

static void worker_add_waiting(void *context, const struct source_partition *partition,
                               const struct source_wait *wait)
{
    struct worker_status *status = context;
    const char *what =
        wait->stalls ? "do not come, see the broker's log" : "wait for the end of a transaction";

    if (status->waiting_count < WORKER_WAITING_SHOWN)
        snprintf(status->waiting[status->waiting_count].text, sizeof(status->waiting[0].text),
                 "%.249s[%" PRId32 "]: %" PRId64 " offsets from %" PRId64 " on %s, for %" PRId64
                 " s",
                 source_partition_topic(partition), source_partition_number(partition), wait->count,
                 wait->offset, what, wait->since_ms / 1000);
    status->waiting_count++;
}

struct topic_list {
    struct worker_status *status;
    size_t room;
};

static void worker_add_topic(void *context, const char *topic, enum topic_state state, bool bad,
                             int64_t for_ms)
{
    struct topic_list *list = context;
    struct worker_status *status = list->status;

    status->topics =
        mem_grow(status->topics, status->topic_count, &list->room, sizeof(*status->topics));
    status->topics[status->topic_count++] = (struct worker_topic_status){topic, state, bad, for_ms};
}

void worker_tell(struct worker *worker)
{
    const struct conf *conf = worker_conf(worker);
    struct worker_status status = {.source = worker->options.source->name,
                                   .joined = source_is_joined(worker->source),
                                   .kafka_trouble = source_trouble(worker->source),
                                   .dead_letters = worker->dlq != NULL};

    if (worker->dlq)
        status.dlq_trouble = dlq_trouble(worker->dlq);
    status.sinks = mem_array(conf->sink_count, sizeof(*status.sinks));
    for (size_t i = 0; i < conf->sink_count; i++) {
        if (!worker->sinks[i])
            continue;
        status.sinks[status.sink_count].sink = conf->sinks[i].name;
        status.sinks[status.sink_count++].trouble = trouble_of(worker, i);
    }
    source_warming(worker->source, &status.warming);
    source_visit_held(worker->source, worker_add_held, &status);
    source_visit_waiting(worker->source, worker_add_waiting, &status);
    source_visit_topics(worker->source, worker_add_topic, &(struct topic_list){.status = &status});
    worker->options.listener.status(worker->options.listener.context, worker->options.number,
                                    &status);
    free(status.sinks);
    free(status.topics);
    worker->status_changed = false;
    worker->status_due_ms = worker->now_ms + STATUS_MS;
}
