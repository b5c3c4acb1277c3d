/*
 * duty.c: whether everything in the subscription is read.
 *
 * No record comes from a quiet topic, nor from one that is misspelt, deleted or forbidden, nor
 * while this member is out of its group or a leader is away. So Kafka is asked, every few seconds
 * (survey.c): are the topics there, what is their end, does the group know us? An answer counts for
 * a while, as brokers come and go; after that we report that we do not know.
 */
#include "base/mem.h"
#include "kafka/source_state.h"
#include "kafka/survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ROUND_MS = 3000, /* from one question to the next, and a millisecond more a partition */
    STATES_MS = 500,
    REFUSED_MS = 10000 /* how often a partition that we may not read is tried again */
};

bool duty_open(struct source *source)
{
    struct duty *duty = &source->duty;

    duty->survey = survey_new(source->kafka, source->options->group.text, source->subscription,
                              source->wake_fd);
    duty->count = (size_t)source->subscription->cnt;
    duty->topics = mem_array(duty->count, sizeof(*duty->topics));
    duty->counters = mem_array(duty->count, sizeof(struct topic_counters *));
    for (size_t i = 0; i < duty->count; i++) {
        duty->topics[i] = (struct source_topic_state){.name = source->subscription->elems[i].topic,
                                                      .since_ms = source->now_ms};
        duty->counters[i] =
            metrics_topic(source->metrics, source->options->name, duty->topics[i].name);
    }
    return duty->survey;
}

/* --- what is asked --------------------------------------------------------------------------- */

static void duty_ask(struct source *source)
{
    rd_kafka_topic_partition_list_t *highs = rd_kafka_topic_partition_list_new(8);
    rd_kafka_topic_partition_list_t *lows = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (!partition_is_ours(partition))
            continue;
        rd_kafka_topic_partition_list_add(highs, partition->topic->name, partition->number)
            ->offset = RD_KAFKA_OFFSET_END;
        if (partition->state != PARTITION_FLOWING)
            rd_kafka_topic_partition_list_add(lows, partition->topic->name, partition->number)
                ->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    survey_ask(source->duty.survey, highs, lows);
    source->duty.due_ms = source->now_ms + ROUND_MS + (int64_t)source->partition_count;
}

/* --- what was answered ----------------------------------------------------------------------- */

static void take_offsets(struct source *source, const rd_kafka_topic_partition_list_t *list,
                         void (*take)(struct source_partition *partition, int64_t offset))
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        struct source_partition *partition = partitions_find(source, one->topic, one->partition);
        if (partition && partition_is_ours(partition))
            take(partition, one->offset);
    }
}

static void duty_take(struct source *source, struct survey_answer *answer)
{
    struct duty *duty = &source->duty;

    take_offsets(source, answer->lows, gauges_low);
    take_offsets(source, answer->highs, gauges_high);
    duty->err = answer->err;
    duty->group_known = answer->group_known;
    if (answer->answered) {
        duty->answered_ms = source->now_ms;
        error_log_end(&source->errors);
    }
    if (answer->coordinated || !answer->coordinator_asked)
        duty->coordinated_ms = source->now_ms;
    for (size_t i = 0; i < duty->count; i++) {
        duty->topics[i].found = answer->topics[i].found;
        duty->topics[i].taken = answer->topics[i].taken;
    }
    survey_answer_free(answer);
}

/* --- topics ---------------------------------------------------------------------------------- */

/* Kafka says so once. Anything that comes of the partition later, be it only its end, shows that it
 * may be read again. */
void duty_refused(struct source_partition *partition)
{
    partition->refusal.position = partition->position;
    partition->refusal.since_ms = partition->source->now_ms;
    partition->end = -1;
}

static bool is_refused(struct source_partition *partition)
{
    if (partition->refusal.since_ms &&
        (partition->position != partition->refusal.position || partition->end >= 0))
        partition->refusal.since_ms = 0;
    return partition->refusal.since_ms;
}

/* Seeks to its position: Kafka then answers again. */
static void refused_try(struct source_partition *partition)
{
    if (partition->source->now_ms - partition->refusal.since_ms < REFUSED_MS ||
        partition->state != PARTITION_FLOWING || !partition->fetching.active)
        return;
    partition->refusal.since_ms = partition->source->now_ms;
    fetching_seek(partition);
}

static void topics_look(struct source *source)
{
    struct source_topic_state *topics = source->duty.topics;

    for (size_t i = 0; i < source->duty.count; i++)
        topics[i].ours = topics[i].refused = false;
    for (size_t i = 0; i < source->partition_count; i++) {
        struct source_partition *partition = source->partitions[i];
        bool ours = partition_is_ours(partition), refused = ours && is_refused(partition);
        for (size_t j = 0; ours && j < partition->topic->wanted_count; j++) {
            topics[partition->topic->wanted[j]].ours = true;
            topics[partition->topic->wanted[j]].refused |= refused;
        }
        if (refused)
            refused_try(partition);
    }
}

