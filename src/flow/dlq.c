/*
 * dlq.c: the dead letters of one worker on their way, to a topic or to a stream.
 *
 *      put -> waiting --send--> sent --delivered--> gone
 *                ^                |
 *                '---- failed ----'        after a backoff
 *
 * A letter that is too large goes without its value. A topic says so of a whole batch, in which
 * perhaps one alone is too large; so each of them is then sent by itself, once, to see.
 */
#include "flow/dlq.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "kafka/dlq_topic.h"
#include "record/copy.h"
#include "redis/dlq_stream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOOK_MS = 200, FIRST_RETRY_MS = 100, LONGEST_RETRY_MS = 5000 };

struct post {
    struct dlq_letter letter;
    struct copy *copy;
    char *facts; /* the text of letter.facts */
    struct slice reference;
    struct source_partition *partition;
    uint32_t ticket;
    int64_t since_ms;
    enum dlq_extent extent;
    bool open, sent;
    bool suspect;  /* in a batch that was too large */
    uint32_t next; /* among those that wait, or among the free ones: 1 + its place; 0: none */
};

struct dlq {
    struct dlq_topic *topic;   /* this one, */
    struct dlq_stream *stream; /* or that one */
    struct dlq_events events;
    unsigned worker;
    size_t limit_bytes; /* of what waits; beyond it dlq_has_room() may be false */
    size_t limit_value; /* longer values go by reference */
    struct post *posts;
    size_t count, capacity;
    size_t open, sent;
    size_t copies_bytes, facts_bytes;
    uint32_t free;
    uint32_t first, last; /* of those that wait */
    uint32_t fresh;       /* the first that was put and not committed; 0: none */
    struct backoff backoff;
    int64_t resume_ms, look_ms;
    int64_t delivered_ms; /* when the last one was */
    bool alone;           /* a suspect is on its way, and nothing else */
    bool late, homeless;
    struct log_limit log_limit;
    char why[ERR_TEXT_BYTES]; /* what went wrong last; "": nothing since */
    char trouble[ERR_TEXT_BYTES];
};

/* --- those that wait -------------------------------------------------------------------------- */

static void waiting_add(struct dlq *dlq, uint32_t place)
{
    dlq->posts[place].sent = false;
    dlq->posts[place].next = 0;
    if (dlq->last)
        dlq->posts[dlq->last - 1].next = place + 1;
    else
        dlq->first = place + 1;
    dlq->last = place + 1;
}

static void waiting_take_first(struct dlq *dlq)
{
    struct post *post = &dlq->posts[dlq->first - 1];

    dlq->first = post->next;
    if (!dlq->first)
        dlq->last = 0;
}

static uint32_t post_place(struct dlq *dlq)
{
    if (dlq->free) {
        uint32_t place = dlq->free - 1;
        dlq->free = dlq->posts[place].next;
        return place;
    }
    dlq->posts = mem_grow(dlq->posts, dlq->count, &dlq->capacity, sizeof(*dlq->posts));
    return (uint32_t)dlq->count++;
}

/* The reference is the last of them. */
static size_t facts_length(const struct post *post)
{
    return (size_t)(post->reference.data - post->facts) + post->reference.length;
}

static void post_close(struct dlq *dlq, uint32_t place)
{
    struct post *post = &dlq->posts[place];

    assert(post->open);
    dlq->facts_bytes -= facts_length(post);
    dlq->copies_bytes -= post->copy->bytes;
    copy_free(post->copy);
    free(post->facts);
    *post = (struct post){.next = dlq->free};
    dlq->free = place + 1;
    dlq->open--;
}

void dlq_put(struct dlq *dlq, const struct dead_record *dead, const struct dlq_cause *cause)
{
    uint32_t place = post_place(dlq);
    struct post *post = &dlq->posts[place];

    *post = (struct post){.copy = copy_new(dead->record, dlq->limit_value),
                          .partition = dead->partition,
                          .ticket = dead->ticket,
                          .since_ms = clock_ms(),
                          .open = true};
    dlq->copies_bytes += post->copy->bytes;
    if (copy_is_cut(post->copy))
        post->extent = DLQ_WITHOUT_VALUE;
    post->letter.record = post->copy->record;
    post->letter.header_count = post->copy->headers.count;
    post->facts = dlq_letter_explain(&post->letter, cause);
    post->reference = post->letter.facts[DLQ_FACT_REFERENCE];
    dlq->facts_bytes += facts_length(post);
    dlq_letter_shorten(&post->letter, post->extent);
    dlq->open++;
    waiting_add(dlq, place);
    if (!dlq->fresh)
        dlq->fresh = place + 1;
}

