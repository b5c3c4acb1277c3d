/*
 * pattern.h: regular expressions that are searched in time that grows with the text and with
 * nothing else, and without memory of their own.
 *
 * All of a pattern's automaton is made at load, from the text of the pattern alone; what would grow
 * too large is refused there. A compiled pattern never changes: workers share it.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"
#include "expr/pattern_program.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PATTERN_BYTES = 1000, /* of a pattern's own text */
    PATTERN_CHOICES = 64, /* of what may stand behind a character, to replace */
    PATTERN_GROUPS = 10   /* the whole match and nine groups */
};

/** What a pattern is for: each has an automaton of its own. */
enum pattern_use { PATTERN_MATCHES, PATTERN_REPLACES };

struct pattern;

/**
 * Compiles @p text; docs/reference/patterns.md says what it may be.
 * Errors:  NULL and ERR_CONFIG, with the place in the pattern.
 */
struct pattern *pattern_new(struct slice text, enum pattern_unit unit, enum pattern_use use,
                            struct err *err);

void pattern_free(struct pattern *pattern);

/** How many groups in parentheses it has. */
size_t pattern_groups(const struct pattern *pattern);

/** How many times a reading of the text a search costs. */
size_t pattern_cost(const struct pattern *pattern);

/** Whether @p text holds a match anywhere; of a pattern for PATTERN_MATCHES. */
bool pattern_matches(const struct pattern *pattern, struct slice text);

/* --- all matches of a text, of a pattern for PATTERN_REPLACES ----------------------------------
 */

enum {
    PATTERN_BLOCK = 1024, /* bytes */
};

/** Where a group begins and ends; both -1 where it took no part. */
struct pattern_group {
    int64_t first, end;
};

/** A search of one text; lives on the stack but for the marks. */
struct pattern_search {
    const struct pattern *pattern;
    struct slice text;
    uint64_t *marks;                /* the state at the end of every block, of the caller */
    size_t block;                   /* whose states are: */
    uint64_t states[PATTERN_BLOCK]; /* before each byte of the block */
    struct pattern_group groups[PATTERN_GROUPS];
};

/** How many marks the search of @p length bytes needs. */
static inline size_t pattern_marks(size_t length)
{
    return length / PATTERN_BLOCK + 1;
}

/** Begins a search; false if nothing in the text matches. */
bool pattern_search(struct pattern_search *search, const struct pattern *pattern, struct slice text,
                    uint64_t *marks);

/** The first match from @p from on, in search->groups. @p from never goes back. */
bool pattern_next(struct pattern_search *search, size_t from);
