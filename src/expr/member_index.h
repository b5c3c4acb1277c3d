/*
 * member_index.h: several members of an object found in one pass over it.
 *
 * A template knows at load which top-level fields it reads. Looking for each of them would walk the
 * object once a field; here every member is looked up among the wanted names instead.
 */
#pragma once
#include "base/arena.h"
#include "record/value.h"

enum {
    MEMBER_INDEX_BITS = 8,
    MEMBER_INDEX_BUCKETS = 1 << MEMBER_INDEX_BITS,
    MEMBER_INDEX_GLANCES = 64
};

#define MEMBER_INDEX_SEVERAL UINT32_MAX

struct member_name {
    struct slice text; /* owned */
    uint32_t hash;
    uint32_t next; /* 1 + another name of the same bucket; 0: none */
};

/** All zero is an empty set. */
struct member_index {
    struct member_name *names;
    size_t count, room;
    uint32_t glances[MEMBER_INDEX_GLANCES]; /* 1 + the only name that looks so;
                                               MEMBER_INDEX_SEVERAL: several */
    uint32_t buckets[MEMBER_INDEX_BUCKETS]; /* 1 + the newest name; 0: none */
};

/** The place of @p name in the answers; a name that is there already keeps its place. */
size_t member_index_add(struct member_index *index, struct slice name);

void member_index_clear(struct member_index *index);

/**
 * Fills found[place] for every name: the last member called so, NULL if there is none or @p root
 * is not an object. @p arena takes names that are written with escapes.
 * Errors:  false and ERR_RECORD if those are too much for it.
 */
bool member_index_find(const struct member_index *index, const struct value *root,
                       struct arena *arena, const struct value **found, struct err *err);
