/*
 * barrier.c: whether a server's replicas, or its disk, have all that it has answered.
 *
 *      SET key n           a write of our own: WAIT counts from the last one of its connection
 *      INFO replication    the history that it belongs to
 *      WAIT n t            answered when n replicas have the write, or after t
 *
 * All three leave at once; WAIT blocks this connection alone. It does not know which server has
 * answered the data: confirm.c compares that.
 */
#include "redis/barrier.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/inquiry.h"
#include "redis/link.h"
#include "redis/reader.h"
#include "redis/reply.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HISTORY_BYTES = 64, NUMBER_BYTES = 24, STEPS = 3, STEPS_BYTES = 4096 };

/* Two numbers, or INFO with a line for each replica. */
static const struct reader_limits limits = {.elements = 16, .bytes = 1 << 20};

enum barrier_step { STEP_PROBE, STEP_HISTORY, STEP_WAIT, STEP_PING };

struct barrier {
    const struct connection_setup *setup;
    struct link link;
    struct inquiry inquiry; /* a ticket is the step */
    struct reader *reader;
    char *key;
    long long number; /* what is written next */
    bool running, ended;
    enum barrier_outcome outcome;
    char text[ERR_TEXT_BYTES];
    char history[HISTORY_BYTES]; /* of the barrier under way, */
    char reached[HISTORY_BYTES]; /* of the last one that was reached */
};

/* --- the end of a barrier --------------------------------------------------------------------- */

