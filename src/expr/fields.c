/* fields.c: several members of an object found in one pass over it. */
#include "expr/fields.h"

#include "base/mem.h"

#include <stdlib.h>

/* Cheap, and enough to tell most of the members that nobody asked for. */
static inline size_t bucket_of(struct slice name)
{
    unsigned first = name.length ? (unsigned char)name.data[0] : 0;

    return (name.length * 7 + first) % FIELDS_BUCKETS;
}

static uint32_t fields_look(const struct fields *fields, struct slice name)
{
    uint32_t place = fields->buckets[bucket_of(name)];

    while (place && !slice_equal(fields->names[place - 1], name))
        place = fields->next[place - 1];
    return place;
}

size_t fields_add(struct fields *fields, struct slice name)
{
    uint32_t place = fields_look(fields, name), *bucket = &fields->buckets[bucket_of(name)];

    if (place)
        return place - 1;
    fields->names =
        mem_grow(fields->names, fields->count, &fields->names_room, sizeof(*fields->names));
    fields->next = mem_grow(fields->next, fields->count, &fields->next_room, sizeof(*fields->next));
    fields->names[fields->count] = (struct slice){mem_copy(name.data, name.length), name.length};
    fields->next[fields->count] = *bucket;
    *bucket = (uint32_t)++fields->count;
    return fields->count - 1;
}

void fields_clear(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        free((char *)fields->names[i].data);
    free(fields->names);
    free(fields->next);
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
        uint32_t place;

        if (child->name_escaped)
            name = value_name(child, arena);
        place = fields_look(fields, name);
        if (place)
            found[place - 1] = child;
    }
}
