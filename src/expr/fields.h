/*
 * fields.h: several members of an object found in one pass over it.
 *
 * A template knows at load which top-level fields it reads. Looking for each of them would walk the
 * object once a field; here every member is looked up among the wanted names instead.
 */
#pragma once
#include "base/arena.h"
#include "record/value.h"

enum { FIELDS_BITS = 8, FIELDS_BUCKETS = 1 << FIELDS_BITS, FIELDS_GLANCES = 64 };

#define FIELDS_SEVERAL UINT32_MAX

struct field_name {
    struct slice text; /* owned */
    uint32_t hash;
    uint32_t next; /* 1 + another name of the same bucket; 0: none */
};

/** All zero is an empty set. */
struct fields {
    struct field_name *names;
    size_t count, room;
    uint32_t glances[FIELDS_GLANCES]; /* 1 + the only name that looks so; FIELDS_SEVERAL: several */
    uint32_t buckets[FIELDS_BUCKETS]; /* 1 + the newest name; 0: none */
};

/** The place of @p name in the answers; a name that is there already keeps its place. */
size_t fields_add(struct fields *fields, struct slice name);

void fields_clear(struct fields *fields);

/**
 * Fills found[place] for every name: the last member called so, NULL where there is none or @p root
 * is no object. @p arena takes names that are written with escapes.
 * Errors:  false and ERR_RECORD where those are too much for it.
 */
bool fields_find(const struct fields *fields, const struct value *root, struct arena *arena,
                 const struct value **found, struct err *err);
