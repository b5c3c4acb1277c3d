/* health.c: the health of the process, gathered from its workers, for the admin port. */
#include "app/health.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/worker.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A worker's status comes once a second; a loop that was silent for so long hangs. */
enum { HUNG_MS = 10000, HELD_SHOWN = 64, TOPICS_SHOWN = 64 };

struct sink_health {
    const char *name; /* of the configuration */
    bool trouble;
    char reason[ERR_TEXT_BYTES];
    int64_t since_ms;
};

struct worker_health {
    int64_t told_ms; /* its last status, or the start */
    const char *source;
    struct worker_topic_status *topics;
    size_t topic_count;
    bool joined, kafka_away;
    char kafka_reason[ERR_TEXT_BYTES];
    bool dead_letters, dlq_away;
    char dlq_reason[ERR_TEXT_BYTES];
    struct sink_health *sinks;
    size_t sink_count;
    struct worker_held held, paused;
    char waiting[WORKER_WAITING_SHOWN][ERR_TEXT_BYTES];
    size_t waiting_count;
    struct source_warming warming;
};

struct health {
    pthread_mutex_t mutex;
    bool stopping, awaits_warm, started;
    int64_t assigned_ms; /* when the first partition was; 0: none yet */
    unsigned worker_count;
    struct worker_health *workers;
};

struct health *health_new(unsigned workers, bool awaits_warm)
{
    struct health *health = mem_new(struct health);

    pthread_mutex_init(&health->mutex, NULL);
    health->awaits_warm = awaits_warm;
    health->worker_count = workers;
    health->workers = mem_array(workers, sizeof(*health->workers));
    for (unsigned i = 0; i < workers; i++)
        health->workers[i].told_ms = clock_ms();
    return health;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    for (unsigned i = 0; i < health->worker_count; i++) {
        free(health->workers[i].sinks);
        free(health->workers[i].topics);
    }
    free(health->workers);
    pthread_mutex_destroy(&health->mutex);
    free(health);
}

/* --- what workers report --------------------------------------------------------------------- */

static struct sink_health *worker_health_sink(struct worker_health *worker, const char *name)
{
    for (size_t i = 0; i < worker->sink_count; i++)
        if (strcmp(worker->sinks[i].name, name) == 0) {
            worker->sinks[i].name = name; /* of the configuration that it has by now */
            return &worker->sinks[i];
        }
    worker->sinks = mem_resize(worker->sinks, (worker->sink_count + 1) * sizeof(*worker->sinks));
    worker->sinks[worker->sink_count] = (struct sink_health){.name = name};
    return &worker->sinks[worker->sink_count++];
}

static void sink_health_set(struct sink_health *sink, const char *trouble, int64_t now_ms)
{
    if (trouble && !sink->trouble)
        sink->since_ms = now_ms;
    sink->trouble = trouble != NULL;
    text_show_in(sink->reason, sizeof(sink->reason), trouble ? trouble : "");
}

static void worker_health_set_topics(struct worker_health *worker,
                                     const struct worker_status *status)
{
    size_t bytes = status->topic_count * sizeof(*worker->topics);

    worker->source = status->source;
    worker->topic_count = status->topic_count;
    if (!bytes)
        return;
    worker->topics = mem_resize(worker->topics, bytes);
    memcpy(worker->topics, status->topics, bytes);
}

/* What Redis says of a record may have a part of it. */
static void held_set(struct worker_held *held, const struct worker_held *told)
{
    held->count = told->count;
    for (size_t i = 0; i < told->count && i < WORKER_HELD_SHOWN; i++)
        text_show_in(held->items[i].text, sizeof(held->items[i].text), told->items[i].text);
}

