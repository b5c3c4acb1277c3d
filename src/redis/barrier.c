/*
 * barrier.c: whether a server's replicas, or its disk, have all that it has answered.
 *
 *      SET key n           a write of our own: WAIT counts from the last one of its connection
 *      INFO replication    the history that it belongs to
 *      WAIT n t            answered when n replicas have the write, or after t
 *
 * All three leave at once; WAIT blocks this connection alone. What it does not know is who has
 * answered the data: that is compared by those who count the barrier (flow/durability.c).
 */
#include "redis/barrier.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/connection.h"
#include "redis/reader.h"
#include "redis/reply.h"
#include "redis/traffic.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HISTORY_BYTES = 64, STEPS = 3 };

/* Two numbers, or INFO with a line for each replica. */
static const struct reader_limits limits = {.elements = 16, .bytes = 1 << 20};

enum barrier_step { STEP_PROBE, STEP_HISTORY, STEP_WAIT, STEP_PING };

struct barrier {
    struct connection_setup setup;
    struct connection connection;
    const struct conf_durable *options;
    struct reader *reader;
    char *key;
    long long number; /* what is written next */
    char *output;     /* commands under way */
    size_t output_length, sent;
    enum barrier_step steps[STEPS]; /* the answers to come: [step, step_count) */
    size_t step, step_count;
    bool running, ended;
    bool refused; /* the last one, by a server that this connection is the wrong one to */
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

static void barrier_is_well(struct barrier *barrier)
{
    barrier->refused = false;
    connection_recover(&barrier->connection);
}

static void barrier_end(struct barrier *barrier)
{
    if (!barrier->running)
        return;
    barrier->running = false;
    barrier->ended = true;
    barrier->setup.counters->barriers[barrier->outcome]++;
    if (barrier->outcome != BARRIER_REACHED)
        return;
    memcpy(barrier->reached, barrier->history, sizeof(barrier->reached));
    barrier_is_well(barrier);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void barrier_take_error(struct barrier *barrier, const char *text)
{
    const struct conf_durable *options = barrier->options;
    bool aof = options->kind == DURABLE_WAITAOF;

    if (aof && strncmp(text, "ERR unknown command", 19) == 0)
        barrier_fail(barrier, BARRIER_FAILED, "waitaof needs Redis 7.2 or newer: %.200s", text);
    else
        barrier_fail(barrier, BARRIER_FAILED, "%s: %.300s", aof ? "waitaof" : "wait", text);
    if (reply_meanings[reply_classify(slice_of(text))].command != REACT_RECONNECT)
        return;
    barrier->refused = true;
    connection_lost(&barrier->connection, "%s", text);
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
    const struct conf_durable *options = barrier->options;

    if (reply->type != REDIS_REPLY_INTEGER)
        barrier_fail(barrier, BARRIER_FAILED, "WAIT was not answered with a number");
    else if (reply->integer < options->replicas)
        barrier_fail(barrier, BARRIER_SHORT, "wait(%lld): %lld replica%s acknowledged",
                     (long long)options->replicas, reply->integer, reply->integer == 1 ? "" : "s");
}

static void barrier_take_waitaof(struct barrier *barrier, const redisReply *reply)
{
    const struct conf_durable *options = barrier->options;

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

/* False: the connection is gone. */
static bool barrier_take_reply(struct barrier *barrier, const redisReply *reply)
{
    enum barrier_step step = barrier->steps[barrier->step++];

    if (step == STEP_PING)
        barrier_is_well(barrier);
    else if (reply->type == REDIS_REPLY_ERROR)
        barrier_take_error(barrier, reply->str);
    else if (step == STEP_HISTORY)
        barrier_take_history(barrier, reply);
    else if (step == STEP_WAIT && barrier->options->kind == DURABLE_WAITAOF)
        barrier_take_waitaof(barrier, reply);
    else if (step == STEP_WAIT)
        barrier_take_wait(barrier, reply);
    if (!connection_is_open(&barrier->connection))
        return false;
    if (barrier->step == barrier->step_count) {
        barrier_end(barrier);
        connection_wake_in(&barrier->connection, CONNECTION_IDLE_MS);
    }
    return true;
}

/* Takes one reply where there is a whole one. */
static bool barrier_next(struct barrier *barrier)
{
    redisReply *reply;
    struct err err;

    if (!reader_next(barrier->reader, &reply, &err)) {
        connection_lost(&barrier->connection, "%s", err.text);
        return false;
    }
    if (!reply)
        return false;
    bool open = barrier->step < barrier->step_count;
    if (open)
        open = barrier_take_reply(barrier, reply);
    else
        connection_lost(&barrier->connection, "an answer without a command");
    freeReplyObject(reply);
    return open;
}

static void barrier_read(struct connection *connection)
{
    struct barrier *barrier = connection->context;
    size_t got = traffic_read(connection, connection->input, CONNECTION_INPUT_BYTES);
    struct err err;

    if (!got)
        return;
    if (!reader_feed(barrier->reader, (struct slice){connection->input, got}, &err)) {
        connection_lost(connection, "%s", err.text);
        return;
    }
    while (barrier_next(barrier))
        continue;
}

/* --- commands --------------------------------------------------------------------------------- */

static void barrier_flush(struct connection *connection)
{
    struct barrier *barrier = connection->context;

    while (connection_is_open(connection) && !connection->blocked &&
           barrier->sent < barrier->output_length) {
        size_t sent =
            traffic_write(connection, (struct slice){barrier->output + barrier->sent,
                                                     barrier->output_length - barrier->sent});
        if (sent) /* else the connection may be gone, and what was to be sent with it */
            barrier->sent += sent;
    }
}

static void barrier_clear(struct barrier *barrier)
{
    barrier->output_length = barrier->sent = 0;
    barrier->step = barrier->step_count = 0;
}

static void barrier_put(struct barrier *barrier, enum barrier_step step, const char *format, ...)
{
    va_list arguments;
    char *command;

    va_start(arguments, format);
    int length = redisvFormatCommand(&command, format, arguments);
    va_end(arguments);
    barrier->output = mem_resize(barrier->output, barrier->output_length + (size_t)length);
    memcpy(barrier->output + barrier->output_length, command, (size_t)length);
    barrier->output_length += (size_t)length;
    redisFreeCommand(command);
    barrier->steps[barrier->step_count++] = step;
}

bool barrier_is_ready(const struct barrier *barrier)
{
    return connection_is_open(&barrier->connection) && barrier->step == barrier->step_count &&
           !barrier->ended;
}

void barrier_begin(struct barrier *barrier)
{
    const struct conf_durable *options = barrier->options;

    barrier_clear(barrier);
    barrier->running = true;
    barrier->outcome = BARRIER_REACHED;
    barrier->history[0] = barrier->text[0] = '\0';
    barrier_put(barrier, STEP_PROBE, "SET %s %lld", barrier->key, ++barrier->number);
    barrier_put(barrier, STEP_HISTORY, "INFO replication");
    if (options->kind == DURABLE_WAITAOF)
        barrier_put(barrier, STEP_WAIT, "WAITAOF %lld %lld %lld", (long long)options->local,
                    (long long)options->replicas, (long long)options->timeout);
    else
        barrier_put(barrier, STEP_WAIT, "WAIT %lld %lld", (long long)options->replicas,
                    (long long)options->timeout);
    connection_wake_in(&barrier->connection,
                       options->timeout + barrier->setup.options->response_timeout);
    barrier_flush(&barrier->connection);
}

bool barrier_take(struct barrier *barrier, enum barrier_outcome *outcome)
{
    if (!barrier->ended)
        return false;
    barrier->ended = false;
    *outcome = barrier->outcome;
    return true;
}

/* --- the driver ------------------------------------------------------------------------------- */

static void barrier_connected(struct connection *connection)
{
    struct barrier *barrier = connection->context;

    reader_free(barrier->reader);
    barrier->reader = reader_new(limits);
    if (!barrier->refused)
        connection_clear_trouble(connection);
    connection_wake_in(connection, CONNECTION_IDLE_MS);
}

static void barrier_wake(struct connection *connection)
{
    struct barrier *barrier = connection->context;

    if (barrier->step < barrier->step_count) {
        connection_lost(connection, "no answer in time");
        return;
    }
    barrier_clear(barrier);
    barrier_put(barrier, STEP_PING, "PING");
    connection_wake_in(connection, connection->setup->options->response_timeout);
    barrier_flush(connection);
}

/* Its write may run or not: nothing depends on it. */
static bool barrier_lost(struct connection *connection, char text[CONNECTION_TROUBLE_BYTES])
{
    struct barrier *barrier = connection->context;

    (void)text;
    barrier_fail(barrier, BARRIER_FAILED, "the connection for barriers was lost");
    barrier_end(barrier);
    barrier_clear(barrier);
    return false;
}

static size_t barrier_waiting(const struct connection *connection)
{
    const struct barrier *barrier = connection->context;

    return barrier->running;
}

static const struct connection_driver barrier_driver = {
    .begin = barrier_connected,
    .read = barrier_read,
    .flush = barrier_flush,
    .wake = barrier_wake,
    .lost = barrier_lost,
    .waiting = barrier_waiting,
};

/* --- life ------------------------------------------------------------------------------------- */

struct barrier *barrier_new(const struct connection_setup *setup, const char *key)
{
    struct barrier *barrier = mem_new(struct barrier);

    barrier->setup = *setup;
    barrier->setup.moved = NULL;
    barrier->options = &barrier->setup.options->durable;
    barrier->key = mem_text(key);
    /* numbered behind those of the data */
    connection_open(&barrier->connection, &barrier->setup, &barrier_driver,
                    (unsigned)barrier->setup.options->connections, barrier);
    return barrier;
}

void barrier_free(struct barrier *barrier)
{
    if (!barrier)
        return;
    connection_close(&barrier->connection);
    reader_free(barrier->reader);
    free(barrier->output);
    free(barrier->key);
    free(barrier);
}

void barrier_reconnect(struct barrier *barrier, const char *why)
{
    if (connection_is_open(&barrier->connection))
        connection_lost(&barrier->connection, "%s", why);
}

const char *barrier_text(const struct barrier *barrier)
{
    return barrier->text;
}

const char *barrier_run(const struct barrier *barrier)
{
    return barrier->connection.run;
}

const char *barrier_history(const struct barrier *barrier)
{
    return barrier->reached;
}

const char *barrier_trouble(const struct barrier *barrier)
{
    return barrier->connection.troubled ? barrier->connection.trouble : NULL;
}
