/*
 * pattern.h: POSIX extended regular expressions over any bytes.
 *
 * Compiled at load; back-references are refused, and repeats that make a pattern large: either can
 * keep a worker busy for minutes.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <regex.h>
#include <stdbool.h>

enum {
    PATTERN_GROUPS = 10, /* the whole match and nine groups */
    PATTERN_BYTES = 1000,
    PATTERN_SIZE = 1000 /* in characters, with its repeats written out */
};

struct pattern;

/** Errors:  NULL and ERR_CONFIG. */
struct pattern *pattern_new(struct slice text, struct err *err);

void pattern_free(struct pattern *pattern);

/** How many groups in parentheses it has. */
size_t pattern_groups(const struct pattern *pattern);

/* A NUL must stand behind the text that is searched, as behind arena_copy()'s; those within it are
 * bytes like others. */

/** Whether @p text holds a match anywhere. */
bool pattern_matches(const struct pattern *pattern, struct slice text);

/** The first match from @p start on: its groups, counted from the beginning of @p text. */
bool pattern_find(const struct pattern *pattern, struct slice text, size_t start,
                  regmatch_t groups[PATTERN_GROUPS]);

/** pattern_cost.c: whether a pattern of at most PATTERN_BYTES is cheap enough to be compiled.
 * Errors: false and ERR_CONFIG. */
bool pattern_check_cost(const char *text, struct err *err);