static enum topic_state state_of(const struct duty *duty, const struct source_topic_state *topic)
{
    if (topic->found == SURVEY_FORBIDDEN || topic->refused)
        return TOPIC_FORBIDDEN;
    if (topic->found == SURVEY_MISSING)
        return topic->name[0] == '^' ? TOPIC_UNMATCHED : TOPIC_MISSING;
    if (topic->ours)
        return TOPIC_ASSIGNED;
    if (topic->found == SURVEY_UNKNOWN || !duty->group_known)
        return TOPIC_UNKNOWN;
    return topic->taken ? TOPIC_ELSEWHERE : TOPIC_UNREAD;
}

static void states_update(struct source *source)
{
    struct duty *duty = &source->duty;

    topics_look(source);
    for (size_t i = 0; i < duty->count; i++) {
        struct source_topic_state *topic = &duty->topics[i];
        enum topic_state state = state_of(duty, topic);
        if (state != topic->state)
            topic->since_ms = source->now_ms;
        topic->state = state;
        topic->was_read |= state == TOPIC_ASSIGNED || state == TOPIC_ELSEWHERE;
        for (size_t j = 0; j < TOPIC_STATE_COUNT; j++)
            duty->counters[i]->states[j] = j == state;
    }
    duty->states_due_ms = source->now_ms + STATES_MS;
}

/* A topic that never existed needs no patience; an existing one may be recreated, or shared out in
 * a rebalance. */
static bool is_bad(const struct source *source, const struct source_topic_state *topic)
{
    bool patience = topic->was_read || topic->state == TOPIC_UNREAD;

    if (topic->state == TOPIC_UNKNOWN || topic->state == TOPIC_ASSIGNED ||
        topic->state == TOPIC_ELSEWHERE)
        return false;
    return !patience || source->now_ms - topic->since_ms >= DUTY_GRACE_MS;
}

void source_visit_topics(const struct source *source,
                         void (*visit)(void *context, const char *topic, enum topic_state state,
                                       bool bad, int64_t for_ms),
                         void *context)
{
    for (size_t i = 0; i < source->duty.count; i++) {
        const struct source_topic_state *topic = &source->duty.topics[i];
        visit(context, topic->name, topic->state, is_bad(source, topic),
              source->now_ms - topic->since_ms);
    }
}

/* --- what is the matter ---------------------------------------------------------------------- */

/* A partition whose leader is away is not read. */
static bool ends_trouble(struct source *source)
{
    struct duty *duty = &source->duty;
    const struct source_partition *oldest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < source->partition_count; i++) {
        const struct source_partition *partition = source->partitions[i];
        if (!partition_is_ours(partition) || gauges_end_is_known(partition))
            continue;
        count++;
        if (!oldest || partition->gauge.told_ms < oldest->gauge.told_ms)
            oldest = partition;
    }
    if (!oldest)
        return false;
    snprintf(duty->reason, sizeof(duty->reason),
             "Kafka does not tell the end of %zu partition%s, %s[%" PRId32 "] for %" PRId64
             " s: %s: is the leader down?",
             count, count == 1 ? "" : "s", oldest->topic->name, oldest->number,
             (source->now_ms - oldest->gauge.told_ms) / 1000,
             duty->err ? rd_kafka_err2str(duty->err) : "no answer");
    return true;
}

static bool is_over(const struct source *source, int64_t since_ms)
{
    return since_ms && source->now_ms - since_ms >= gauges_grace_ms(source);
}

static bool has_trouble(struct source *source)
{
    struct duty *duty = &source->duty;

    if (is_over(source, duty->answered_ms)) {
        snprintf(duty->reason, sizeof(duty->reason),
                 "no broker has answered for %" PRId64 " s: is Kafka reachable?",
                 (source->now_ms - duty->answered_ms) / 1000);
        return true;
    }
    if (ends_trouble(source))
        return true;
    if (!is_over(source, duty->coordinated_ms))
        return false;
    snprintf(duty->reason, sizeof(duty->reason),
             "group %s: its coordinator has not answered for %" PRId64 " s",
             source->options->group.text, (source->now_ms - duty->coordinated_ms) / 1000);
    return true;
}

const char *duty_trouble(const struct source *source)
{
    return source->duty.troubled ? source->duty.reason : NULL;
}

/* --- turns ----------------------------------------------------------------------------------- */

void duty_turn(struct source *source)
{
    struct duty *duty = &source->duty;
    struct survey_answer *answer = duty->survey ? survey_take(duty->survey) : NULL;

    if (!duty->survey)
        return; /* a replay chooses its partitions itself */
    if (answer)
        duty_take(source, answer);
    if (source_is_stopping(source))
        return;
    if (!survey_is_busy(duty->survey) && source->now_ms >= duty->due_ms)
        duty_ask(source);
    if (!answer && source->now_ms < duty->states_due_ms)
        return;
    states_update(source);
    duty->troubled = has_trouble(source);
    source->metrics->source.workers = 1;
    source->metrics->source.joined = source->rebalance.joined;
    source->metrics->source.connected =
        !source->errors.away && duty->answered_ms && !duty->troubled;
}

bool duty_close(struct source *source, int64_t wait_ms)
{
    return survey_free(source->duty.survey, wait_ms);
}

void duty_clear(struct source *source)
{
    free(source->duty.topics);
    free(source->duty.counters);
}
