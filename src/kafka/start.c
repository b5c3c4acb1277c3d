/*
 * start.c: from where a partition is read.
 *
 * penstock decides, never librdkafka's auto.offset.reset: a partition resumes at the offset that
 * the group has committed; if there is none, at the source's "start"; and if the log no longer has
 * the offset, "on_out_of_range" decides. So nothing is skipped without a log line and a count.
 *
 *      asking ----> committed?   --yes--> in the log? --yes--> flowing
 *                            | no                  | no
 *                          start              on_out_of_range
 *
 * With exactly_once the next offset is kept in Redis as well. Then the partition is claimed there
 * first, and Kafka is asked once the claim is made: the former owner may write until then, and
 * Kafka's answer must not be older than the checkpoint. resume.c weighs both.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    REASON_BYTES = 256,
    AHEAD_ANSWERS = 3, /* a log is shorter than a checkpoint says once Kafka has said so thrice */
    AHEAD_MS = 500     /* a leader that is new may need as long to know its log's end */
};

static const char *const start_words[] = {
    [START_EARLIEST] = "earliest", [START_LATEST] = "latest", [START_TIME] = "a time"};

/* --- the answers ----------------------------------------------------------------------------- */

static void start_first(struct source_partition *partition, const struct offsets_item *item)
{
    const struct conf_start *start = &partition->source->options->start;
    const char *why;

    switch (start->kind) {
    case START_EARLIEST:
    case START_LATEST:
    case START_TIME:
        partition_place(partition, beginning_offset(start, item, clock_wall_ms(), &why),
                        WITNESS_NONE);
        partition->log.group = item->group;
        log_info("partition begins", LOG_STR("topic", partition->topic->name),
                 LOG_INT("partition", partition->number), LOG_INT("offset", partition->position),
                 LOG_INT("log_start", item->low), LOG_INT("log_end", item->high),
                 LOG_STR("start", start_words[start->kind]), LOG_STR("reason", why));
        break;
    case START_ERROR:
        source_hold(partition, HOLD_RECORD,
                    "the group has no committed offset here, and start = \"error\"");
        break;
    }
}

static void out_of_range_stop(struct source_partition *partition, int64_t expected,
                              const struct offsets_item *item)
{
    char reason[REASON_BYTES];

    snprintf(reason, sizeof(reason),
             "offset %" PRId64 " is out of range: the log has %" PRId64 " to %" PRId64
             "%s; on_out_of_range = \"stop\"",
             expected, item->low, item->high,
             expected > item->high ? " (was the topic deleted and recreated?)" : "");
    partition->position = expected;
    source_hold(partition, HOLD_RECORD, reason);
}

/* Records between the one expected and the first that can be read are gone. */
static void start_out_of_range(struct source_partition *partition, int64_t expected,
                               const struct offsets_item *item)
{
    enum conf_out_of_range policy = partition->source->options->on_out_of_range;
    int64_t from = policy == OUT_OF_RANGE_LATEST ? item->high : item->low;
    int64_t lost = from > expected ? from - expected : 0;

    partition->lost_records += (uint64_t)lost;
    log_warn_each("offset out of range", LOG_STR("topic", partition->topic->name),
                  LOG_INT("partition", partition->number), LOG_INT("offset", expected),
                  LOG_INT("log_start", item->low), LOG_INT("log_end", item->high),
                  LOG_INT("lost", lost), LOG_STR("on_out_of_range", replaced_policy(policy)));
    if (policy == OUT_OF_RANGE_STOP) {
        out_of_range_stop(partition, expected, item);
        return;
    }
    if (from < partition->commit.committed) /* the log was truncated: it is no bound any more */
        partition_forget_committed(partition);
    partition_place(partition, from, WITNESS_NONE);
    partition->commit.fresh_start = from;
}

/*
 * Whether the log has no record @p expected any more. A position above the end is Kafka's to
 * refuse: what ListOffsets calls the end of a read_committed consumer may lie below an offset that
 * is good.
 */
static bool is_out_of_range(const struct source_partition *partition, int64_t expected,
                            const struct offsets_item *item)
{
    return expected < item->low || (partition->start.out_of_range && expected > item->high);
}

/* Resumes at the committed offset, in the log that it is of. */
static void start_on(struct source_partition *partition, int64_t expected,
                     const struct offsets_item *item)
{
    struct witness record = item->note.record;
    bool is_there = record.offset >= item->low && record.offset < expected;

    partition_place(partition, expected, is_there ? record : WITNESS_NONE);
    partition->commit.fresh_start = item->note.start ? expected : -1;
    partition->log.witnesses.settled = record;
}

/* Nothing is committed. If something was, the topic has been recreated since. */
static void start_uncommitted(struct source_partition *partition, const struct offsets_item *item)
{
    if (partition->commit.former >= 0) {
        if (!partition->log.replaced)
            partition->log.replaced = difference_offset;
        replaced_start(partition, partition->commit.former, item);
        return;
    }
    witnesses_clear(&partition->log.witnesses);
    start_first(partition, item);
    partition->log.replaced = NULL;
    partition->log.identity = item->log;
    partition->commit.fresh_start = partition->position;
}