void dlq_commit(struct dlq *dlq)
{
    dlq->fresh = 0;
}

void dlq_rollback(struct dlq *dlq)
{
    uint32_t fresh = dlq->fresh, before = 0;

    if (!fresh)
        return;
    for (uint32_t i = dlq->first; i != fresh; i = dlq->posts[i - 1].next)
        before = i;
    dlq->last = before;
    if (before)
        dlq->posts[before - 1].next = 0;
    else
        dlq->first = 0;
    for (uint32_t next; fresh; fresh = next) {
        next = dlq->posts[fresh - 1].next;
        post_close(dlq, fresh - 1);
    }
    dlq->fresh = 0;
}

/* --- what came of them ------------------------------------------------------------------------ */

static void dlq_pause(struct dlq *dlq, const char *why)
{
    snprintf(dlq->why, sizeof(dlq->why), "%s", why);
    dlq->resume_ms = clock_ms() + backoff_next(&dlq->backoff);
}

/* A report came, whatever it says. */
static struct post *dlq_reported(struct dlq *dlq, uint32_t place)
{
    struct post *post = &dlq->posts[place];

    assert(post->open && post->sent);
    dlq->sent--;
    dlq->alone = false;
    return post;
}

static void dlq_delivered(void *context, uint32_t place)
{
    struct dlq *dlq = context;
    uint32_t ticket = dlq_reported(dlq, place)->ticket;

    FAILPOINT(after_letter);
    dlq->why[0] = '\0';
    dlq->delivered_ms = clock_ms();
    backoff_reset(&dlq->backoff);
    post_close(dlq, place);
    dlq->events.delivered(dlq->events.context, ticket);
}

static void post_shorten(struct post *post)
{
    if (post->extent < DLQ_FACTS_ALONE)
        post->extent++;
    post->suspect = false;
    post->letter.facts[DLQ_FACT_REFERENCE] = post->reference;
    dlq_letter_shorten(&post->letter, post->extent);
}

static void dlq_failed(void *context, uint32_t place, const char *why, bool too_large)
{
    struct dlq *dlq = context;
    struct post *post = dlq_reported(dlq, place);
    bool least = post->extent == DLQ_FACTS_ALONE;

    if (too_large && !post->suspect)
        post->suspect = true;
    else if (too_large && !least)
        post_shorten(post);
    else
        dlq_pause(dlq, why);
    waiting_add(dlq, place);
}

