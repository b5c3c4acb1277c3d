/*
 * source.c: one worker's member of the consumer group: records in, tickets out.
 *
 * Two queues of librdkafka: one for records, to which every assigned partition is forwarded, and
 * one for everything else, which is served in every turn, so that the group sees a live member also
 * while no record is taken. Not taking records is all the backpressure there is. Both queues wake
 * the loop by one eventfd, when they stop being empty.
 */
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "kafka/handle.h"
#include "kafka/login.h"
#include "kafka/message.h"
#include "kafka/properties.h"
#include "kafka/source_state.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TURN_MS = 1000, ERR_BYTES = 512, TAKEN_BYTES = 512 * 1024 };

/* --- coming to life --------------------------------------------------------------------------- */

static void source_woken(evutil_socket_t fd, short what, void *context)
{
    struct source *source = context;
    uint64_t count;

    (void)what;
    if (read((int)fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        log_error("eventfd", LOG_STR("error", strerror(errno)));
    source->more = true;
}

static bool source_open_wake(struct source *source, struct event_base *base, struct err *err)
{
    source->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (source->wake_fd < 0)
        return err_set(err, ERR_FATAL, "eventfd: %s", strerror(errno));
    source->wake = event_new(base, source->wake_fd, EV_READ | EV_PERSIST, source_woken, source);
    event_add(source->wake, NULL);
    return true;
}

static bool source_open_kafka(struct source *source, rd_kafka_conf_t *conf, struct err *err)
{
    char text[ERR_BYTES];

    source->kafka = login_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!source->kafka) {
        rd_kafka_conf_destroy(conf);
        return err_set(err, ERR_CONFIG, "%s", text);
    }
    return true;
}

static void source_open_queues(struct source *source)
{
    static const uint64_t one = 1;

    rd_kafka_poll_set_consumer(source->kafka);
    source->control = rd_kafka_queue_get_consumer(source->kafka);
    rd_kafka_set_log_queue(source->kafka, source->control);
    rd_kafka_queue_io_event_enable(source->control, source->wake_fd, &one, sizeof(one));
    fetching_open(source);
}

static bool source_subscribe(struct source *source, const char *const *topics, size_t count,
                             struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < count; i++)
        if (!rd_kafka_topic_partition_list_find(list, topics[i], RD_KAFKA_PARTITION_UA))
            rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    source->subscription = list;
    code = rd_kafka_subscribe(source->kafka, list);
    if (code)
        return err_set(err, ERR_CONFIG, "subscribe: %s", rd_kafka_err2str(code));
    return true;
}

static void source_limit_drain(struct source *source)
{
    int64_t limit_ms = source->rebalance.longest_poll_ms / 2;

    source->rebalance.drain_limit_ms =
        limit_ms < source->options->drain_timeout ? limit_ms : source->options->drain_timeout;
}

/* All but what it reads. */
static struct source *source_open(const struct conf *conf, const struct conf_source *options,
                                  unsigned worker, struct event_base *base,
                                  struct metrics_worker *metrics,
                                  const struct source_events *events, struct err *err)
{
    struct source *source = mem_new(struct source);
    struct properties properties;

    source->options = options;
    source->member = worker;
    source->events = *events;
    source->metrics = metrics;
    source->errors.logins_refused = &metrics->source.logins_refused;
    source->taken = mem_array(BATCH_RECORDS, sizeof(rd_kafka_message_t *));
    source->ask_backoff = (struct backoff){.first_ms = 200, .longest_ms = 5000};
    source->now_ms = clock_ms();
    source->warming.started_ms = clock_wall_ms();
    source->warming.lag = conf->admin.startup_lag;
    source->warming.age_ms = conf->admin.startup_age;
    source->wake_fd = -1;
    if (!source_open_wake(source, base, err) ||
        !properties_make(&properties, conf, options, worker, err) ||
        !source_open_kafka(source, properties.kafka, err))
        goto fail;
    if (properties.sleeps)
        source->wakeup = (struct wakeup){.limit_records = properties.queue_records,
                                         .limit_bytes = properties.queue_bytes};
    source->rebalance.longest_poll_ms = properties.longest_poll_ms;
    source_limit_drain(source);
    source_open_queues(source);
    source->offsets = offsets_new(source->kafka, options->group.text, source->wake_fd);
    if (source->offsets)
        return source;
    err_set(err, ERR_FATAL, "a thread could not be started: %s", strerror(errno));
fail:
    source_free(source);
    return NULL;
}

struct source *source_new(const struct conf *conf, const struct conf_source *options,
                          unsigned worker, const char *const *topics, size_t topic_count,
                          struct event_base *base, struct metrics_worker *metrics,
                          const struct source_events *events, struct err *err)
{
    struct source *source = source_open(conf, options, worker, base, metrics, events, err);

    if (!source)
        return NULL;
    if (!source_subscribe(source, topics, topic_count, err))
        goto fail;
    if (!duty_open(source)) {
        err_set(err, ERR_FATAL, "a thread could not be started: %s", strerror(errno));
        goto fail;
    }
    return source;
fail:
    source_free(source);
    return NULL;
}

