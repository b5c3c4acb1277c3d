/* fields.c: several members of an object found in one pass over it. */
#include "expr/fields.h"

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
    return hash >> (32 - FIELDS_BITS);
}

/* How a name looks at a glance: enough to pass over most members that nobody asked for, and as a
 * rule to find the one that somebody did, at a fraction of the hash. */
static inline unsigned glance_of(struct slice name)
{
    unsigned first = name.length ? (unsigned char)name.data[0] : 0;

    return ((unsigned)name.length * 7 + first) % FIELDS_GLANCES;
}

/* 1 + the place of @p name in its bucket; 0: not there. */
static inline uint32_t look(const struct fields *fields, uint32_t hash, struct slice name)
{
    uint32_t place = fields->buckets[bucket_of(hash)];

    while (place && (fields->names[place - 1].hash != hash ||
                     !slice_equal(fields->names[place - 1].text, name)))
        place = fields->names[place - 1].next;
    return place;
}

size_t fields_add(struct fields *fields, struct slice name)
{
    uint32_t hash = hash_of(name), place = look(fields, hash, name);
    uint32_t *bucket = &fields->buckets[bucket_of(hash)];

    if (place)
        return place - 1;
    fields->names = mem_grow(fields->names, fields->count, &fields->room, sizeof(*fields->names));
    fields->names[fields->count] =
        (struct field_name){{mem_copy(name.data, name.length), name.length}, hash, *bucket};
    *bucket = (uint32_t)++fields->count;
    uint32_t *glance = &fields->glances[glance_of(name)];
    *glance = *glance ? FIELDS_SEVERAL : (uint32_t)fields->count;
    return fields->count - 1;
}

void fields_clear(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        free((char *)fields->names[i].text.data);
    free(fields->names);
    *fields = (struct fields){0};
}

bool fields_find(const struct fields *fields, const struct value *root, struct arena *arena,
                 const struct value **found, struct err *err)
{
    const struct value *child;

    memset(found, 0, fields->count * sizeof(*found));
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
        place = fields->glances[glance_of(name)];
        if (place == FIELDS_SEVERAL)
            place = look(fields, hash_of(name), name);
        else if (place && !slice_equal(fields->names[place - 1].text, name))
            continue;
        if (place)
            found[place - 1] = child;
    }
    return true;
}
