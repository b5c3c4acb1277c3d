/* model_redis.c: the model of a Redis: its connections, transactions and faults. */
#include "model_redis.h"

#include "base/mem.h"
#include "model_parts.h"

#include <assert.h>
#include <stdlib.h>

/* --- reading commands ------------------------------------------------------------------------- */

/* The number of "*3\r\n"; false if the line is not whole. */
static bool parse_number(const struct bytes *bytes, size_t *position, size_t *number)
{
    const char *from = bytes->data + *position;
    const char *end = memchr(from, '\r', bytes->length - *position);

    if (!end || end + 1 >= bytes->data + bytes->length)
        return false;
    *number = 0;
    for (const char *digit = from + 1; digit < end; digit++)
        *number = *number * 10 + (size_t)(*digit - '0');
    *position = (size_t)(end + 2 - bytes->data);
    return true;
}

/* The command at *position, which moves behind it; false if it is not whole. */
static bool parse(const struct bytes *bytes, size_t *position, struct command *command)
{
    size_t at = *position, length;

    if (at >= bytes->length || !parse_number(bytes, &at, &command->count))
        return false;
    assert(command->count <= ARGUMENTS);
    for (size_t i = 0; i < command->count; i++) {
        if (at >= bytes->length || !parse_number(bytes, &at, &length) ||
            at + length + 2 > bytes->length)
            return false;
        command->arguments[i] = (struct slice){bytes->data + at, length};
        at += length + 2;
    }
    *position = at;
    return true;
}

/* --- transactions ----------------------------------------------------------------------------- */

static void end_transaction(struct connection *connection)
{
    connection->multi = connection->aborted = false;
    connection->queue.length = connection->queued = connection->watch_count = 0;
}

static bool is_watched_key_written(const struct model_redis *redis,
                                   const struct connection *connection)
{
    for (size_t i = 0; i < connection->watch_count; i++)
        if (redis->now.keys[connection->watches[i].key].version != connection->watches[i].version)
            return true;
    return false;
}

static void run_exec(struct model_redis *redis, struct connection *connection)
{
    struct command command;
    size_t position = 0;

    if (!connection->multi) {
        reply_text(connection, "-ERR EXEC without MULTI\r\n");
        return;
    }
    if (connection->aborted) {
        reply_text(connection, "-EXECABORT Transaction discarded because of previous errors.\r\n");
    } else if (is_watched_key_written(redis, connection)) {
        reply_text(connection, "*-1\r\n");
    } else {
        reply_number(connection, '*', (int64_t)connection->queued);
        while (parse(&connection->queue, &position, &command))
            command_run(redis, connection, &command);
    }
    end_transaction(connection);
}

/* What a proxy says that lost its server before the answer came, or before the command went. */
static void run_lost_exec(struct model_redis *redis, struct connection *connection)
{
    size_t before = connection->output.length;

    if (redis->writes % 2)
        run_exec(redis, connection);
    else
        end_transaction(connection);
    connection->output.length = before;
    reply_text(connection, "-");
    reply_text(connection, redis->lost);
    reply_text(connection, "\r\n");
}

static void run_control(struct model_redis *redis, struct connection *connection,
                        const struct command *command)
{
    if (command_is(command, "EXEC") && redis->lost) {
        run_lost_exec(redis, connection);
    } else if (command_is(command, "EXEC")) {
        run_exec(redis, connection);
    } else if (command_is(command, "MULTI")) {
        reply_text(connection,
                   connection->multi ? "-ERR MULTI calls can not be nested\r\n" : "+OK\r\n");
        connection->multi = true;
    } else if (!connection->multi) {
        reply_text(connection, "-ERR DISCARD without MULTI\r\n");
    } else {
        end_transaction(connection);
        reply_text(connection, "+OK\r\n");
    }
}

/* What is wrong with the command before it runs; NULL: nothing. */
static const char *refusal(const struct model_redis *redis, const struct connection *connection,
                           const struct command *command, const struct row *row)
{
    if (!row)
        return "ERR unknown command";
    if (command->count < row->least)
        return "ERR wrong number of arguments";
    if (connection->multi && command_is(command, "WATCH"))
        return "ERR WATCH inside MULTI is not allowed";
    return row->writes ? redis->error : NULL;
}