struct source *source_new_replaying(const struct conf *conf, const struct conf_source *options,
                                    struct source_range *ranges, size_t count,
                                    struct event_base *base, struct metrics_worker *metrics,
                                    const struct source_events *events, struct err *err)
{
    struct source *source = source_open(conf, options, 0, base, metrics, events, err);

    if (source)
        source->replaying = (struct replaying){.ranges = ranges, .count = count};
    return source;
}

static void source_reroute(struct source *source,
                           bool (*changed)(const void *before, const void *after))
{
    for (size_t i = 0; i < source->topics.count; i++) {
        struct source_topic *topic = source->topics.items[i];
        const void *before = topic->routes;
        topic->routes = source->events.topic(source->events.context, topic->name);
        marks_reroute(topic, source);
        bool anew = changed(before, topic->routes);
        for (size_t j = 0; anew && j < topic->partition_count; j++)
            if (topic->partitions[j])
                partition_void_claim(topic->partitions[j]);
    }
}

void source_adopt(struct source *source, const struct conf_source *options,
                  bool (*changed)(const void *before, const void *after))
{
    login_renew(source->kafka, source->options, options);
    source->options = options;
    source_limit_drain(source);
    source_reroute(source, changed);
}

void source_free(struct source *source)
{
    if (!source)
        return;
    gauges_close(source);
    if (source->wake)
        event_free(source->wake);
    if (source->kafka && !shutdown_close(source)) {
        handle_abandon(source);
        return; /* librdkafka's threads still use it */
    }
    if (source->wake_fd >= 0)
        close(source->wake_fd);
    duty_clear(source);
    partitions_free(source);
    free(source->barriers.urgent);
    if (source->subscription)
        rd_kafka_topic_partition_list_destroy(source->subscription);
    free(source->taken);
    free(source);
}

/* --- records ---------------------------------------------------------------------------------- */

/* An error that librdkafka puts between the records of a partition. */
static void poll_error(struct source *source, const rd_kafka_message_t *message,
                       struct source_partition *partition)
{
    source->metrics->source.errors++;
    if (partition && unreadable_seen(partition, message))
        return;
    report_error(&source->errors, message->err, partition ? partition->topic->name : NULL,
                 rd_kafka_message_errstr(message));
    if (partition && message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        partition_misplace(partition);
    if (partition && message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        duty_refused(partition);
}

/* The partition of the record. Records of one partition come in runs; @p last is the one before. */
static struct source_partition *poll_partition(struct source *source,
                                               const rd_kafka_message_t *message,
                                               const rd_kafka_message_t *last_message,
                                               struct source_partition *last)
{
    if (last_message && last_message->rkt == message->rkt &&
        last_message->partition == message->partition)
        return last;
    if (!message->rkt)
        return NULL;
    return partitions_of(source, message);
}

/* librdkafka came to the end. An end from before a seek lies behind records that are read again: it
 * would make us skip them. */
static void poll_end(struct source_partition *partition, int64_t offset)
{
    if (source_is_flowing(partition) && !partition->fetching.seek_due)
        partition->end = offset;
}

/* Puts the record into the batch, unless it is not wanted. */
static bool poll_take(struct batch *batch, rd_kafka_message_t *message,
                      struct source_partition *partition)
{
    struct record *record = &batch->records[batch->count];

    if (!source_is_flowing(partition) || partition->unreadable)
        return false;
    if (message->offset < partition->position) {
        watch_look_back(partition, message);
        return false;
    }
    if (message->offset >= partition->until) {
        poll_end(partition, message->offset);
        return false;
    }
    if (message->offset >= partition->marks.check_at)
        barriers_check(partition, message->offset);
    message_record(message, record);
    record->topic = partition->topic->name;
    record->owner = partition;
    batch->messages[batch->count++] = message;
    partition->position = message->offset + 1;
    partition->taken_ms = record->timestamp_ms;
    partition->consumed_records++;
    partition->consumed_bytes += message->key_len + message->len;
    partition->source->consumed_records++;
    partition->source->consumed_bytes += message->len;
    return true;
}

/* The record taken last is one by which its log can be known again. */
static void poll_note(const struct batch *batch)
{
    const struct record *record = batch->count ? &batch->records[batch->count - 1] : NULL;
    struct source_partition *partition = record ? record->owner : NULL;

    if (!partition)
        return;
    partition->log.compare = WITNESS_NONE; /* the record to compare did not come: it is gone */
    witnesses_note(&partition->log.witnesses, record);
}

static void poll_sort(struct source *source, struct batch *batch, size_t count)
{
    const rd_kafka_message_t *last_message = NULL;
    struct source_partition *partition = NULL, *before = NULL;
    size_t refused = 0;

    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = source->taken[i];
        partition = poll_partition(source, message, last_message, partition);
        if (partition != before)
            poll_note(batch);
        before = partition;
        last_message = message;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && partition)
            poll_end(partition, message->offset);
        else if (message->err)
            poll_error(source, message, partition);
        if (message->err || !partition || !poll_take(batch, message, partition))
            source->taken[refused++] = message;
    }
    poll_note(batch);
    /* Only now: the records of a run are recognised by the address of their topic. */
    for (size_t i = 0; i < refused; i++)
        rd_kafka_message_destroy(source->taken[i]);
}

