/* model_redis.c: as much of a Redis as the simulator needs, in memory and one step at a time. */
#include "model_redis.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ARGUMENTS = 1024, WATCHES = 64, KEYS = 64 };

enum kind { KIND_NONE, KIND_STRING, KIND_LIST, KIND_HASH };

/* A key stays for good, so that its version does; KIND_NONE: it does not exist. */
struct key {
    char *name;
    uint64_t version; /* of the last write */
    enum kind kind;
    struct slice *items; /* one string; elements; fields and values in turn */
    size_t count, capacity;
};

struct keyspace {
    struct key keys[KEYS];
    size_t count;
};

struct bytes {
    char *data;
    size_t length, capacity;
};

struct watch {
    size_t key;
    uint64_t version;
};

struct connection {
    bool closed; /* the client reads no more */
    bool killed;
    bool multi, aborted;
    struct bytes input, output, queue;
    size_t read, queued;
    struct watch watches[WATCHES];
    size_t watch_count;
};

struct command {
    struct slice arguments[ARGUMENTS];
    size_t count;
};

struct model_redis {
    struct keyspace now, replica;
    uint64_t writes;
    const char *error;
    struct connection *connections;
    size_t connection_count, connection_capacity;
};

/* --- bytes ------------------------------------------------------------------------------------ */

static void append(struct bytes *bytes, const char *data, size_t length)
{
    if (bytes->length + length > bytes->capacity) {
        bytes->capacity = (bytes->length + length) * 2;
        bytes->data = mem_resize(bytes->data, bytes->capacity);
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

static void reply(struct connection *connection, const char *text)
{
    append(&connection->output, text, strlen(text));
}

static void reply_number(struct connection *connection, char type, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%c%" PRId64 "\r\n", type, number);
    reply(connection, text);
}

static void reply_bulk(struct connection *connection, struct slice value)
{
    if (!value.data) {
        reply(connection, "$-1\r\n");
        return;
    }
    reply_number(connection, '$', (int64_t)value.length);
    append(&connection->output, value.data, value.length);
    reply(connection, "\r\n");
}

/* --- the data --------------------------------------------------------------------------------- */

static void key_clear(struct key *key)
{
    for (size_t i = 0; i < key->count; i++)
        free((char *)key->items[i].data);
    key->count = 0;
    key->kind = KIND_NONE;
}

static void key_add(struct key *key, struct slice value)
{
    key->items = mem_grow(key->items, key->count, &key->capacity, sizeof(*key->items));
    key->items[key->count++] = (struct slice){mem_copy(value.data, value.length), value.length};
}

static void keyspace_clear(struct keyspace *space)
{
    for (size_t i = 0; i < space->count; i++)
        key_clear(&space->keys[i]);
}

static void keyspace_free(struct keyspace *space)
{
    keyspace_clear(space);
    for (size_t i = 0; i < space->count; i++) {
        free(space->keys[i].name);
        free(space->keys[i].items);
    }
}

static size_t key_place(struct model_redis *redis, struct slice name)
{
    struct keyspace *space = &redis->now;

    for (size_t i = 0; i < space->count; i++)
        if (slice_is(name, space->keys[i].name))
            return i;
    assert(space->count < KEYS);
    space->keys[space->count].name = mem_copy(name.data, name.length);
    return space->count++;
}

static const struct key *key_find(const struct model_redis *redis, const char *name)
{
    for (size_t i = 0; i < redis->now.count; i++)
        if (strcmp(redis->now.keys[i].name, name) == 0)
            return &redis->now.keys[i];
    return NULL;
}

static struct slice *hash_field(struct key *key, struct slice field)
{
    for (size_t i = 0; i + 1 < key->count; i += 2)
        if (slice_equal(key->items[i], field))
            return &key->items[i + 1];
    return NULL;
}

/* The key to write into; NULL where it is of another kind. */
static struct key *key_written(struct model_redis *redis, struct slice name, enum kind kind)
{
    struct key *key = &redis->now.keys[key_place(redis, name)];

    if (key->kind != KIND_NONE && key->kind != kind)
        return NULL;
    key->kind = kind;
    key->version = ++redis->writes;
    return key;
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
        reply(connection, wrong_type);
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
    reply(connection, "+OK\r\n");
}

static void run_incrby(struct model_redis *redis, struct connection *connection,
                       const struct command *command)
{
    struct key *key = key_written(redis, command->arguments[1], KIND_STRING);
    int64_t number = 0, by = 0;
    char text[32];

    if (!key) {
        reply(connection, wrong_type);
        return;
    }
    if ((key->count && !text_integer(key->items[0], &number)) ||
        !text_integer(command->arguments[2], &by)) {
        reply(connection, "-ERR value is not an integer or out of range\r\n");
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
        reply(connection, wrong_type);
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
        reply(connection, wrong_type);
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

static bool is(const struct command *command, const char *name)
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
    reply(connection, "+OK\r\n");
}

/* What a name means; least: arguments at least, the name among them. */
struct row {
    const char *name;
    size_t least;
    bool writes;
};

static const struct row rows[] = {
    {"GET", 2, false},   {"MGET", 2, false},  {"SET", 3, true},    {"INCRBY", 3, true},
    {"RPUSH", 3, true},  {"HSET", 4, true},   {"HDEL", 3, false},  {"HGETALL", 2, false},
    {"HMGET", 3, false}, {"INFO", 1, false},  {"WATCH", 2, false}, {"UNWATCH", 1, false},
    {"PING", 1, false},  {"MULTI", 1, false}, {"EXEC", 1, false},  {"DISCARD", 1, false},
    {"DEL", 2, false},
};

static const struct row *row_of(const struct command *command)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is(command, rows[i].name))
            return &rows[i];
    return NULL;
}

static void run(struct model_redis *redis, struct connection *connection,
                const struct command *command)
{
    if (is(command, "GET"))
        run_get(redis, connection, command->arguments[1]);
    else if (is(command, "MGET"))
        run_mget(redis, connection, command);
    else if (is(command, "SET"))
        run_set(redis, connection, command);
    else if (is(command, "INCRBY"))
        run_incrby(redis, connection, command);
    else if (is(command, "RPUSH"))
        run_rpush(redis, connection, command);
    else if (is(command, "HSET"))
        run_hset(redis, connection, command);
    else if (is(command, "HDEL"))
        run_hdel(redis, connection, command);
    else if (is(command, "DEL"))
        run_del(redis, connection, command->arguments[1]);
    else if (is(command, "HGETALL"))
        run_hgetall(redis, connection, command->arguments[1]);
    else if (is(command, "HMGET"))
        run_hmget(redis, connection, command);
    else if (is(command, "WATCH"))
        run_watch(redis, connection, command);
    else if (is(command, "INFO"))
        reply_bulk(connection, SLICE("maxmemory_policy:noeviction\r\n"));
    else if (is(command, "UNWATCH"))
        connection->watch_count = 0, reply(connection, "+OK\r\n");
    else
        reply(connection, "+PONG\r\n");
}

/* --- reading commands ------------------------------------------------------------------------- */

/* The number of "*3\r\n"; false where the line is not whole. */
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

/* The command at *position, which moves behind it; false where it is not whole. */
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
        reply(connection, "-ERR EXEC without MULTI\r\n");
        return;
    }
    if (connection->aborted) {
        reply(connection, "-EXECABORT Transaction discarded because of previous errors.\r\n");
    } else if (is_watched_key_written(redis, connection)) {
        reply(connection, "*-1\r\n");
    } else {
        reply_number(connection, '*', (int64_t)connection->queued);
        while (parse(&connection->queue, &position, &command))
            run(redis, connection, &command);
    }
    end_transaction(connection);
}

