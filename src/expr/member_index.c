/* member_index.c: several members of an object found in one pass over it. */
#include "expr/member_index.h"

#include "base/mem.h"

#include <stdlib.h>

static inline uint32_t load(const char *at)
{
    uint32_t bytes;

    memcpy(&bytes, at, sizeof(bytes));
    return bytes;
}

/* Of the length and the bytes at both ends: names that are numbered differ at their end, those of
 * one group at their beginning. */
static inline uint32_t hash_of(struct slice name)
{
    uint32_t hash = (uint32_t)name.length;

    if (name.length >= sizeof(hash)) {
        hash ^= load(name.data) * 0x85EBCA6Bu;
        hash ^= load(name.data + name.length - sizeof(hash));
    } else {
        for (size_t i = 0; i < name.length; i++)
            hash = hash << 8 ^ (unsigned char)name.data[i];
    }
    return hash * 0x9E3779B1u;
}

static inline unsigned bucket_of(uint32_t hash)
{
    return hash >> (32 - MEMBER_INDEX_BITS);
}

/* How a name looks at a glance: enough to skip most members that are not wanted, and as a rule to
 * find those that are, at a fraction of the hash. */
static inline unsigned glance_of(struct slice name)
{
    unsigned first = name.length ? (unsigned char)name.data[0] : 0;

    return ((unsigned)name.length * 7 + first) % MEMBER_INDEX_GLANCES;
}

/* 1 + the place of @p name in its bucket; 0: not there. */
static inline uint32_t look(const struct member_index *index, uint32_t hash, struct slice name)
{
    uint32_t place = index->buckets[bucket_of(hash)];

    while (place && (index->names[place - 1].hash != hash ||
                     !slice_equal(index->names[place - 1].text, name)))
        place = index->names[place - 1].next;
    return place;
}

size_t member_index_add(struct member_index *index, struct slice name)
{
    uint32_t hash = hash_of(name), place = look(index, hash, name);
    uint32_t *bucket = &index->buckets[bucket_of(hash)];

    if (place)
        return place - 1;
    index->names = mem_grow(index->names, index->count, &index->room, sizeof(*index->names));
    index->names[index->count] =
        (struct member_name){{mem_copy(name.data, name.length), name.length}, hash, *bucket};
    *bucket = (uint32_t)++index->count;
    uint32_t *glance = &index->glances[glance_of(name)];
    *glance = *glance ? MEMBER_INDEX_SEVERAL : (uint32_t)index->count;
    return index->count - 1;
}

void member_index_clear(struct member_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        free((char *)index->names[i].text.data);
    free(index->names);
    *index = (struct member_index){0};
}

bool member_index_find(const struct member_index *index, const struct value *root,
                       struct arena *arena, const struct value **found, struct err *err)
{
    const struct value *child;

    memset(found, 0, index->count * sizeof(*found));
    if (!root || root->type != VALUE_OBJECT)
        return true;
    child = value_first(root);
    for (uint32_t left = root->count; left; left--, child = value_next(child)) {
        struct slice name = {child->name, child->name_length};
        uint32_t place;

        if (child->name_escaped) {
            name = value_name(child, arena, err);
            if (!name.data)
                return false;
        }
        place = index->glances[glance_of(name)];
        if (place == MEMBER_INDEX_SEVERAL)
            place = look(index, hash_of(name), name);
        else if (place && !slice_equal(index->names[place - 1].text, name))
            continue;
        if (place)
            found[place - 1] = child;
    }
    return true;
}