static void worker_health_set(struct worker_health *worker, const struct worker_status *status)
{
    worker->told_ms = clock_ms();
    worker->joined = status->joined;
    worker_health_set_topics(worker, status);
    worker->kafka_away = status->kafka_trouble != NULL;
    text_show_in(worker->kafka_reason, sizeof(worker->kafka_reason),
                 status->kafka_trouble ? status->kafka_trouble : "");
    worker->dead_letters = status->dead_letters;
    worker->dlq_away = status->dlq_trouble != NULL;
    text_show_in(worker->dlq_reason, sizeof(worker->dlq_reason),
                 status->dlq_trouble ? status->dlq_trouble : "");
    for (size_t i = 0; i < status->sink_count; i++)
        sink_health_set(worker_health_sink(worker, status->sinks[i].sink), status->sinks[i].trouble,
                        worker->told_ms);
    held_set(&worker->held, &status->held);
    worker->paused = status->paused;
    for (size_t i = 0; i < status->waiting_count && i < WORKER_WAITING_SHOWN; i++)
        memcpy(worker->waiting[i], status->waiting[i].text, sizeof(worker->waiting[i]));
    worker->waiting_count = status->waiting_count;
    worker->warming = status->warming;
}

static bool worker_health_is_ready(const struct worker_health *worker)
{
    for (size_t i = 0; i < worker->sink_count; i++)
        if (worker->sinks[i].trouble)
            return false;
    for (size_t i = 0; i < worker->topic_count; i++)
        if (worker->topics[i].bad)
            return false;
    return worker->joined && !worker->kafka_away && !worker->dlq_away && worker->held.count == 0;
}

static bool health_is_ready(const struct health *health)
{
    for (unsigned i = 0; i < health->worker_count; i++)
        if (!worker_health_is_ready(&health->workers[i]))
            return false;
    return !health->stopping;
}

static struct source_warming health_warming(const struct health *health)
{
    struct source_warming sum = {0};

    for (unsigned i = 0; i < health->worker_count; i++) {
        const struct source_warming *one = &health->workers[i].warming;
        sum.partitions += one->partitions;
        sum.cold += one->cold;
        sum.records += one->records;
        sum.remaining += one->remaining;
    }
    return sum;
}

static bool health_is_started(const struct health *health)
{
    return health_is_ready(health) && (!health->awaits_warm || !health_warming(health).cold);
}

void health_status(void *context, unsigned worker, const struct worker_status *status)
{
    struct health *health = context;

    assert(worker < health->worker_count);
    pthread_mutex_lock(&health->mutex);
    worker_health_set(&health->workers[worker], status);
    health->started = health->started || health_is_started(health);
    if (!health->assigned_ms && status->warming.partitions)
        health->assigned_ms = clock_ms();
    pthread_mutex_unlock(&health->mutex);
}

void health_forget(struct health *health, unsigned number)
{
    struct worker_health *worker = &health->workers[number];

    pthread_mutex_lock(&health->mutex);
    free(worker->sinks);
    free(worker->topics);
    *worker = (struct worker_health){.told_ms = clock_ms()};
    pthread_mutex_unlock(&health->mutex);
}

void health_stop(struct health *health)
{
    pthread_mutex_lock(&health->mutex);
    health->stopping = true;
    pthread_mutex_unlock(&health->mutex);
}

/* --- answers --------------------------------------------------------------------------------- */

static bool check_loops(const struct health *health, FILE *list)
{
    int64_t now_ms = clock_ms();
    bool good = true;

    for (unsigned i = 0; i < health->worker_count; i++) {
        int64_t silent_ms = now_ms - health->workers[i].told_ms;
        if (silent_ms < HUNG_MS) {
            fprintf(list, "[+]worker %u ok\n", i);
            continue;
        }
        fprintf(list, "[-]worker %u: its loop has not run for %" PRId64 " s\n", i,
                silent_ms / 1000);
        good = false;
    }
    return good;
}

static bool check_kafka(const struct health *health, FILE *list)
{
    const char *away = NULL;
    unsigned outside = 0;

    for (unsigned i = 0; i < health->worker_count; i++) {
        const struct worker_health *worker = &health->workers[i];
        outside += !worker->joined;
        away = worker->kafka_away ? worker->kafka_reason : away;
    }
    if (away)
        fprintf(list, "[-]kafka: %s\n", away);
    else if (outside)
        fprintf(list, "[-]kafka: %u of %u workers are not in their group\n", outside,
                health->worker_count);
    else
        fputs("[+]kafka ok\n", list);
    return !outside;
}

