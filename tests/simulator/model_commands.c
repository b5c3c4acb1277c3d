/* model_commands.c: the commands that the model of a Redis knows, and what they answer. */
#include "model_parts.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- answers ---------------------------------------------------------------------------------- */

void bytes_append(struct bytes *bytes, const char *data, size_t length)
{
    if (bytes->length + length > bytes->capacity) {
        bytes->capacity = (bytes->length + length) * 2;
        bytes->data = mem_resize(bytes->data, bytes->capacity);
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

void reply_text(struct connection *connection, const char *text)
{
    bytes_append(&connection->output, text, strlen(text));
}

void reply_number(struct connection *connection, char type, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%c%" PRId64 "\r\n", type, number);
    reply_text(connection, text);
}

static void reply_bulk(struct connection *connection, struct slice value)
{
    if (!value.data) {
        reply_text(connection, "$-1\r\n");
        return;
    }
    reply_number(connection, '$', (int64_t)value.length);
    bytes_append(&connection->output, value.data, value.length);
    reply_text(connection, "\r\n");
}

/* --- the commands ----------------------------------------------------------------------------- */

static const char wrong_type[] =
    "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

static void run_get(struct model_redis *redis, struct connection *connection, struct slice name)
{
    const struct key *key = &redis->now.keys[key_place(redis, name)];

    if (key->kind == KIND_NONE)
        reply_bulk(connection, (struct slice){0});
    else if (key->kind == KIND_STRING)
        reply_bulk(connection, key->items[0]);
    else
        reply_text(connection, wrong_type);
}

static void run_mget(struct model_redis *redis, struct connection *connection,
                     const struct command *command)
{
    reply_number(connection, '*', (int64_t)command->count - 1);
    for (size_t i = 1; i < command->count; i++) {
        const struct key *key = &redis->now.keys[key_place(redis, command->arguments[i])];
        reply_bulk(connection, key->kind == KIND_STRING ? key->items[0] : (struct slice){0});
    }
}

static void run_set(struct model_redis *redis, struct connection *connection,
                    const struct command *command)
{
    struct key *key = &redis->now.keys[key_place(redis, command->arguments[1])];

    key_clear(key);
    key_add(key, command->arguments[2]);
    key->kind = KIND_STRING;
    key->version = ++redis->writes;
    reply_text(connection, "+OK\r\n");
}

static void run_incrby(struct model_redis *redis, struct connection *connection,
                       const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_STRING);
    int64_t number = 0, by = 0;
    char text[32];

    if (!key) {
        reply_text(connection, wrong_type);
        return;
    }
    if ((key->count && !text_integer(key->items[0], &number)) ||
        !text_integer(command->arguments[2], &by)) {
        reply_text(connection, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    snprintf(text, sizeof(text), "%" PRId64, number + by);
    key_clear(key);
    key_add(key, slice_of(text));
    key->kind = KIND_STRING;
    reply_number(connection, ':', number + by);
}

static void run_rpush(struct model_redis *redis, struct connection *connection,
                      const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_LIST);

    if (!key) {
        reply_text(connection, wrong_type);
        return;
    }
    for (size_t i = 2; i < command->count; i++)
        key_add(key, command->arguments[i]);
    reply_number(connection, ':', (int64_t)key->count);
}

static void run_hset(struct model_redis *redis, struct connection *connection,
                     const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_HASH);
    int64_t added = 0;

    if (!key) {
        reply_text(connection, wrong_type);
        return;
    }
    for (size_t i = 2; i + 1 < command->count; i += 2) {
        struct slice *value = hash_field(key, command->arguments[i]);
        struct slice given = command->arguments[i + 1];
        if (value) {
            free((char *)value->data);
            *value = (struct slice){mem_copy(given.data, given.length), given.length};
            continue;
        }
        key_add(key, command->arguments[i]);
        key_add(key, given);
        added++;
    }
    reply_number(connection, ':', added);
}

static void run_hdel(struct model_redis *redis, struct connection *connection,
                     const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_HASH);
    int64_t removed = 0;

    for (size_t i = 2; key && i < command->count; i++) {
        struct slice *value = hash_field(key, command->arguments[i]);
        if (!value)
            continue;
        size_t place = (size_t)(value - key->items);
        free((char *)key->items[place - 1].data);
        free((char *)value->data);
        key->items[place - 1] = key->items[key->count - 2];
        key->items[place] = key->items[key->count - 1];
        key->count -= 2;
        removed++;
    }
    reply_number(connection, ':', removed);
}

static void run_del(struct model_redis *redis, struct connection *connection, struct slice name)
{
    struct key *key = &redis->now.keys[key_place(redis, name)];
    bool existed = key->kind != KIND_NONE;

    key_clear(key);
    if (existed)
        key->version = ++redis->writes;
    reply_number(connection, ':', existed);
}

static void run_hgetall(struct model_redis *redis, struct connection *connection, struct slice name)
{
    const struct key *key = &redis->now.keys[key_place(redis, name)];

    reply_number(connection, '*', key->kind == KIND_HASH ? (int64_t)key->count : 0);
    for (size_t i = 0; key->kind == KIND_HASH && i < key->count; i++)
        reply_bulk(connection, key->items[i]);
}