static void run_control(struct model_redis *redis, struct connection *connection,
                        const struct command *command)
{
    if (is(command, "EXEC")) {
        run_exec(redis, connection);
    } else if (is(command, "MULTI")) {
        reply(connection, connection->multi ? "-ERR MULTI calls can not be nested\r\n" : "+OK\r\n");
        connection->multi = true;
    } else if (!connection->multi) {
        reply(connection, "-ERR DISCARD without MULTI\r\n");
    } else {
        end_transaction(connection);
        reply(connection, "+OK\r\n");
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
    if (connection->multi && is(command, "WATCH"))
        return "ERR WATCH inside MULTI is not allowed";
    return row->writes ? redis->error : NULL;
}

static void serve(struct model_redis *redis, struct connection *connection,
                  const struct command *command, struct slice bytes)
{
    const struct row *row = row_of(command);
    const char *error = refusal(redis, connection, command, row);

    if (error) {
        reply(connection, "-");
        reply(connection, error);
        reply(connection, "\r\n");
        connection->aborted |= connection->multi;
    } else if (is(command, "MULTI") || is(command, "EXEC") || is(command, "DISCARD")) {
        run_control(redis, connection, command);
    } else if (connection->multi) {
        append(&connection->queue, bytes.data, bytes.length);
        connection->queued++;
        reply(connection, "+QUEUED\r\n");
    } else {
        run(redis, connection, command);
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
        append(&connection->input, bytes.data, bytes.length);
}

bool model_redis_step(struct model_redis *redis, unsigned number)
{
    struct connection *connection = &redis->connections[number];
    struct command command;
    size_t from = connection->read;

    if (connection->killed || !parse(&connection->input, &connection->read, &command))
        return false;
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

/* --- faults ----------------------------------------------------------------------------------- */

void model_redis_refuse(struct model_redis *redis, const char *error)
{
    redis->error = error;
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

static void keyspace_copy(struct keyspace *to, const struct keyspace *from, uint64_t *writes)
{
    keyspace_clear(to);
    for (size_t i = 0; i < from->count; i++) {
        struct key *key = &to->keys[i];
        if (i == to->count) {
            key->name = mem_text(from->keys[i].name);
            to->count++;
        }
        key->kind = from->keys[i].kind;
        key->version = writes ? ++*writes : from->keys[i].version;
        for (size_t j = 0; j < from->keys[i].count; j++)
            key_add(key, from->keys[i].items[j]);
    }
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

bool model_redis_replica_has(const struct model_redis *redis, const char *name)
{
    for (size_t i = 0; i < redis->replica.count; i++)
        if (strcmp(redis->replica.keys[i].name, name) == 0)
            return redis->replica.keys[i].kind != KIND_NONE;
    return false;
}

/* --- looking at it ---------------------------------------------------------------------------- */

struct slice model_redis_string(const struct model_redis *redis, const char *name)
{
    const struct key *key = key_find(redis, name);

    return key && key->kind == KIND_STRING ? key->items[0] : (struct slice){"", 0};
}

size_t model_redis_list(const struct model_redis *redis, const char *name,
                        const struct slice **items)
{
    const struct key *key = key_find(redis, name);

    *items = key ? key->items : NULL;
    return key && key->kind == KIND_LIST ? key->count : 0;
}

int64_t model_redis_number(const struct model_redis *redis, const char *name)
{
    int64_t number = 0;

    text_integer(model_redis_string(redis, name), &number);
    return number;
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
