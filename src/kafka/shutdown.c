/*
 * shutdown.c: a source drains, commits, leaves its group and closes its consumer.
 *
 *      draining -> committing -> leaving -> ending -> done
 *      answers     last commit   revoke    librdkafka closes
 *
 * librdkafka can hang at its end, for ever if a broker is silent, so every step has its time and
 * what is not closed by the deadline is left to the end of the process.
 */
#include "base/clock.h"
#include "base/log.h"
#include "kafka/handle.h"
#include "kafka/source_state.h"

enum {
    RESERVE_MS = 2000,   /* of the time to stop, for the last commit and for leaving */
    AWAY_WAIT_MS = 300,  /* for the last commit while no broker can be reached */
    AWAY_CLOSE_MS = 700, /* and for librdkafka's close: then nobody hears that we leave */
    DESTROY_MS = 2000,   /* longest wait for rd_kafka_destroy() */
    OFFSETS_MS = 500     /* and for a question that is under way */
};

void source_stop(struct source *source, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_ms();

    if (source_is_stopping(source))
        return;
    source->shutdown.step = SHUTDOWN_DRAINING;
    source->shutdown.deadline_ms = deadline_ms;
    source->shutdown.reserve_ms = left_ms / 3 < RESERVE_MS ? left_ms / 3 : RESERVE_MS;
    source->commit.failures = 0;
}

bool source_stop_waiting(struct source *source)
{
    bool waits = source->shutdown.step == SHUTDOWN_DRAINING && !source->shutdown.waits_no_more;

    source->shutdown.waits_no_more = true;
    return waits;
}

static bool is_drained(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (!partition_is_drained(source->partitions[i]))
            return false;
    return true;
}

static void shutdown_drain(struct source *source)
{
    int64_t until_ms = source->shutdown.deadline_ms - source->shutdown.reserve_ms;

    if (source->now_ms < until_ms && !source->shutdown.waits_no_more && !is_drained(source))
        return;
    source->shutdown.step = SHUTDOWN_COMMITTING;
    source->shutdown.step_deadline_ms =
        source->now_ms + (source->errors.away ? AWAY_WAIT_MS : COMMIT_WAIT_MS);
    if (source->shutdown.step_deadline_ms > until_ms + source->shutdown.reserve_ms / 2)
        source->shutdown.step_deadline_ms = until_ms + source->shutdown.reserve_ms / 2;
}

/* A static member (KIP-345) that ends does not leave its group: to unsubscribe would. */
static bool is_static(const struct source *source)
{
    return source->options->instance_id.text && *source->options->instance_id.text;
}

static void shutdown_commit(struct source *source)
{
    if (source->now_ms < source->shutdown.step_deadline_ms && !commit_is_done(source))
        return;
    source->shutdown.step = SHUTDOWN_LEAVING;
    source->shutdown.step_deadline_ms = source->now_ms + LEAVE_WAIT_MS;
    if (source->rebalance.step != REBALANCE_NONE || source->replaying.begun)
        rebalance_leave(source);
    if (!is_static(source))
        rd_kafka_unsubscribe(source->kafka);
}

static bool is_owner(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (partition_is_ours(source->partitions[i]))
            return true;
    return false;
}

/* Unsubscribed first: to close while a rebalance waits for its answer may hang librdkafka (its
 * issue 4884). */
static void shutdown_leave(struct source *source)
{
    rd_kafka_error_t *error;

    if (source->now_ms < source->shutdown.step_deadline_ms && is_owner(source) &&
        !is_static(source))
        return;
    source->shutdown.step = SHUTDOWN_ENDING;
    source->shutdown.step_deadline_ms = source->now_ms + AWAY_CLOSE_MS;
    error = rd_kafka_consumer_close_queue(source->kafka, source->control);
    if (!error)
        return;
    log_warn("kafka: close", LOG_STR("error", rd_kafka_error_string(error)));
    rd_kafka_error_destroy(error);
}

static void shutdown_step(struct source *source)
{
    switch (source->shutdown.step) {
    case SHUTDOWN_DRAINING:
        shutdown_drain(source);
        break;
    case SHUTDOWN_COMMITTING:
        shutdown_commit(source);
        break;
    case SHUTDOWN_LEAVING:
        shutdown_leave(source);
        break;
    case SHUTDOWN_ENDING:
        if (rd_kafka_consumer_closed(source->kafka))
            source->shutdown.step = SHUTDOWN_DONE;
        break;
    case SHUTDOWN_NO:
    case SHUTDOWN_DONE:
        break;
    }
}

/* librdkafka's close waits some seconds for requests that no broker will answer. */
static bool is_late(const struct source *source)
{
    return source->now_ms >= source->shutdown.deadline_ms ||
           (source->shutdown.step == SHUTDOWN_ENDING && source->errors.away &&
            source->now_ms >= source->shutdown.step_deadline_ms);
}

void shutdown_turn(struct source *source)
{
    enum shutdown_step before;

    if (!source_is_stopping(source))
        return;
    do {
        before = source->shutdown.step;
        shutdown_step(source);
    } while (source->shutdown.step != before);
    if (source->shutdown.step == SHUTDOWN_DONE || !is_late(source))
        return;
    log_warn("kafka: could not leave the group in time",
             LOG_STR("group", source->options->group.text),
             LOG_STR("error", error_log_reason(&source->errors)));
    source->shutdown.abandoned = true;
    source->shutdown.step = SHUTDOWN_DONE;
}

bool source_is_stopped(const struct source *source)
{
    return source->shutdown.step == SHUTDOWN_DONE;
}

/* --- librdkafka's handle --------------------------------------------------------------- */

bool shutdown_close(struct source *source)
{
    rd_kafka_queue_io_event_enable(source->control, -1, NULL, 0);
    rd_kafka_queue_io_event_enable(source->fetching.records, -1, NULL, 0);
    bool surveyed = duty_close(source, source->shutdown.abandoned ? 0 : OFFSETS_MS);
    bool asked = offsets_free(source->offsets, source->shutdown.abandoned ? 0 : OFFSETS_MS);
    if (source->shutdown.abandoned || !surveyed || !asked)
        return false;
    fetching_close(source);
    rd_kafka_queue_destroy(source->control);
    return handle_destroy(source->kafka, DESTROY_MS);
}