/* It failed; the first reason is the one to tell. */
static void barrier_fail(struct barrier *barrier, enum barrier_outcome outcome, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

static void barrier_fail(struct barrier *barrier, enum barrier_outcome outcome, const char *format,
                         ...)
{
    va_list arguments;

    if (!barrier->running || barrier->outcome != BARRIER_REACHED)
        return;
    barrier->outcome = outcome;
    va_start(arguments, format);
    vsnprintf(barrier->text, sizeof(barrier->text), format, arguments);
    va_end(arguments);
}

static void barrier_end(struct barrier *barrier)
{
    if (!barrier->running)
        return;
    barrier->running = false;
    barrier->ended = true;
    barrier->inquiry.session.blocks_ms = 0;
    barrier->setup->counters->barriers[barrier->outcome]++;
    if (barrier->outcome != BARRIER_REACHED)
        return;
    memcpy(barrier->reached, barrier->history, sizeof(barrier->reached));
    inquiry_recover(&barrier->inquiry);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* False: this server is the wrong one to ask. */
static bool barrier_take_error(struct barrier *barrier, const char *text, struct err *err)
{
    const struct conf_durable *options = &barrier->setup->options->durable;
    bool aof = options->kind == DURABLE_WAITAOF;

    if (aof && strncmp(text, "ERR unknown command", 19) == 0)
        barrier_fail(barrier, BARRIER_FAILED, "waitaof needs Redis 7.2 or newer: %.200s", text);
    else
        barrier_fail(barrier, BARRIER_FAILED, "%s: %.300s", aof ? "waitaof" : "wait", text);
    return reply_meanings[reply_classify(slice_of(text))].command != REACT_RECONNECT ||
           err_set(err, ERR_RETRY, "%s", text);
}

static void barrier_take_history(struct barrier *barrier, const redisReply *reply)
{
    const char *found =
        reply->type == REDIS_REPLY_STRING ? strstr(reply->str, "master_replid:") : NULL;

    if (!found || sscanf(found, "master_replid:%63s", barrier->history) != 1)
        barrier_fail(barrier, BARRIER_FAILED, "INFO does not tell the server's master_replid");
}

static void barrier_take_wait(struct barrier *barrier, const redisReply *reply)
{
    const struct conf_durable *options = &barrier->setup->options->durable;

    if (reply->type != REDIS_REPLY_INTEGER)
        barrier_fail(barrier, BARRIER_FAILED, "WAIT was not answered with a number");
    else if (reply->integer < options->replicas)
        barrier_fail(barrier, BARRIER_SHORT, "wait(%lld): %lld replica%s acknowledged",
                     (long long)options->replicas, reply->integer, reply->integer == 1 ? "" : "s");
}

static void barrier_take_waitaof(struct barrier *barrier, const redisReply *reply)
{
    const struct conf_durable *options = &barrier->setup->options->durable;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_INTEGER ||
        reply->element[1]->type != REDIS_REPLY_INTEGER) {
        barrier_fail(barrier, BARRIER_FAILED, "WAITAOF was not answered with two numbers");
        return;
    }
    long long local = reply->element[0]->integer, replicas = reply->element[1]->integer;
    if (local < options->local || replicas < options->replicas)
        barrier_fail(barrier, BARRIER_SHORT,
                     "waitaof(%lld, %lld): on %lld local disk%s and those of %lld replica%s",
                     (long long)options->local, (long long)options->replicas, local,
                     local == 1 ? "" : "s", replicas, replicas == 1 ? "" : "s");
}

static bool barrier_take_reply(struct barrier *barrier, enum barrier_step step,
                               const redisReply *reply, struct err *err)
{
    bool good = true;

    if (step == STEP_PING)
        inquiry_recover(&barrier->inquiry);
    else if (reply->type == REDIS_REPLY_ERROR)
        good = barrier_take_error(barrier, reply->str, err);
    else if (step == STEP_HISTORY)
        barrier_take_history(barrier, reply);
    else if (step == STEP_WAIT && barrier->setup->options->durable.kind == DURABLE_WAITAOF)
        barrier_take_waitaof(barrier, reply);
    else if (step == STEP_WAIT)
        barrier_take_wait(barrier, reply);
    if (good && step == STEP_WAIT)
        barrier_end(barrier);
    return good;
}

/* --- the inquiry's events --------------------------------------------------------------------- */

static bool barrier_hear(void *context, size_t from, struct slice part, struct err *err)
{
    struct barrier *barrier = context;

    (void)from;
    return reader_feed(barrier->reader, part, err);
}

static bool barrier_answered(void *context, uint32_t ticket, const struct resp_scanner *answer,
                             struct err *err)
{
    struct barrier *barrier = context;
    redisReply *reply;

    (void)answer;
    if (!reader_next(barrier->reader, &reply, err))
        return false;
    if (!reply)
        return err_set(err, ERR_RETRY, "the answer is not Redis' protocol");
    bool good = barrier_take_reply(barrier, (enum barrier_step)ticket, reply, err);
    freeReplyObject(reply);
    return good;
}

/* Its write may run or not: nothing depends on it. */
static void barrier_lost(void *context)
{
    struct barrier *barrier = context;

    barrier_fail(barrier, BARRIER_FAILED, "the connection for barriers was lost");
    barrier_end(barrier);
    reader_free(barrier->reader); /* with half an answer in it */
    barrier->reader = reader_new(limits);
}

static void barrier_idle(void *context)
{
    struct barrier *barrier = context;

    inquiry_ask(&barrier->inquiry, (struct slice[]){SLICE("PING")}, 1, STEP_PING);
}

/* --- commands --------------------------------------------------------------------------------- */

bool barrier_is_ready(const struct barrier *barrier)
{
    return connection_is_open(&barrier->link.connection) && !inquiry_count(&barrier->inquiry) &&
           !barrier->ended;
}

static struct slice decimal(char text[NUMBER_BYTES], long long number)
{
    snprintf(text, NUMBER_BYTES, "%lld", number);
    return slice_of(text);
}

static void barrier_ask_wait(struct barrier *barrier)
{
    const struct conf_durable *options = &barrier->setup->options->durable;
    char local[NUMBER_BYTES], replicas[NUMBER_BYTES], timeout[NUMBER_BYTES];
    struct slice wait[] = {SLICE("WAITAOF"), decimal(local, options->local),
                           decimal(replicas, options->replicas),
                           decimal(timeout, options->timeout)};

    if (options->kind == DURABLE_WAITAOF) {
        inquiry_ask(&barrier->inquiry, wait, 4, STEP_WAIT);
        return;
    }
    wait[1] = SLICE("WAIT");
    inquiry_ask(&barrier->inquiry, wait + 1, 3, STEP_WAIT);
}

void barrier_begin(struct barrier *barrier)
{
    char number[NUMBER_BYTES];

    barrier->running = true;
    barrier->outcome = BARRIER_REACHED;
    barrier->history[0] = barrier->text[0] = '\0';
    inquiry_ask(
        &barrier->inquiry,
        (struct slice[]){SLICE("SET"), slice_of(barrier->key), decimal(number, ++barrier->number)},
        3, STEP_PROBE);
    inquiry_ask(&barrier->inquiry, (struct slice[]){SLICE("INFO"), SLICE("replication")}, 2,
                STEP_HISTORY);
    barrier_ask_wait(barrier);
    barrier->inquiry.session.blocks_ms = barrier->setup->options->durable.timeout;
    link_send(&barrier->link);
}

bool barrier_take(struct barrier *barrier, enum barrier_outcome *outcome)
{
    if (!barrier->ended)
        return false;
    barrier->ended = false;
    *outcome = barrier->outcome;
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

struct barrier *barrier_new(const struct connection_setup *setup, const char *key)
{
    struct barrier *barrier = mem_new(struct barrier);
    struct inquiry_events events = {
        .context = barrier,
        .hear = barrier_hear,
        .answered = barrier_answered,
        .lost = barrier_lost,
        .idle = barrier_idle,
    };

    barrier->setup = setup;
    barrier->key = mem_text(key);
    barrier->reader = reader_new(limits);
    inquiry_init(&barrier->inquiry, &events, STEPS, STEPS_BYTES);
    link_init(&barrier->link, &barrier->inquiry.session);
    /* numbered behind those of the data */
    link_open(&barrier->link, setup, (unsigned)setup->options->connections);
    return barrier;
}

void barrier_free(struct barrier *barrier)
{
    if (!barrier)
        return;
    connection_close(&barrier->link.connection);
    inquiry_free(&barrier->inquiry);
    reader_free(barrier->reader);
    free(barrier->key);
    free(barrier);
}

void barrier_renew(struct barrier *barrier)
{
    connection_renew(&barrier->link.connection);
}

void barrier_reconnect(struct barrier *barrier, const char *why)
{
    if (connection_is_open(&barrier->link.connection))
        connection_lost(&barrier->link.connection, "%s", why);
}

const char *barrier_text(const struct barrier *barrier)
{
    return barrier->text;
}

const char *barrier_run_id(const struct barrier *barrier)
{
    return barrier->link.connection.run_id;
}

const char *barrier_history(const struct barrier *barrier)
{
    return barrier->reached;
}

const char *barrier_trouble(const struct barrier *barrier)
{
    const struct connection *connection = &barrier->link.connection;

    return connection->troubled ? connection->trouble : NULL;
}
