/*
 * letters.c: the dead letters of one worker on their way, to a topic or to a stream.
 *
 *      put -> waiting --send--> sent --delivered--> gone
 *                ^                |
 *                '---- failed ----'        after a backoff
 *
 * A letter that is too large goes without its value. A topic says so of a whole batch, in which
 * perhaps one alone is too large; so each of them is then sent by itself, once, to see.
 */
#include "flow/letters.h"

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

struct letters {
    struct dlq_topic *topic;   /* this one, */
    struct dlq_stream *stream; /* or that one */
    struct letters_events events;
    unsigned worker;
    size_t limit_bytes; /* of what waits; beyond it letters_have_room() may be false */
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

static void waiting_add(struct letters *letters, uint32_t place)
{
    letters->posts[place].sent = false;
    letters->posts[place].next = 0;
    if (letters->last)
        letters->posts[letters->last - 1].next = place + 1;
    else
        letters->first = place + 1;
    letters->last = place + 1;
}

static void waiting_take_first(struct letters *letters)
{
    struct post *post = &letters->posts[letters->first - 1];

    letters->first = post->next;
    if (!letters->first)
        letters->last = 0;
}

static uint32_t post_place(struct letters *letters)
{
    if (letters->free) {
        uint32_t place = letters->free - 1;
        letters->free = letters->posts[place].next;
        return place;
    }
    letters->posts =
        mem_grow(letters->posts, letters->count, &letters->capacity, sizeof(*letters->posts));
    return (uint32_t)letters->count++;
}

/* The reference is the last of them. */
static size_t facts_length(const struct post *post)
{
    return (size_t)(post->reference.data - post->facts) + post->reference.length;
}

static void post_close(struct letters *letters, uint32_t place)
{
    struct post *post = &letters->posts[place];

    assert(post->open);
    letters->facts_bytes -= facts_length(post);
    letters->copies_bytes -= post->copy->bytes;
    copy_free(post->copy);
    free(post->facts);
    *post = (struct post){.next = letters->free};
    letters->free = place + 1;
    letters->open--;
}

void letters_put(struct letters *letters, const struct dead_record *dead,
                 const struct dlq_cause *cause)
{
    uint32_t place = post_place(letters);
    struct post *post = &letters->posts[place];

    *post = (struct post){.copy = copy_new(dead->record, letters->limit_value),
                          .partition = dead->partition,
                          .ticket = dead->ticket,
                          .since_ms = clock_ms(),
                          .open = true};
    letters->copies_bytes += post->copy->bytes;
    if (copy_is_cut(post->copy))
        post->extent = DLQ_WITHOUT_VALUE;
    post->letter.record = post->copy->record;
    post->letter.header_count = post->copy->headers.count;
    post->facts = dlq_letter_explain(&post->letter, cause);
    post->reference = post->letter.facts[DLQ_FACT_REFERENCE];
    letters->facts_bytes += facts_length(post);
    dlq_letter_shorten(&post->letter, post->extent);
    letters->open++;
    waiting_add(letters, place);
    if (!letters->fresh)
        letters->fresh = place + 1;
}

void letters_commit(struct letters *letters)
{
    letters->fresh = 0;
}

void letters_rollback(struct letters *letters)
{
    uint32_t fresh = letters->fresh, before = 0;

    if (!fresh)
        return;
    for (uint32_t i = letters->first; i != fresh; i = letters->posts[i - 1].next)
        before = i;
    letters->last = before;
    if (before)
        letters->posts[before - 1].next = 0;
    else
        letters->first = 0;
    for (uint32_t next; fresh; fresh = next) {
        next = letters->posts[fresh - 1].next;
        post_close(letters, fresh - 1);
    }
    letters->fresh = 0;
}

/* --- what came of them ------------------------------------------------------------------------ */

static void letters_pause(struct letters *letters, const char *why)
{
    snprintf(letters->why, sizeof(letters->why), "%s", why);
    letters->resume_ms = clock_ms() + backoff_next(&letters->backoff);
}

/* A report came, whatever it says. */
static struct post *letters_reported(struct letters *letters, uint32_t place)
{
    struct post *post = &letters->posts[place];