/* Kafka alone decides. */
static void start_by_kafka(struct source_partition *partition, const struct offsets_item *item,
                           int64_t expected)
{
    if (expected < 0)
        start_uncommitted(partition, item);
    else if (replaced_is(partition, &partition->log.identity, item))
        replaced_start(partition, expected, item);
    else if (is_out_of_range(partition, expected, item))
        start_out_of_range(partition, expected, item);
    else
        start_on(partition, expected, item);
}

/* A claimed partition is placed now, or held. */
static void start_tell(struct source_partition *partition, const struct offsets_item *item,
                       const struct resume *resume, int64_t next)
{
    const struct source_events *events = &partition->source->events;

    if (partition->state != PARTITION_FLOWING)
        return;
    watch_keep(partition, &item->log);
    events->starts(events->context, partition, next, resume->another);
}

static void start_by_redis(struct source_partition *partition, const struct offsets_item *item,
                           const struct resume *resume)
{
    switch (resume->kind) {
    case RESUME_KAFKA:
        start_by_kafka(partition, item, item->committed);
        start_tell(partition, item, resume, partition->position);
        break;
    case RESUME_REDIS:
        partition->log.replaced = NULL;
        partition_place(partition, resume->from, WITNESS_NONE);
        partition->commit.behind = resume->compared;
        start_tell(partition, item, resume, resume->next);
        break;
    case RESUME_OUT_OF_RANGE:
        partition->log.replaced = NULL;
        start_out_of_range(partition, resume->next, item);
        start_tell(partition, item, resume, partition->position);
        break;
    case RESUME_ANOTHER:
        if (!partition->log.replaced)
            partition->log.replaced = difference_record;
        replaced_start(partition, resume->next, item);
        start_tell(partition, item, resume, partition->position);
        break;
    case RESUME_HOLD:
        source_hold(partition, HOLD_RECORD, resume->text);
        break;
    }
}

static void start_ask_later(struct source_partition *partition, int64_t wait_ms)
{
    partition->start.ask_at_ms = partition->source->now_ms + wait_ms;
    partition_step(partition, EVENT_UNANSWERED);
}

/* A checkpoint ahead of the log's end by a single answer may only be ahead of what the leader
 * knows. */
static bool is_surely_ahead(struct source_partition *partition, const struct offsets_item *item)
{
    if (!partition->start.facts->found || partition->start.facts->next <= item->high)
        return true;
    if (++partition->start.ahead_answers >= AHEAD_ANSWERS)
        return true;
    start_ask_later(partition, AHEAD_MS);
    return false;
}

static void start_weigh(struct source_partition *partition, const struct offsets_item *item)
{
    struct resume_facts facts = *partition->start.facts;
    struct resume resume;

    if (!is_surely_ahead(partition, item))
        return;
    free(partition->start.facts);
    partition->start.facts = NULL;
    facts.low = item->low;
    facts.high = item->high;
    facts.another = replaced_is(partition, &facts.log, item);
    facts.missing = partition->start.missing;
    partition->start.record = facts.record;
    partition->start.missing = WITNESS_NONE;
    resume = resume_decide(&facts);
    if (resume.mismatch && resume.kind != RESUME_HOLD && resume.kind != RESUME_ANOTHER)
        log_warn_each(
            "checkpoint does not fit", LOG_STR("topic", partition->topic->name),
            LOG_INT("partition", partition->number), LOG_STR("error", resume.text),
            LOG_STR("on_checkpoint_mismatch", facts.policy == MISMATCH_KAFKA ? "kafka" : "redis"));
    start_by_redis(partition, item, &resume);
}

/* Whether the offset to resume at is known and not asked for: the partition was read before. */
static bool start_knows(const struct source_partition *partition)
{
    return (partition->start.out_of_range || partition->log.replaced) && partition->tracker &&
           !partition->start.facts;
}

/* What Kafka has of the group is of the log that was there when it was committed. */
static void start_recall(struct source_partition *partition, const struct offsets_item *item)
{
    if (item->committed < 0 && !partition->log.replaced &&
        (partition->commit.committed >= 0 || partition->commit.former >= 0))
        partition->log.replaced = difference_offset;
    partition->commit.committed = item->committed;
    partition->log.identity = item->note.log;
    partition->log.group.began_ms = item->note.began_ms;
    partition->log.group.partitions = item->note.partitions;
    if (item->note.another)
        partition->log.replaced = difference_noted;
}

static void start_decide(struct source_partition *partition, const struct offsets_item *item)
{
    int64_t expected = partition->position;

    if (partition->range) {
        replaying_start(partition, item);
        if (partition->state == PARTITION_FLOWING)
            watch_keep(partition, &item->log);
        return;
    }
    if (!start_knows(partition)) {
        start_recall(partition, item);
        expected = item->committed;
    } else if (partition->log.replaced)
        expected = tracker_commit_offset(partition->tracker);
    else if (item->was_committed && item->committed < 0)
        partition->log.replaced = difference_offset; /* which is why it is out of range */
    if (partition->start.facts)
        start_weigh(partition, item);
    else
        start_by_kafka(partition, item, expected);
    if (partition->state == PARTITION_FLOWING)
        watch_keep(partition, &item->log);
}