static void check_dlq(const struct health *health, FILE *list)
{
    bool any = false;
    const char *away = NULL;

    for (unsigned i = 0; i < health->worker_count; i++) {
        any |= health->workers[i].dead_letters;
        if (health->workers[i].dlq_away)
            away = health->workers[i].dlq_reason;
    }
    if (away)
        fprintf(list, "[-]dlq: %s\n", away);
    else if (any)
        fputs("[+]dlq ok\n", list);
}

/* Of all workers' sinks of this name the one in trouble for the longest time; NULL: none is. */
static const struct sink_health *health_trouble(const struct health *health, const char *name)
{
    const struct sink_health *worst = NULL;

    for (unsigned i = 0; i < health->worker_count; i++)
        for (size_t j = 0; j < health->workers[i].sink_count; j++) {
            const struct sink_health *sink = &health->workers[i].sinks[j];
            if (strcmp(sink->name, name) == 0 && sink->trouble &&
                (!worst || sink->since_ms < worst->since_ms))
                worst = sink;
        }
    return worst;
}

static void check_sink(const struct health *health, const char *name, FILE *list)
{
    const struct sink_health *sink = health_trouble(health, name);

    if (sink)
        fprintf(list, "[-]sink %s: %s, for %" PRId64 " s\n", name, sink->reason,
                (clock_ms() - sink->since_ms) / 1000);
    else
        fprintf(list, "[+]sink %s ok\n", name);
}

/* Whether a worker before @p worker has the sink too: then it was shown already. */
static bool health_has_sink(const struct health *health, unsigned worker, const char *name)
{
    for (unsigned i = 0; i < worker; i++)
        for (size_t j = 0; j < health->workers[i].sink_count; j++)
            if (strcmp(health->workers[i].sinks[j].name, name) == 0)
                return true;
    return false;
}

static void check_sinks(const struct health *health, FILE *list)
{
    for (unsigned i = 0; i < health->worker_count; i++)
        for (size_t j = 0; j < health->workers[i].sink_count; j++) {
            const char *name = health->workers[i].sinks[j].name;
            if (!health_has_sink(health, i, name))
                check_sink(health, name, list);
        }
}

/* The status of a topic in another worker of the source; NULL: that one does not read it. */
static const struct worker_topic_status *worker_health_topic(const struct worker_health *worker,
                                                             const char *source, const char *topic)
{
    for (size_t i = 0;
         strcmp(worker->source ? worker->source : "", source) == 0 && i < worker->topic_count; i++)
        if (strcmp(worker->topics[i].topic, topic) == 0)
            return &worker->topics[i];
    return NULL;
}

/* Of the workers' statuses of a topic a bad one counts most, then that one of them reads it. NULL:
 * it was shown with an earlier worker. */
static const struct worker_topic_status *health_topic(const struct health *health, unsigned worker,
                                                      size_t index)
{
    const struct worker_health *first = &health->workers[worker];
    const struct worker_topic_status *shown = &first->topics[index];

    for (unsigned i = 0; i < health->worker_count; i++) {
        const struct worker_topic_status *other =
            worker_health_topic(&health->workers[i], first->source, first->topics[index].topic);
        if (other && i < worker)
            return NULL;
        if (other && !shown->bad && (other->bad || other->state == TOPIC_ASSIGNED))
            shown = other;
    }
    return shown;
}