static void run_hmget(struct model_redis *redis, struct connection *connection,
                      const struct command *command)
{
    struct key *key = &redis->now.keys[key_place(redis, command->arguments[1])];

    reply_number(connection, '*', (int64_t)command->count - 2);
    for (size_t i = 2; i < command->count; i++) {
        struct slice *value =
            key->kind == KIND_HASH ? hash_field(key, command->arguments[i]) : NULL;
        reply_bulk(connection, value ? *value : (struct slice){0});
    }
}

/* Ids are "milliseconds-1": the milliseconds tell. */
static int64_t id_number(struct slice id)
{
    return strtoll(id.data, NULL, 10);
}

/* XADD key id name value */
static void run_xadd(struct model_redis *redis, struct connection *connection,
                     const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_STREAM);
    struct slice id = command->arguments[2];

    if (key->count && id_number(id) <= id_number(key->items[0])) {
        reply_text(connection, "-ERR The ID specified in XADD is equal or smaller than the target "
                               "stream top item\r\n");
        return;
    }
    if (!key->count)
        key_add(key, id);
    free((char *)key->items[0].data);
    key->items[0] = (struct slice){mem_copy(id.data, id.length), id.length};
    for (size_t i = 2; i < 5; i++)
        key_add(key, command->arguments[i]);
    reply_bulk(connection, id);
}

/* XRANGE key id id COUNT 1 */
static void run_xrange(struct model_redis *redis, struct connection *connection,
                       const struct command *command)
{
    const struct key *key = &redis->now.keys[key_place(redis, command->arguments[1])];

    for (size_t i = 1; key->kind == KIND_STREAM && i < key->count; i += 3)
        if (slice_equal(key->items[i], command->arguments[2])) {
            reply_text(connection, "*1\r\n*2\r\n");
            reply_bulk(connection, key->items[i]);
            reply_text(connection, "*2\r\n");
            reply_bulk(connection, key->items[i + 1]);
            reply_bulk(connection, key->items[i + 2]);
            return;
        }
    reply_text(connection, "*0\r\n");
}

bool command_is(const struct command *command, const char *name)
{
    return strlen(name) == command->arguments[0].length &&
           strncasecmp(command->arguments[0].data, name, strlen(name)) == 0;
}

static void run_watch(struct model_redis *redis, struct connection *connection,
                      const struct command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        size_t place = key_place(redis, command->arguments[i]);
        assert(connection->watch_count < WATCHES);
        connection->watches[connection->watch_count++] =
            (struct watch){place, redis->now.keys[place].version};
    }
    reply_text(connection, "+OK\r\n");
}

/* The names that are known. */
static const struct row rows[] = {
    {"GET", 2, false},   {"MGET", 2, false},  {"SET", 3, true},     {"INCRBY", 3, true},
    {"RPUSH", 3, true},  {"HSET", 4, true},   {"HDEL", 3, false},   {"HGETALL", 2, false},
    {"HMGET", 3, false}, {"INFO", 1, false},  {"WATCH", 2, false},  {"UNWATCH", 1, false},
    {"PING", 1, false},  {"MULTI", 1, false}, {"EXEC", 1, false},   {"DISCARD", 1, false},
    {"DEL", 2, false},   {"XADD", 5, true},   {"XRANGE", 4, false},
};

const struct row *command_row(const struct command *command)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (command_is(command, rows[i].name))
            return &rows[i];
    return NULL;
}

void command_run(struct model_redis *redis, struct connection *connection,
                 const struct command *command)
{
    if (command_is(command, "GET"))
        run_get(redis, connection, command->arguments[1]);
    else if (command_is(command, "MGET"))
        run_mget(redis, connection, command);
    else if (command_is(command, "SET"))
        run_set(redis, connection, command);
    else if (command_is(command, "INCRBY"))
        run_incrby(redis, connection, command);
    else if (command_is(command, "RPUSH"))
        run_rpush(redis, connection, command);
    else if (command_is(command, "HSET"))
        run_hset(redis, connection, command);
    else if (command_is(command, "HDEL"))
        run_hdel(redis, connection, command);
    else if (command_is(command, "DEL"))
        run_del(redis, connection, command->arguments[1]);
    else if (command_is(command, "XADD"))
        run_xadd(redis, connection, command);
    else if (command_is(command, "XRANGE"))
        run_xrange(redis, connection, command);
    else if (command_is(command, "HGETALL"))
        run_hgetall(redis, connection, command->arguments[1]);
    else if (command_is(command, "HMGET"))
        run_hmget(redis, connection, command);
    else if (command_is(command, "WATCH"))
        run_watch(redis, connection, command);
    else if (command_is(command, "INFO"))
        reply_bulk(connection, SLICE("maxmemory_policy:noeviction\r\n"));
    else if (command_is(command, "UNWATCH"))
        connection->watch_count = 0, reply_text(connection, "+OK\r\n");
    else
        reply_text(connection, "+PONG\r\n");
}
