/*
 * survey.c: asks Kafka about the topics and the group of a subscription, in a thread of its own.
 *
 *      topics   by their names; for patterns all topics that we may see, which librdkafka asks for
 *               as often by itself
 *      group    who is in it, and who has what (a describe needs no more rights than to be a
 * member) ends     of the partitions that are ours; one leader that is silent leaves the whole call
 *               without an answer, so they are asked for in parts
 */
#include "kafka/survey.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conf/topic.h"
#include "kafka/asker.h"
#include "kafka/assignment.h"

#include <stdlib.h>
#include <string.h>

enum {
    ASK_MS = 5000,   /* the time limit of each request: a shorter one makes librdkafka complain */
    PART = 500,      /* partitions a request: librdkafka goes through the list for each answer */
    TOPICS_MS = 9000 /* how often topics and the group are asked for */
};

struct survey {
    rd_kafka_t *kafka;
    char *group;
    const rd_kafka_topic_partition_list_t *subscription;
    rd_kafka_queue_t *queue;         /* of the thread, for what comes of the group */
    struct topic_matcher **matchers; /* by the subscription */
    struct survey_topic *topics;     /* what is known, of the thread */
    bool group_known;
    int64_t topics_due_ms;
    struct asker asker;
    /* under its mutex: */
    rd_kafka_topic_partition_list_t *highs, *lows; /* asked; NULL: nothing is */
    struct survey_answer *answer;
    /* of the worker's thread: */
    bool busy;
};

static size_t topic_count(const struct survey *survey)
{
    return (size_t)survey->subscription->cnt;
}

static bool is_pattern(const struct survey *survey, size_t index)
{
    return survey->subscription->elems[index].topic[0] == '^';
}

bool survey_matches(const struct survey *survey, size_t index, const char *topic)
{
    const struct topic_matcher *matcher = survey->matchers[index];

    return matcher && topic_matcher_takes(matcher, topic);
}

/* --- topics ---------------------------------------------------------------------------------- */

static enum survey_found found_of(rd_kafka_resp_err_t err)
{
    switch ((int)err) { /* of the many that librdkafka knows */
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        return SURVEY_THERE;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: /* no name of a topic */
        return SURVEY_MISSING;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return SURVEY_FORBIDDEN;
    default:
        return SURVEY_UNKNOWN;
    }
}

/* Asked by name, we are told also what is hidden from us. False: nobody answers. */
static bool ask_name(const struct survey *survey, struct survey_topic *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(survey->kafka, topic->name, NULL);
    const struct rd_kafka_metadata *metadata;
    bool answered;

    if (!handle)
        return true;
    answered = rd_kafka_metadata(survey->kafka, 0, handle, &metadata, ASK_MS) == 0;
    if (answered) {
        topic->found = metadata->topic_cnt ? found_of(metadata->topics[0].err) : SURVEY_MISSING;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return answered;
}

static bool ask_patterns(struct survey *survey)
{
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(survey->kafka, 1, NULL, &metadata, ASK_MS) != 0)
        return false;
    for (size_t i = 0; i < topic_count(survey); i++) {
        if (!is_pattern(survey, i))
            continue;
        survey->topics[i].found = SURVEY_MISSING;
        for (int j = 0; j < metadata->topic_cnt; j++)
            if (survey_matches(survey, i, metadata->topics[j].topic)) {
                survey->topics[i].found = SURVEY_THERE;
                break;
            }
    }
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* --- the group ------------------------------------------------------------------------------- */

/* A question that only the group's coordinator answers; what it says does not matter. */
static void ask_coordinator(struct survey *survey, const rd_kafka_topic_partition_list_t *list,
                            struct survey_answer *answer)
{
    rd_kafka_topic_partition_list_t *one;

    if (!list->cnt || asker_is_stopped(&survey->asker))
        return;
    answer->coordinator_asked = true;
    one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, list->elems[0].topic, list->elems[0].partition);
    answer->coordinated = rd_kafka_committed(survey->kafka, one, ASK_MS) == 0;
    answer->answered = answer->answered || answer->coordinated;
    rd_kafka_topic_partition_list_destroy(one);
}