static void check_topic(const struct worker_topic_status *topic, const char *source, FILE *list)
{
    static const char *const texts[TOPIC_STATE_COUNT] = {
        [TOPIC_UNKNOWN] = "Kafka could not be asked whether it exists and who reads it",
        [TOPIC_ASSIGNED] = "assigned",
        [TOPIC_ELSEWHERE] = "assigned to other members of the group",
        [TOPIC_UNREAD] = "it exists, and no member of the group reads it",
        [TOPIC_MISSING] = "it does not exist, or we may not see it",
        [TOPIC_FORBIDDEN] = "we may not read it: the user needs READ and DESCRIBE",
        [TOPIC_UNMATCHED] = "no topic matches",
    };

    fprintf(list, "[%c]topic %s of source %s: %s", topic->bad ? '-' : '+', topic->topic, source,
            texts[topic->state]);
    if (topic->bad)
        fprintf(list, ", for %" PRId64 " s", topic->for_ms / 1000);
    fputc('\n', list);
}

static void check_topics(const struct health *health, FILE *list)
{
    size_t more = 0, shown = 0;

    for (unsigned i = 0; i < health->worker_count; i++)
        for (size_t j = 0; j < health->workers[i].topic_count; j++) {
            const struct worker_topic_status *topic = health_topic(health, i, j);
            if (!topic)
                continue;
            if (shown++ < TOPICS_SHOWN)
                check_topic(topic, health->workers[i].source, list);
            else
                more++;
        }
    if (more)
        fprintf(list, "[+]topics: %zu more, see penstock_topic_workers in /metrics\n", more);
}

/* Lists at most so many of them; how many there are. */
static size_t check_held(const struct worker_held *held, char sign, size_t *shown, FILE *list)
{
    for (size_t i = 0; i < held->count && i < WORKER_HELD_SHOWN && *shown < HELD_SHOWN; i++)
        (*shown)++, fprintf(list, "[%c]partition %s\n", sign, held->items[i].text);
    return held->count;
}

/* A pause is on purpose: penstock does what it should. */
static void check_partitions(const struct health *health, FILE *list)
{
    size_t held = 0, held_shown = 0, paused = 0, paused_shown = 0;

    for (unsigned i = 0; i < health->worker_count; i++)
        held += check_held(&health->workers[i].held, '-', &held_shown, list);
    for (unsigned i = 0; i < health->worker_count; i++)
        paused += check_held(&health->workers[i].paused, '+', &paused_shown, list);
    if (held > held_shown)
        fprintf(list, "[-]partitions: %zu more are held\n", held - held_shown);
    if (paused > paused_shown)
        fprintf(list, "[+]partitions: %zu more are paused by the operator\n",
                paused - paused_shown);
    if (!held && !paused)
        fputs("[+]partitions ok\n", list);
}

/* Nothing is wrong with penstock: it waits for a producer, or until somebody repairs Kafka. */
static void check_waiting(const struct health *health, FILE *list)
{
    for (unsigned i = 0; i < health->worker_count; i++) {
        const struct worker_health *worker = &health->workers[i];
        for (size_t j = 0; j < worker->waiting_count && j < WORKER_WAITING_SHOWN; j++)
            fprintf(list, "[+]partition %s\n", worker->waiting[j]);
        if (worker->waiting_count > WORKER_WAITING_SHOWN)
            fprintf(list, "[+]partitions: %zu more wait for Kafka\n",
                    worker->waiting_count - WORKER_WAITING_SHOWN);
    }
}

static bool check_ready(const struct health *health, FILE *list)
{
    fputs("[+]configuration ok\n", list);
    if (health->stopping)
        fputs("[-]process: stopping\n", list);
    check_kafka(health, list);
    check_topics(health, list);
    check_sinks(health, list);
    check_dlq(health, list);
    check_partitions(health, list);
    check_waiting(health, list);
    return health_is_ready(health);
}

static struct startup startup_of(const struct health *health)
{
    int64_t elapsed_ms = health->assigned_ms ? clock_ms() - health->assigned_ms : 0;

    return (struct startup){health->started, health_warming(health), elapsed_ms};
}