static void dlq_forgotten(void *context, const char *why)
{
    struct dlq *dlq = context;

    for (uint32_t place = 0; place < dlq->count; place++)
        if (dlq->posts[place].open && dlq->posts[place].sent)
            waiting_add(dlq, place);
    dlq->sent = 0;
    dlq->alone = false;
    dlq_pause(dlq, why);
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum dlq_sending dlq_send(struct dlq *dlq, uint32_t place)
{
    const struct dlq_letter *letter = &dlq->posts[place].letter;

    if (dlq->topic)
        return dlq_topic_send(dlq->topic, letter, place);
    return dlq_stream_send(dlq->stream, letter, place);
}

static void dlq_drop(struct dlq *dlq, uint32_t place)
{
    uint32_t ticket = dlq->posts[place].ticket;

    post_close(dlq, place);
    dlq->events.dropped(dlq->events.context, ticket);
}

/* Sends the first letter that waits; false: it keeps waiting. */
static bool dlq_send_first(struct dlq *dlq)
{
    uint32_t place = dlq->first - 1;
    struct post *post = &dlq->posts[place];

    if (dlq->alone || (post->suspect && dlq->sent))
        return false;
    if (!dlq->events.wanted(dlq->events.context, post->ticket)) {
        waiting_take_first(dlq);
        dlq_drop(dlq, place);
        return true;
    }
    switch (dlq_send(dlq, place)) {
    case DLQ_NOT_NOW:
        return false;
    case DLQ_TOO_LARGE:
        if (post->extent == DLQ_FACTS_ALONE) {
            dlq_pause(dlq, "a letter is too large, also without its record");
            return false;
        }
        post_shorten(post);
        return true;
    case DLQ_SENT:
        break;
    }
    waiting_take_first(dlq);
    post->sent = true;
    FAILPOINT(in_dlq);
    dlq->sent++;
    dlq->alone = post->suspect;
    return true;
}

static void dlq_send_waiting(struct dlq *dlq, int64_t now_ms)
{
    while (dlq->first && dlq->first != dlq->fresh && now_ms >= dlq->resume_ms)
        if (!dlq_send_first(dlq))
            return;
}

/* --- waiting for long ------------------------------------------------------------------------- */

/* Those that nobody wants any more must not wait until the others can be sent. */
static void dlq_sweep(struct dlq *dlq)
{
    uint32_t *link = &dlq->first, before = 0;

    while (*link) {
        uint32_t place = *link - 1;
        struct post *post = &dlq->posts[place];
        if (*link == dlq->fresh || dlq->events.wanted(dlq->events.context, post->ticket)) {
            before = *link;
            link = &post->next;
            continue;
        }
        *link = post->next;
        if (dlq->last == place + 1)
            dlq->last = before;
        dlq_drop(dlq, place);
    }
}

/* Since when the oldest waits; INT64_MAX: none does. */
static int64_t dlq_oldest_ms(const struct dlq *dlq)
{
    int64_t oldest_ms = INT64_MAX;

    for (size_t i = 0; i < dlq->count; i++)
        if (dlq->posts[i].open && dlq->posts[i].since_ms < oldest_ms)
            oldest_ms = dlq->posts[i].since_ms;
    return oldest_ms;
}

static const char *dlq_why(const struct dlq *dlq)
{
    const char *why = dlq->topic ? dlq_topic_trouble(dlq->topic) : dlq_stream_trouble(dlq->stream);

    if (dlq->why[0])
        return dlq->why;
    return why ? why : "no report of their delivery";
}

static void dlq_hold(struct dlq *dlq, struct holds *holds, int64_t now_ms)
{
    char reason[ERR_TEXT_BYTES];

    snprintf(reason, sizeof(reason), "dead letters wait: %.400s", dlq->trouble);
    for (size_t i = 0; i < dlq->count; i++) {
        const struct post *post = &dlq->posts[i];
        if (post->open && now_ms - post->since_ms >= HOLD_AWAY_MS &&
            source_is_flowing(post->partition))
            holds_for_dlq(holds, post->partition, reason);
    }
}

static bool dlq_look(struct dlq *dlq, struct holds *holds, int64_t now_ms)
{
    bool was_late = dlq->late;

    dlq->look_ms = now_ms + LOOK_MS;
    dlq_sweep(dlq);
    dlq->late = dlq->open && now_ms - dlq_oldest_ms(dlq) >= HOLD_AWAY_MS;
    if (dlq->late) {
        snprintf(dlq->trouble, sizeof(dlq->trouble), "%s", dlq_why(dlq));
        dlq_hold(dlq, holds, now_ms);
    }
    if (dlq->late && log_limit_admits(&dlq->log_limit, dlq->trouble, now_ms))
        log_warn_each("dead letters wait", LOG_INT("worker", dlq->worker),
                      LOG_INT("letters", dlq->open), LOG_STR("error", dlq->trouble),
                      LOG_INT("lasts_ms", now_ms - dlq_oldest_ms(dlq)));
    if (was_late && !dlq->late) {
        log_limit_end(&dlq->log_limit);
        log_info("dead letters are written again", LOG_INT("worker", dlq->worker));
    }
    return dlq->late != was_late;
}

static const char *dlq_missing(const struct dlq *dlq)
{
    return dlq->topic ? dlq_topic_missing(dlq->topic) : NULL;
}

/* There is no place for letters, and the operator should know before the first one. */
static bool dlq_look_at_place(struct dlq *dlq, int64_t now_ms)
{
    const char *missing = dlq_missing(dlq);
    bool changed = dlq->homeless != (missing != NULL);

    dlq->homeless = missing != NULL;
    if (missing && log_limit_admits(&dlq->log_limit, missing, now_ms))
        log_error("dead letters could not be delivered", LOG_STR("error", missing));
    if (changed && !missing)
        log_info("dead letters can be delivered", LOG_INT("worker", dlq->worker));
    return changed;
}

bool dlq_turn(struct dlq *dlq, struct holds *holds, int64_t now_ms)
{
    if (dlq->topic)
        dlq_topic_turn(dlq->topic);
    dlq_send_waiting(dlq, now_ms);
    if (dlq->stream)
        dlq_stream_turn(dlq->stream);
    bool changed = dlq_look_at_place(dlq, now_ms);
    if (now_ms < dlq->look_ms || (!dlq->open && !dlq->late))
        return changed;
    return dlq_look(dlq, holds, now_ms) || changed;
}

int64_t dlq_next_ms(const struct dlq *dlq, int64_t now_ms)
{
    int64_t next_ms = dlq->look_ms;

    if (!dlq->open && !dlq->late)
        return INT64_MAX;
    if (dlq->first && dlq->resume_ms > now_ms && dlq->resume_ms < next_ms)
        next_ms = dlq->resume_ms;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

bool dlq_is_stuck(const struct dlq *dlq, int64_t now_ms)
{
    return dlq->late && now_ms - dlq->delivered_ms >= HOLD_AWAY_MS;
}

const char *dlq_trouble(const struct dlq *dlq)
{
    return dlq->late ? dlq->trouble : dlq_missing(dlq);
}

bool dlq_has_room(const struct dlq *dlq, const struct source_partition *partition)
{
    size_t bytes = dlq->copies_bytes + dlq->facts_bytes + dlq->open * sizeof(struct post);

    if (bytes < dlq->limit_bytes)
        return true;
    for (size_t i = 0; i < dlq->count; i++)
        if (dlq->posts[i].open && dlq->posts[i].partition == partition)
            return false;
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool dlq_open(struct dlq *dlq, const struct conf *conf, size_t memory_bytes,
                     struct event_base *base, struct metrics_worker *metrics, struct err *err)
{
    const struct dlq_sender_events events = {dlq, dlq_delivered, dlq_failed, dlq_forgotten};
    char name[64];

    if (conf->dlq.source) {
        dlq->topic = dlq_topic_new(&conf->dlq, memory_bytes, base, &metrics->source, &events, err);
        return dlq->topic;
    }
    snprintf(name, sizeof(name), "penstock:dlq:%u", dlq->worker);
    dlq->stream = dlq_stream_new(conf, name, base, metrics, &events, err);
    return dlq->stream;
}

struct dlq *dlq_new(const struct conf *conf, unsigned number, size_t memory_bytes,
                    struct event_base *base, struct metrics_worker *metrics,
                    const struct dlq_events *events, struct err *err)
{
    struct dlq *dlq = mem_new(struct dlq);

    dlq->worker = number;
    dlq->events = *events;
    dlq->backoff = (struct backoff){.first_ms = FIRST_RETRY_MS, .longest_ms = LONGEST_RETRY_MS};
    dlq->limit_bytes = memory_bytes;
    if (!dlq_open(dlq, conf, memory_bytes, base, metrics, err)) {
        dlq_free(dlq);
        return NULL;
    }
    dlq->limit_value = dlq->topic ? dlq_topic_limit(dlq->topic) : dlq_stream_limit(dlq->stream);
    return dlq;
}

void dlq_free(struct dlq *dlq)
{
    if (!dlq)
        return;
    dlq_topic_free(dlq->topic);
    dlq_stream_free(dlq->stream);
    for (uint32_t place = 0; place < dlq->count; place++)
        if (dlq->posts[place].open)
            post_close(dlq, place);
    free(dlq->posts);
    free(dlq);
}

bool dlq_configure(struct dlq *dlq, const struct conf *conf, struct err *err)
{
    if (dlq->stream)
        return dlq_stream_configure(dlq->stream, conf, err);
    dlq_topic_configure(dlq->topic, &conf->dlq);
    return true;
}