static void note_taken(void *context, const char *topic)
{
    struct survey *survey = context;

    for (size_t i = 0; i < topic_count(survey); i++)
        survey->topics[i].taken = survey->topics[i].taken || survey_matches(survey, i, topic);
}

static void note_group(struct survey *survey, const struct rd_kafka_group_info *group)
{
    for (size_t i = 0; i < topic_count(survey); i++)
        survey->topics[i].taken = false;
    for (int i = 0; i < group->member_cnt; i++) {
        const struct rd_kafka_group_member_info *member = &group->members[i];
        assignment_visit(member->member_assignment, (size_t)member->member_assignment_size,
                         note_taken, survey);
    }
}

/*
 * Which member has which topics. rd_kafka_DescribeConsumerGroups() would ask the coordinator alone,
 * but librdkafka 2.0.2 deadlocks if a broker does not know that request.
 */
static void ask_group(struct survey *survey)
{
    const struct rd_kafka_group_list *groups = NULL;

    survey->group_known = false;
    rd_kafka_list_groups(survey->kafka, survey->group, &groups, ASK_MS);
    for (int i = 0; groups && i < groups->group_cnt; i++) {
        const struct rd_kafka_group_info *group = &groups->groups[i];
        if (strcmp(group->group, survey->group) != 0 || group->err || !group->member_cnt)
            continue;
        note_group(survey, group);
        survey->group_known = true;
    }
    if (groups)
        rd_kafka_group_list_destroy(groups);
}

/* The first one without an answer is the last one asked: the others would wait as long. */
static void ask_topics(struct survey *survey, struct survey_answer *answer)
{
    bool answered = true, patterns = false;

    if (clock_ms() < survey->topics_due_ms)
        return;
    for (size_t i = 0; i < topic_count(survey) && answered && !asker_is_stopped(&survey->asker);
         i++)
        if (is_pattern(survey, i))
            patterns = true;
        else
            answered = ask_name(survey, &survey->topics[i]);
    if (patterns && answered && !asker_is_stopped(&survey->asker))
        answered = ask_patterns(survey);
    answer->answered = answer->answered || answered;
    if (answered && !asker_is_stopped(&survey->asker))
        ask_group(survey);
    survey->topics_due_ms = answered ? clock_ms() + TOPICS_MS : 0;
}

/* --- ends ------------------------------------------------------------------------------------ */

/* Asks for what each element's offset says, and appends those that were told to @p told. */
static void ask_part(struct survey *survey, rd_kafka_topic_partition_list_t *part,
                     rd_kafka_topic_partition_list_t *told, struct survey_answer *answer)
{
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(survey->kafka, part, ASK_MS);

    answer->err = err ? err : answer->err;
    answer->answered = answer->answered || !err;
    for (int i = 0; !err && i < part->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &part->elems[i];
        if (one->err)
            answer->err = one->err;
        else if (one->offset >= 0)
            rd_kafka_topic_partition_list_add(told, one->topic, one->partition)->offset =
                one->offset;
    }
}

static rd_kafka_topic_partition_list_t *ask_offsets(struct survey *survey,
                                                    const rd_kafka_topic_partition_list_t *list,
                                                    struct survey_answer *answer)
{
    rd_kafka_topic_partition_list_t *told = rd_kafka_topic_partition_list_new(list->cnt);

    for (int from = 0; from < list->cnt && !asker_is_stopped(&survey->asker); from += PART) {
        rd_kafka_topic_partition_list_t *part = rd_kafka_topic_partition_list_new(PART);
        for (int i = from; i < list->cnt && i < from + PART; i++)
            rd_kafka_topic_partition_list_add(part, list->elems[i].topic, list->elems[i].partition)
                ->offset = list->elems[i].offset;
        ask_part(survey, part, told, answer);
        rd_kafka_topic_partition_list_destroy(part);
    }
    return told;
}

/* --- the thread ------------------------------------------------------------------------------ */