static bool check_start(const struct health *health, FILE *list)
{
    struct startup startup = startup_of(health);
    char text[STARTUP_TEXT_BYTES];

    if (startup.over) {
        fputs("[+]start ok\n", list);
        return true;
    }
    check_ready(health, list);
    startup_write(&startup, text);
    if (health->awaits_warm && startup.warming.partitions)
        fprintf(list, "[%c]warm: %s\n", startup.warming.cold ? '-' : '+', text);
    return false;
}

void health_startup(struct health *health, struct startup *startup)
{
    pthread_mutex_lock(&health->mutex);
    *startup = startup_of(health);
    pthread_mutex_unlock(&health->mutex);
}

bool health_check(struct health *health, enum health_question question, FILE *list)
{
    bool good = true;

    pthread_mutex_lock(&health->mutex);
    if (question == HEALTH_LIVE)
        good = check_loops(health, list);
    else if (question == HEALTH_JOINED)
        good = check_kafka(health, list);
    else if (question == HEALTH_READY)
        good = check_ready(health, list);
    else
        good = check_start(health, list);
    pthread_mutex_unlock(&health->mutex);
    return good;
}

bool health_answer(struct health *health, enum health_question question)
{
    char room[256]; /* nobody reads the list, so it may be cut */
    FILE *list = fmemopen(room, sizeof(room), "w");
    bool good = list && health_check(health, question, list);

    if (list)
        fclose(list);
    return good;
}

bool health_sink_trouble(struct health *health, const char *name, char reason[ERR_TEXT_BYTES],
                         int64_t *for_ms)
{
    pthread_mutex_lock(&health->mutex);
    const struct sink_health *sink = health_trouble(health, name);
    if (sink) {
        memcpy(reason, sink->reason, ERR_TEXT_BYTES);
        *for_ms = clock_ms() - sink->since_ms;
    }
    pthread_mutex_unlock(&health->mutex);
    return sink;
}

/* "rides[3]: why": the reason; NULL: it is another partition's. */
static const char *held_reason(const char *text, const char *topic, int32_t partition)
{
    char head[ERR_TEXT_BYTES];
    int length = snprintf(head, sizeof(head), "%.249s[%" PRId32 "]: ", topic, partition);

    return strncmp(text, head, (size_t)length) == 0 ? text + length : NULL;
}

static bool held_find(const struct worker_held *held, const char *topic, int32_t partition,
                      char reason[ERR_TEXT_BYTES])
{
    for (size_t i = 0; i < held->count && i < WORKER_HELD_SHOWN; i++) {
        const char *text = held_reason(held->items[i].text, topic, partition);
        if (text) {
            snprintf(reason, ERR_TEXT_BYTES, "%s", text);
            return true;
        }
    }
    return false;
}

bool health_held(struct health *health, const char *topic, int32_t partition,
                 char reason[ERR_TEXT_BYTES])
{
    bool found = false;

    pthread_mutex_lock(&health->mutex);
    for (unsigned i = 0; !found && i < health->worker_count; i++)
        found = held_find(&health->workers[i].held, topic, partition, reason) ||
                held_find(&health->workers[i].paused, topic, partition, reason);
    pthread_mutex_unlock(&health->mutex);
    return found;
}

bool health_is_joined(struct health *health, unsigned worker)
{
    pthread_mutex_lock(&health->mutex);
    bool joined = worker < health->worker_count && health->workers[worker].joined;
    pthread_mutex_unlock(&health->mutex);
    return joined;
}

bool health_held_by(struct health *health, unsigned worker, const char *route,
                    char text[ERR_TEXT_BYTES])
{
    char named[ERR_TEXT_BYTES];
    bool found = false;

    snprintf(named, sizeof(named), ": route %s: ", route);
    pthread_mutex_lock(&health->mutex);
    const struct worker_held *held =
        worker < health->worker_count ? &health->workers[worker].held : NULL;
    for (size_t i = 0; held && !found && i < held->count && i < WORKER_HELD_SHOWN; i++) {
        found = strstr(held->items[i].text, named);
        memcpy(text, held->items[i].text, ERR_TEXT_BYTES);
    }
    pthread_mutex_unlock(&health->mutex);
    return found;
}
