/* fields.c: several members of an object found in one pass over it. */
#include "expr/fields.h"

#include "base/mem.h"

#include <stdlib.h>

/* Cheap, and enough to tell most of the members that nobody asked for. */
static inline unsigned bucket_of(struct slice name)
{
    unsigned first = name.length ? (unsigned char)name.data[0] : 0;

    return ((unsigned)name.length * 7 + first) % FIELDS_BUCKETS;
}

/* 1 + the place of @p name in the bucket; 0: not there. */
static inline uint32_t look(const struct fields *fields, unsigned bucket, struct slice name)
{
    uint32_t place = fields->buckets[bucket];

    while (place && !slice_equal(fields->names[place - 1].text, name))
        place = fields->names[place - 1].next;
    return place;
}

size_t fields_add(struct fields *fields, struct slice name)
{
    unsigned bucket = bucket_of(name);
    uint32_t place = look(fields, bucket, name);

    if (place)
        return place - 1;
    fields->names = mem_grow(fields->names, fields->count, &fields->room, sizeof(*fields->names));
    fields->names[fields->count] = (struct field_name){
        {mem_copy(name.data, name.length), name.length}, fields->buckets[bucket]};
    fields->buckets[bucket] = (uint32_t)++fields->count;
    fields->used |= UINT64_C(1) << bucket;
    return fields->count - 1;
}

void fields_clear(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        free((char *)fields->names[i].text.data);
    free(fields->names);
    *fields = (struct fields){0};
}

void fields_find(const struct fields *fields, const struct value *root, struct arena *arena,
                 const struct value **found)
{
    const struct value *child;

    memset(found, 0, fields->count * sizeof(*found));
    if (!root || root->type != VALUE_OBJECT)
        return;
    child = value_first(root);
    for (uint32_t left = root->count; left; left--, child = value_next(child)) {
        struct slice name = {child->name, child->name_length};
        unsigned bucket;
        uint32_t place;

        if (child->name_escaped)
            name = value_name(child, arena);
        bucket = bucket_of(name);
        if (!(fields->used >> bucket & 1))
            continue;
        place = look(fields, bucket, name);
        if (place)
            found[place - 1] = child;
    }
}
