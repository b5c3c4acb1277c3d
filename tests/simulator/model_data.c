/* model_data.c: the keys of the model of a Redis, and those of its replica. */
#include "model_parts.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

void key_clear(struct key *key)
{
    for (size_t i = 0; i < key->count; i++)
        free((char *)key->items[i].data);
    key->count = 0;
    key->kind = KIND_NONE;
}

void key_add(struct key *key, struct slice value)
{
    key->items = mem_grow(key->items, key->count, &key->capacity, sizeof(*key->items));
    key->items[key->count++] = (struct slice){mem_copy(value.data, value.length), value.length};
}

void keyspace_clear(struct keyspace *space)
{
    for (size_t i = 0; i < space->count; i++)
        key_clear(&space->keys[i]);
}

void keyspace_free(struct keyspace *space)
{
    keyspace_clear(space);
    for (size_t i = 0; i < space->count; i++) {
        free(space->keys[i].name);
        free(space->keys[i].items);
    }
}

size_t key_place(struct model_redis *redis, struct slice name)
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

struct slice *hash_field(struct key *key, struct slice field)
{
    for (size_t i = 0; i + 1 < key->count; i += 2)
        if (slice_equal(key->items[i], field))
            return &key->items[i + 1];
    return NULL;
}

struct key *key_written(struct model_redis *redis, struct slice name, enum kind kind)
{
    struct key *key = &redis->now.keys[key_place(redis, name)];

    if (key->kind != KIND_NONE && key->kind != kind)
        return NULL;
    key->kind = kind;
    key->version = ++redis->writes;
    return key;
}

void keyspace_copy(struct keyspace *to, const struct keyspace *from, uint64_t *writes)
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

bool model_redis_replica_has(const struct model_redis *redis, const char *name)
{
    for (size_t i = 0; i < redis->replica.count; i++)
        if (strcmp(redis->replica.keys[i].name, name) == 0)
            return redis->replica.keys[i].kind != KIND_NONE;
    return false;
}

void model_redis_raise(struct model_redis *redis, const char *name, const char *id)
{
    struct key *key = key_written(redis, slice_of(name), KIND_STREAM);

    if (!key->count)
        key_add(key, slice_of(id));
    free((char *)key->items[0].data);
    key->items[0] = (struct slice){mem_text(id), strlen(id)};
}

bool model_redis_has_entry(const struct model_redis *redis, const char *name, const char *id)
{
    const struct key *key = key_find(redis, name);

    for (size_t i = 1; key && key->kind == KIND_STREAM && i < key->count; i += 3)
        if (slice_is(key->items[i], id))
            return true;
    return false;
}