static bool item_is_complete(const struct offsets_item *item)
{
    return !item->err && item->low >= 0 && item->high >= 0;
}

void start_answer(struct source_partition *partition, const struct offsets_item *item)
{
    struct source *source = partition->source;

    if (partition->generation != item->generation || partition->state != PARTITION_ASKING)
        return;
    if (item_is_complete(item)) {
        gauges_end(partition, item->high);
        start_decide(partition, item);
        return;
    }
    start_ask_later(partition, backoff_next(&source->ask_backoff));
    report_error(&source->errors, item->err, partition->topic->name,
                 "offsets could not be asked for");
}

/* --- the questions --------------------------------------------------------------------------- */

/* A record that holds its partition is not answered any more; of a log that is gone it need not. */
static bool is_in_flight(const struct source_partition *partition)
{
    const struct tracker *tracker = partition->tracker;

    return tracker &&
           (partition->log.replaced ? tracker_waiting(tracker) : tracker_inflight(tracker)) > 0;
}

/* A position is changed only when nothing below it is in flight. */
static bool start_wants_to_ask(const struct source_partition *partition)
{
    return partition->state == PARTITION_UNPLACED && !is_in_flight(partition);
}

static bool start_may_ask(const struct source_partition *partition)
{
    return start_wants_to_ask(partition) && partition->start.ask_at_ms <= partition->source->now_ms;
}

static struct offsets_item start_question(struct source_partition *partition)
{
    const struct conf_source *options = partition->source->options;

    partition_step(partition, EVENT_ASKED);
    return (struct offsets_item){
        .partition = partition,
        .generation = partition->generation,
        .topic = partition->topic->name,
        .number = partition->number,
        .ask_committed = !partition->range,
        .was_committed = partition->commit.committed >= 0,
        .ask_group = options->start.kind == START_LATEST || options->start.kind == START_TIME,
        .since_began = options->start.kind == START_LATEST,
        .time_ms = options->start.kind == START_TIME ? options->start.time_ms : -1,
    };
}

size_t start_ask(struct source *source, struct offsets_item *items)
{
    size_t count = 0;

    for (size_t i = 0; source->starting && i < source->partition_count; i++)
        if (start_may_ask(source->partitions[i]))
            items[count++] = start_question(source->partitions[i]);
    return count;
}

/* --- the claims ------------------------------------------------------------------------------ */

static void start_claim(struct source_partition *partition)
{
    const struct source_events *events = &partition->source->events;

    partition_step(partition, EVENT_CLAIM_ASKED); /* the answer may come within the call */
    partition->claimed = events->claim && events->claim(events->context, partition);
    if (!partition->claimed)
        partition_step(partition, EVENT_CLAIM_SETTLED);
}

void start_claims(struct source *source)
{
    if (source_is_stopping(source))
        return;
    for (size_t i = 0; source->starting && i < source->partition_count; i++) {
        if (source->partitions[i]->state == PARTITION_UNCLAIMED)
            start_claim(source->partitions[i]);
    }
}

void source_claimed(struct source_partition *partition, const struct source_checkpoint *checkpoint)
{
    if (partition->state != PARTITION_CLAIMING)
        return; /* held, revoked or lost in between */
    free(partition->start.facts);
    partition->start.facts = mem_new(struct resume_facts);
    *partition->start.facts = (struct resume_facts){
        .found = checkpoint->found,
        .readable = checkpoint->readable,
        .same_routes = checkpoint->same_routes,
        .next = checkpoint->next,
        .log = identity_read(slice_of(checkpoint->log)),
        .record = checkpoint->record,
        .oldest_gap = checkpoint->oldest_gap,
        .policy = partition->source->options->on_checkpoint_mismatch,
    };
    if (checkpoint->unreadable)
        snprintf(partition->start.facts->unreadable, sizeof(partition->start.facts->unreadable),
                 "%s", checkpoint->unreadable);
    partition->start.ahead_answers = 0;
    partition_step(partition, EVENT_CLAIM_SETTLED);
}

bool source_mismatches(struct source_partition *partition)
{
    if (partition->source->options->on_checkpoint_mismatch == MISMATCH_REDIS)
        return false;
    partition->start.missing = partition->start.record;
    partition_claim_again(partition);
    return true;
}

bool start_was_answered(const struct source_partition *partition)
{
    return !partition_is_starting(partition) || partition->start.ask_at_ms;
}

int64_t start_next_ms(const struct source *source)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; source->starting && i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (start_wants_to_ask(partition) && partition->start.ask_at_ms < next_ms)
            next_ms = partition->start.ask_at_ms;
    }
    return next_ms == INT64_MAX ? INT64_MAX : next_ms - source->now_ms;
}