static void serve(struct model_redis *redis, struct connection *connection,
                  const struct command *command, struct slice bytes)
{
    const struct row *row = command_row(command);
    const char *error = refusal(redis, connection, command, row);

    if (error) {
        reply_text(connection, "-");
        reply_text(connection, error);
        reply_text(connection, "\r\n");
        connection->aborted |= connection->multi;
    } else if (command_is(command, "MULTI") || command_is(command, "EXEC") ||
               command_is(command, "DISCARD")) {
        run_control(redis, connection, command);
    } else if (connection->multi) {
        bytes_append(&connection->queue, bytes.data, bytes.length);
        connection->queued++;
        reply_text(connection, "+QUEUED\r\n");
    } else {
        command_run(redis, connection, command);
    }
}

/* --- connections ------------------------------------------------------------------------------ */

unsigned model_redis_connect(struct model_redis *redis)
{
    redis->connections = mem_grow(redis->connections, redis->connection_count,
                                  &redis->connection_capacity, sizeof(*redis->connections));
    redis->connections[redis->connection_count] = (struct connection){0};
    return (unsigned)redis->connection_count++;
}

static void connection_clear(struct connection *connection)
{
    free(connection->input.data);
    free(connection->output.data);
    free(connection->queue.data);
    connection->input = connection->output = connection->queue = (struct bytes){0};
    connection->read = 0;
    end_transaction(connection);
}

void model_redis_close(struct model_redis *redis, unsigned number)
{
    redis->connections[number].closed = true;
}

void model_redis_kill(struct model_redis *redis, unsigned number)
{
    struct connection *connection = &redis->connections[number];

    connection->closed = connection->killed = true;
    connection_clear(connection);
}

void model_redis_send(struct model_redis *redis, unsigned number, struct slice bytes)
{
    struct connection *connection = &redis->connections[number];

    if (!connection->closed)
        bytes_append(&connection->input, bytes.data, bytes.length);
}

static bool ends_connection(const struct model_redis *redis, const struct command *command)
{
    return redis->ends_at && command_is(command, "RPUSH") &&
           slice_is(command->arguments[command->count - 1], redis->ends_at);
}

bool model_redis_step(struct model_redis *redis, unsigned number)
{
    struct connection *connection = &redis->connections[number];
    struct command command;
    size_t from = connection->read;

    if (connection->killed || !parse(&connection->input, &connection->read, &command))
        return false;
    if (ends_connection(redis, &command)) {
        model_redis_kill(redis, number);
        connection->ended = true;
        return true;
    }
    serve(redis, connection, &command,
          (struct slice){connection->input.data + from, connection->read - from});
    if (connection->read == connection->input.length)
        connection->input.length = connection->read = 0;
    return true;
}

struct slice model_redis_replies(const struct model_redis *redis, unsigned number)
{
    const struct connection *connection = &redis->connections[number];

    return (struct slice){connection->output.data, connection->output.length};
}

void model_redis_took(struct model_redis *redis, unsigned number, size_t length)
{
    struct bytes *output = &redis->connections[number].output;

    memmove(output->data, output->data + length, output->length - length);
    output->length -= length;
}

bool model_redis_has_ended(const struct model_redis *redis, unsigned number)
{
    return redis->connections[number].ended;
}

/* --- faults ----------------------------------------------------------------------------------- */

void model_redis_refuse(struct model_redis *redis, const char *error)
{
    redis->error = error;
}

void model_redis_end_at(struct model_redis *redis, const char *value)
{
    redis->ends_at = value;
}

void model_redis_lose(struct model_redis *redis, const char *error)
{
    redis->lost = error;
}

void model_redis_restart(struct model_redis *redis)
{
    for (size_t i = 0; i < redis->connection_count; i++)
        model_redis_kill(redis, (unsigned)i);
}

void model_redis_flush(struct model_redis *redis)
{
    keyspace_clear(&redis->now);
    for (size_t i = 0; i < redis->now.count; i++)
        redis->now.keys[i].version = ++redis->writes;
}

void model_redis_replicate(struct model_redis *redis)
{
    keyspace_copy(&redis->replica, &redis->now, NULL);
}

void model_redis_fail_over(struct model_redis *redis)
{
    model_redis_restart(redis);
    keyspace_copy(&redis->now, &redis->replica, &redis->writes);
}

/* --- life ------------------------------------------------------------------------------------- */

struct model_redis *model_redis_new(void)
{
    return mem_new(struct model_redis);
}

void model_redis_free(struct model_redis *redis)
{
    if (!redis)
        return;
    for (size_t i = 0; i < redis->connection_count; i++)
        connection_clear(&redis->connections[i]);
    keyspace_free(&redis->now);
    keyspace_free(&redis->replica);
    free(redis->connections);
    free(redis);
}
