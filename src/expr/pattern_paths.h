/*
 * pattern_paths.h: which byte a pattern may take behind which; a part of pattern.c.
 *
 * The steps of a program that take a byte are its positions, 0 to count - 1. What lies between two
 * of them (jumps, splits, groups) is worked out at load into edges, the preferred ones first, so
 * that nothing of it is left to be done while a text is searched.
 */
#pragma once
#include "expr/pattern_program.h"

#include <stdbool.h>

enum {
    PATHS_EDGES = 60000,
    PATHS_MATCH = -1 /* as the target of an edge: the pattern has matched */
};

struct edge {
    int target;     /* a position, or PATHS_MATCH */
    uint32_t saves; /* bit N: note this place as that of slot N of the groups */
};

/** Edges of one place, the preferred one first; none is behind a PATHS_MATCH. */
struct edges {
    size_t first, count; /* in paths->edges */
};

struct paths {
    size_t count;             /* positions */
    struct byte_set *sets;    /* what each of them takes */
    struct edges *behind;     /* of each position, within the text */
    struct edges *last;       /* of each, at the end of the text: a PATHS_MATCH or none */
    struct edges start[2][2]; /* of the pattern: [at the beginning of the text][at its end] */
    struct edge *edges;
    size_t edge_count, edge_room;
};

/** Errors:  false and ERR_CONFIG if there are too many; paths_clear() in any case. */
bool paths_init(struct paths *paths, const struct program *program, struct err *err);

void paths_clear(struct paths *paths);

/** Whether one of @p edges is PATHS_MATCH: the last one, if any. */
static inline bool paths_match(const struct paths *paths, struct edges edges)
{
    return edges.count && paths->edges[edges.first + edges.count - 1].target == PATHS_MATCH;
}