static struct survey_answer *ask_all(struct survey *survey,
                                     const rd_kafka_topic_partition_list_t *highs,
                                     const rd_kafka_topic_partition_list_t *lows)
{
    struct survey_answer *answer = mem_new(struct survey_answer);

    ask_topics(survey, answer);
    answer->highs = ask_offsets(survey, highs, answer);
    answer->lows = ask_offsets(survey, lows, answer);
    ask_coordinator(survey, highs, answer);
    answer->group_known = survey->group_known;
    answer->topic_count = topic_count(survey);
    answer->topics = mem_array(answer->topic_count, sizeof(*answer->topics));
    memcpy(answer->topics, survey->topics, answer->topic_count * sizeof(*answer->topics));
    return answer;
}

/* One round, without the mutex. */
static bool survey_work(void *context)
{
    struct survey *survey = context;
    rd_kafka_topic_partition_list_t *highs = survey->highs, *lows = survey->lows;
    struct survey_answer *answer;

    if (!highs)
        return false;
    survey->highs = survey->lows = NULL;
    pthread_mutex_unlock(&survey->asker.mutex);
    answer = ask_all(survey, highs, lows);
    rd_kafka_topic_partition_list_destroy(highs);
    rd_kafka_topic_partition_list_destroy(lows);
    pthread_mutex_lock(&survey->asker.mutex);
    survey->answer = answer;
    asker_answer(&survey->asker);
    return true;
}

/* --- the worker's part ------------------------------------------------------------------------ */

static void survey_clear(struct survey *survey)
{
    for (size_t i = 0; i < topic_count(survey); i++)
        topic_matcher_free(survey->matchers[i]);
    free(survey->group);
    free(survey->matchers);
    free(survey->topics);
    survey_answer_free(survey->answer);
    if (survey->highs)
        rd_kafka_topic_partition_list_destroy(survey->highs);
    if (survey->lows)
        rd_kafka_topic_partition_list_destroy(survey->lows);
    free(survey);
}

struct survey *survey_new(rd_kafka_t *kafka, const char *group,
                          const rd_kafka_topic_partition_list_t *subscription, int wake_fd)
{
    struct survey *survey = mem_new(struct survey);

    survey->kafka = kafka;
    survey->group = mem_text(group);
    survey->subscription = subscription;
    survey->matchers = mem_array(topic_count(survey), sizeof(struct topic_matcher *));
    survey->topics = mem_array(topic_count(survey), sizeof(*survey->topics));
    for (size_t i = 0; i < topic_count(survey); i++) {
        survey->topics[i].name = subscription->elems[i].topic;
        survey->matchers[i] = topic_matcher_new(survey->topics[i].name, NULL);
    }
    if (asker_start(&survey->asker, survey_work, survey, wake_fd))
        return survey;
    survey_clear(survey);
    return NULL;
}

bool survey_is_busy(const struct survey *survey)
{
    return survey->busy;
}

void survey_ask(struct survey *survey, rd_kafka_topic_partition_list_t *highs,
                rd_kafka_topic_partition_list_t *lows)
{
    pthread_mutex_lock(&survey->asker.mutex);
    survey->highs = highs;
    survey->lows = lows;
    asker_call(&survey->asker);
    pthread_mutex_unlock(&survey->asker.mutex);
    survey->busy = true;
}

struct survey_answer *survey_take(struct survey *survey)
{
    struct survey_answer *answer;

    if (!survey->busy)
        return NULL;
    pthread_mutex_lock(&survey->asker.mutex);
    answer = survey->answer;
    survey->answer = NULL;
    pthread_mutex_unlock(&survey->asker.mutex);
    survey->busy = !answer;
    return answer;
}

void survey_answer_free(struct survey_answer *answer)
{
    if (!answer)
        return;
    rd_kafka_topic_partition_list_destroy(answer->highs);
    rd_kafka_topic_partition_list_destroy(answer->lows);
    free(answer->topics);
    free(answer);
}

bool survey_free(struct survey *survey, int64_t wait_ms)
{
    if (!survey)
        return true;
    if (!asker_end(&survey->asker, wait_ms))
        return false;
    survey_clear(survey);
    return true;
}