    assert(post->open && post->sent);
    letters->sent--;
    letters->alone = false;
    return post;
}

static void letters_delivered(void *context, uint32_t place)
{
    struct letters *letters = context;
    uint32_t ticket = letters_reported(letters, place)->ticket;

    FAILPOINT(after_letter);
    letters->why[0] = '\0';
    letters->delivered_ms = clock_ms();
    backoff_reset(&letters->backoff);
    post_close(letters, place);
    letters->events.delivered(letters->events.context, ticket);
}

static void post_shorten(struct post *post)
{
    if (post->extent < DLQ_FACTS_ALONE)
        post->extent++;
    post->suspect = false;
    post->letter.facts[DLQ_FACT_REFERENCE] = post->reference;
    dlq_letter_shorten(&post->letter, post->extent);
}

static void letters_failed(void *context, uint32_t place, const char *why, bool too_large)
{
    struct letters *letters = context;
    struct post *post = letters_reported(letters, place);
    bool least = post->extent == DLQ_FACTS_ALONE;

    if (too_large && !post->suspect)
        post->suspect = true;
    else if (too_large && !least)
        post_shorten(post);
    else
        letters_pause(letters, why);
    waiting_add(letters, place);
}

static void letters_forgotten(void *context, const char *why)
{
    struct letters *letters = context;

    for (uint32_t place = 0; place < letters->count; place++)
        if (letters->posts[place].open && letters->posts[place].sent)
            waiting_add(letters, place);
    letters->sent = 0;
    letters->alone = false;
    letters_pause(letters, why);
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum dlq_sending letters_send(struct letters *letters, uint32_t place)
{
    const struct dlq_letter *letter = &letters->posts[place].letter;

    if (letters->topic)
        return dlq_topic_send(letters->topic, letter, place);
    return dlq_stream_send(letters->stream, letter, place);
}

static void letters_drop(struct letters *letters, uint32_t place)
{
    uint32_t ticket = letters->posts[place].ticket;

    post_close(letters, place);
    letters->events.dropped(letters->events.context, ticket);
}

/* The first one that waits; false: it goes on waiting. */
static bool letters_send_first(struct letters *letters)
{
    uint32_t place = letters->first - 1;
    struct post *post = &letters->posts[place];

    if (letters->alone || (post->suspect && letters->sent))
        return false;
    if (!letters->events.wanted(letters->events.context, post->ticket)) {
        waiting_take_first(letters);
        letters_drop(letters, place);
        return true;
    }
    switch (letters_send(letters, place)) {
    case DLQ_NOT_NOW:
        return false;
    case DLQ_TOO_LARGE:
        if (post->extent == DLQ_FACTS_ALONE) {
            letters_pause(letters, "a letter is too large, also without its record");
            return false;
        }
        post_shorten(post);
        return true;
    case DLQ_SENT:
        break;
    }
    waiting_take_first(letters);
    post->sent = true;
    FAILPOINT(in_dlq);
    letters->sent++;
    letters->alone = post->suspect;
    return true;
}

static void letters_send_waiting(struct letters *letters, int64_t now_ms)
{
    while (letters->first && letters->first != letters->fresh && now_ms >= letters->resume_ms)
        if (!letters_send_first(letters))
            return;
}

/* --- waiting for long ------------------------------------------------------------------------- */

/* Those that nobody wants any more must not wait until the others can be sent. */
static void letters_sweep(struct letters *letters)
{
    uint32_t *link = &letters->first, before = 0;

    while (*link) {
        uint32_t place = *link - 1;
        struct post *post = &letters->posts[place];
        if (*link == letters->fresh ||
            letters->events.wanted(letters->events.context, post->ticket)) {
            before = *link;
            link = &post->next;
            continue;
        }
        *link = post->next;
        if (letters->last == place + 1)
            letters->last = before;
        letters_drop(letters, place);
    }
}

/* Since when the oldest waits; INT64_MAX: none does. */
static int64_t letters_oldest_ms(const struct letters *letters)
{
    int64_t oldest_ms = INT64_MAX;

    for (size_t i = 0; i < letters->count; i++)
        if (letters->posts[i].open && letters->posts[i].since_ms < oldest_ms)
            oldest_ms = letters->posts[i].since_ms;
    return oldest_ms;
}

static const char *letters_why(const struct letters *letters)
{
    const char *why =
        letters->topic ? dlq_topic_trouble(letters->topic) : dlq_stream_trouble(letters->stream);

    if (letters->why[0])
        return letters->why;
    return why ? why : "no report of their delivery";
}

static void letters_hold(struct letters *letters, struct holds *holds, int64_t now_ms)
{
    char reason[ERR_TEXT_BYTES];

    snprintf(reason, sizeof(reason), "dead letters wait: %.400s", letters->trouble);
    for (size_t i = 0; i < letters->count; i++) {
        const struct post *post = &letters->posts[i];
        if (post->open && now_ms - post->since_ms >= HOLD_AWAY_MS &&
            source_is_flowing(post->partition))
            holds_for_letters(holds, post->partition, reason);
    }
}

static bool letters_look(struct letters *letters, struct holds *holds, int64_t now_ms)
{
    bool was_late = letters->late;

    letters->look_ms = now_ms + LOOK_MS;
    letters_sweep(letters);
    letters->late = letters->open && now_ms - letters_oldest_ms(letters) >= HOLD_AWAY_MS;
    if (letters->late) {
        snprintf(letters->trouble, sizeof(letters->trouble), "%s", letters_why(letters));
        letters_hold(letters, holds, now_ms);
    }
    if (letters->late && log_limit_admits(&letters->log_limit, letters->trouble, now_ms))
        log_warn_each("dead letters wait", LOG_INT("worker", letters->worker),
                      LOG_INT("letters", letters->open), LOG_STR("error", letters->trouble),
                      LOG_INT("lasts_ms", now_ms - letters_oldest_ms(letters)));
    if (was_late && !letters->late) {
        log_limit_end(&letters->log_limit);
        log_info("dead letters are written again", LOG_INT("worker", letters->worker));
    }
    return letters->late != was_late;
}

static const char *letters_missing(const struct letters *letters)
{
    return letters->topic ? dlq_topic_missing(letters->topic) : NULL;
}

/* There is no place for letters, and the operator should know before the first one. */
static bool letters_look_at_place(struct letters *letters, int64_t now_ms)
{
    const char *missing = letters_missing(letters);
    bool changed = letters->homeless != (missing != NULL);

    letters->homeless = missing != NULL;
    if (missing && log_limit_admits(&letters->log_limit, missing, now_ms))
        log_error("dead letters could not be delivered", LOG_STR("error", missing));
    if (changed && !missing)
        log_info("dead letters can be delivered", LOG_INT("worker", letters->worker));
    return changed;
}

bool letters_turn(struct letters *letters, struct holds *holds, int64_t now_ms)
{
    if (letters->topic)
        dlq_topic_turn(letters->topic);
    letters_send_waiting(letters, now_ms);
    if (letters->stream)
        dlq_stream_turn(letters->stream);
    bool changed = letters_look_at_place(letters, now_ms);
    if (now_ms < letters->look_ms || (!letters->open && !letters->late))
        return changed;
    return letters_look(letters, holds, now_ms) || changed;
}

int64_t letters_next_ms(const struct letters *letters, int64_t now_ms)
{
    int64_t next_ms = letters->look_ms;

    if (!letters->open && !letters->late)
        return INT64_MAX;
    if (letters->first && letters->resume_ms > now_ms && letters->resume_ms < next_ms)
        next_ms = letters->resume_ms;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

bool letters_are_stuck(const struct letters *letters, int64_t now_ms)
{
    return letters->late && now_ms - letters->delivered_ms >= HOLD_AWAY_MS;
}

const char *letters_trouble(const struct letters *letters)
{
    return letters->late ? letters->trouble : letters_missing(letters);
}

bool letters_have_room(const struct letters *letters, const struct source_partition *partition)
{
    size_t bytes =
        letters->copies_bytes + letters->facts_bytes + letters->open * sizeof(struct post);

    if (bytes < letters->limit_bytes)
        return true;
    for (size_t i = 0; i < letters->count; i++)
        if (letters->posts[i].open && letters->posts[i].partition == partition)
            return false;
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool letters_open(struct letters *letters, const struct conf *conf, size_t memory_bytes,
                         struct event_base *base, struct metrics_worker *metrics, struct err *err)
{
    const struct dlq_sender_events events = {letters, letters_delivered, letters_failed,
                                             letters_forgotten};
    char name[64];

    if (conf->dlq.source) {
        letters->topic = dlq_topic_new(&conf->dlq, memory_bytes, base, &events, err);
        return letters->topic;
    }
    snprintf(name, sizeof(name), "penstock:dlq:%u", letters->worker);
    letters->stream = dlq_stream_new(conf, name, base, metrics, &events, err);
    return letters->stream;
}

struct letters *letters_new(const struct conf *conf, unsigned number, size_t memory_bytes,
                            struct event_base *base, struct metrics_worker *metrics,
                            const struct letters_events *events, struct err *err)
{
    struct letters *letters = mem_new(struct letters);

    letters->worker = number;
    letters->events = *events;
    letters->backoff = (struct backoff){.first_ms = FIRST_RETRY_MS, .longest_ms = LONGEST_RETRY_MS};
    letters->limit_bytes = memory_bytes;
    if (!letters_open(letters, conf, memory_bytes, base, metrics, err)) {
        letters_free(letters);
        return NULL;
    }
    letters->limit_value =
        letters->topic ? dlq_topic_limit(letters->topic) : dlq_stream_limit(letters->stream);
    return letters;
}

void letters_free(struct letters *letters)
{
    if (!letters)
        return;
    dlq_topic_free(letters->topic);
    dlq_stream_free(letters->stream);
    for (uint32_t place = 0; place < letters->count; place++)
        if (letters->posts[place].open)
            post_close(letters, place);
    free(letters->posts);
    free(letters);
}

void letters_reload(struct letters *letters)
{
    if (letters->stream)
        dlq_stream_reload(letters->stream);
}
