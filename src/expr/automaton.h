/*
 * automaton.h: sets of positions that follow each other byte by byte; a part of pattern.c.
 *
 * A state is the set of positions that took the last byte. Where a pattern has few such sets all of
 * them are made at load, and a step is one look-up in a table. Where it has many ("x.{20}y" has a
 * million) and at most 63 positions, a set is the bits of a word, and a step joins the sets that
 * may follow eight bits at a time. What is neither is refused at load: so a search takes no memory,
 * and a few nanoseconds a byte, whatever the text.
 */
#pragma once
#include "expr/pattern_program.h"

#include <stdbool.h>

enum {
    AUTOMATON_STATES = 2000,
    AUTOMATON_CELLS = 64 * 1024, /* of the table, 4 bytes each */
    AUTOMATON_WORD = 63          /* positions of a set that is one word, and one bit more */
};

/** Sets of positions, words uint64_t each. */
struct relation {
    size_t count, words;
    const struct byte_set *takes; /* what each position takes */
    uint64_t *next;               /* a set for each position: which may take the next byte */
    uint64_t *first;              /* which may take the first byte */
    uint64_t *always;             /* which may take any byte */
    uint64_t *hit;                /* which of them are what is looked for, */
    uint64_t *last;               /* and which are behind the last byte */
};

/** Empty sets for @p count positions; relation_clear() ends them. */
void relation_init(struct relation *relation, size_t count, const struct byte_set *takes);
void relation_clear(struct relation *relation);

static inline void set_add(uint64_t *set, size_t position)
{
    set[position / 64] |= UINT64_C(1) << (position % 64);
}

static inline bool set_has(const uint64_t *set, size_t position)
{
    return set[position / 64] >> (position % 64) & 1;
}

struct automaton;

/**
 * Makes the automaton of @p relation. With @p stops, nothing is of interest behind the first hit.
 * Errors:  NULL and ERR_CONFIG if it would be too large.
 */
struct automaton *automaton_new(const struct relation *relation, bool stops, struct err *err);

/** Whether it is a table: twice as fast as bits. */
bool automaton_is_table(const struct automaton *automaton);

void automaton_free(struct automaton *automaton);

/** From the first byte to the last: whether there was a hit, or one of last at the end. For an
 * automaton that stops; of an empty text: false. */
bool automaton_hits(const struct automaton *automaton, struct slice text);

/** The state before anything was taken: its set is empty. */
uint64_t automaton_start(const struct automaton *automaton);

/**
 * From the last byte of @p text to the first; @p states, unless NULL, takes the state behind each
 * byte in the place of that byte. *hit is set if one of the states holds a hit.
 * Returns the last state, that of the first byte.
 */
uint64_t automaton_back(const struct automaton *automaton, uint64_t state, struct slice text,
                        uint64_t *states, bool *hit);

/** The set of positions of *state, words of it. */
const uint64_t *automaton_set(const struct automaton *automaton, const uint64_t *state);
