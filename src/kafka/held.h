/*
 * held.h: why a partition is held, how the log tells of it, and what helps.
 *
 * Several reasons may hold a partition at a time; it flows once the last of them is gone. What is
 * shown is the first one by the order of enum source_hold.
 */
#pragma once
#include "kafka/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hold_reason {
    char *text;     /* NULL: it does not hold the partition */
    size_t head;    /* how much of the text names offset and route */
    int64_t offset; /* of the record; -1: it is about none */
    char *route;    /* NULL: none */
    struct trace trace;
};

/** A partition's. */
struct held {
    unsigned reasons; /* a set: 1 << enum source_hold */
    struct hold_reason why[HOLD_COUNT];
    char *told; /* the reason that was logged; NULL: it flows */
    int64_t since_ms, told_ms;
    int64_t released_ms; /* when it was tried again; 0: it was not */
    int64_t released_at; /* and at which offset; -1: not known */
};

/** Of a record error the first one is the one to mend; else the latest is kept. */
void held_add(struct held *held, enum source_hold hold, const struct source_reason *reason);

/** False: it was not held by that. */
bool held_remove(struct held *held, enum source_hold hold);

static inline bool held_has(const struct held *held, enum source_hold hold)
{
    return held->reasons & 1u << hold;
}

/** All reasons are gone. */
void held_clear(struct held *held);

/** The reason that comes first; HOLD_COUNT: it is not held. */
enum source_hold held_first(const struct held *held);

/** The reason to be shown; NULL: it is not held. */
const struct hold_reason *held_why(const struct held *held);

void held_free(struct held *held);

/* --- telling --- */

/** A reason came or went: says why it is held, unless that was said last. */
void held_tell(struct source_partition *partition);

/** It is retried: that it flows is logged once it surely does. */
void held_try(struct source_partition *partition);

/** It is not ours any more: nothing more is logged about it. */
void held_forget(struct source_partition *partition);

void held_turn(struct source *source);

/* --- what helps --- */
struct held_remedy {
    const char *words;  /* of the reason */
    bool is_operators;  /* somebody must act */
    const char *shown;  /* the reason, as the page has it */
    const char *remedy; /* what to do */
};

/** The row for a reason; NULL: none. */
const struct held_remedy *held_remedy(const char *reason);

/** Row @p index; NULL behind the last one. */
const struct held_remedy *held_remedy_at(unsigned index);