/* Each record in the batch holds on to the whole response that it came with: of large ones only a
 * few are taken at a time. What they weigh is known of those before. */
static size_t poll_limit(const struct source *source, size_t limit)
{
    size_t fit = TAKEN_BYTES / (source->mean_bytes + 1) + 1;

    if (fit > BATCH_RECORDS)
        fit = BATCH_RECORDS;
    return limit < fit ? limit : fit;
}

static void poll_weigh(struct source *source, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += source->taken[i]->len;
    source->mean_bytes = bytes / count;
}

void source_poll(struct source *source, struct batch *batch, size_t limit)
{
    ssize_t taken;

    batch->count = batch->next = 0;
    watch_notice(source);
    barriers_hold(source);
    unreadable_hold(source);
    if (!source_is_ready(source))
        return;
    limit = poll_limit(source, limit);
    taken = rd_kafka_consume_batch_queue(source->fetching.records, 0, source->taken, limit);
    source->more = taken == (ssize_t)limit;
    wakeup_look(source, taken > 0 ? (size_t)taken : 0);
    if (taken <= 0)
        return;
    poll_weigh(source, (size_t)taken);
    poll_sort(source, batch, (size_t)taken);
    FAILPOINT(after_fetch);
    if (batch->count)
        error_log_end(&source->errors);
}

bool source_is_ready(const struct source *source)
{
    if (!source->more || source->watch.blind || source_is_stopping(source))
        return false;
    return source->rebalance.step == REBALANCE_NONE ||
           source->fetching.cooperative; /* then some stay ours */
}

void source_return(struct batch *batch, size_t index)
{
    if (batch->messages[index])
        rd_kafka_message_destroy(batch->messages[index]);
    batch->messages[index] = NULL;
}

void *source_keep(struct batch *batch, size_t index)
{
    void *kept = batch->messages[index];

    assert(kept);
    batch->messages[index] = NULL;
    return kept;
}

struct record source_kept_record(const void *kept, const struct source_partition *partition)
{
    struct record record;

    message_record(kept, &record);
    record.topic = partition->topic->name;
    return record;
}

void source_let_go(void *kept)
{
    rd_kafka_message_destroy(kept);
}

/* --- tickets --------------------------------------------------------------------------- */

/* --- partitions ------------------------------------------------------------------------ */

size_t source_inflight(const struct source *source)
{
    size_t inflight = 0;

    for (size_t i = 0; i < source->partition_count; i++)
        if (source->partitions[i]->tracker)
            inflight += tracker_inflight(source->partitions[i]->tracker);
    return inflight;
}

size_t source_left(const struct source *source)
{
    size_t left = source->shutdown.left;

    for (size_t i = 0; i < source->partition_count; i++)
        left += partition_unfinished(source->partitions[i]);
    return left;
}

/* --- turns ----------------------------------------------------------------------------- */

static bool source_fail(struct source *source, struct err *err)
{
    char text[ERR_BYTES] = "";
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(source->kafka, text, sizeof(text));

    if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        return err_set(err, ERR_FATAL,
                       "kafka: FENCED_INSTANCE_ID: another process has joined group %s as "
                       "'%s-%u': give each process an instance_id of its own",
                       source->options->group.text, source->options->instance_id.text,
                       source->member);
    return err_set(err, ERR_FATAL, "kafka: %s: %s", rd_kafka_err2name(code), text);
}

bool source_turn(struct source *source, struct err *err)
{
    source->now_ms = clock_ms();
    events_serve(source);
    watch_notice(source);
    replaying_turn(source);
    start_claims(source);
    questions_turn(source);
    rebalance_turn(source);
    rejoin_turn(source);
    if (source->shutdown.step <= SHUTDOWN_DRAINING)
        commit_turn(source);
    shutdown_turn(source);
    held_turn(source);
    duty_turn(source);
    gauges_turn(source);
    wakeup_turn(source);
    oversize_turn(source);
    steered_turn(source); /* the last: a paused partition does not flow when records are taken */
    return !source->fatal || source_fail(source, err);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t source_next_ms(const struct source *source)
{
    int64_t next_ms = earlier(TURN_MS, rebalance_next_ms(source));

    if (source_is_stopping(source))
        return earlier(next_ms, DRAIN_CHECK_MS / 5);
    next_ms = earlier(next_ms, questions_next_ms(source));
    next_ms = earlier(next_ms, wakeup_next_ms(source));
    if (source->steered)
        next_ms = earlier(next_ms, DRAIN_CHECK_MS);
    return earlier(next_ms, commit_next_ms(source));
}

const char *source_trouble(const struct source *source)
{
    if (source->rebalance.joined && !source->errors.away)
        return duty_trouble(source);
    return error_log_reason(&source->errors);
}

bool source_is_joined(const struct source *source)
{
    return source->rebalance.joined || (source->rebalance.left_ms &&
                                        source->now_ms - source->rebalance.left_ms < DUTY_GRACE_MS);
}
