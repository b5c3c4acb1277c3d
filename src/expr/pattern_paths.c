/* pattern_paths.c: which byte a pattern may take behind which. */
#include "expr/pattern_paths.h"

#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS = 20 /* of the whole and nine groups */ };

/* A walk from one step over all that takes no byte. */
struct walk {
    struct paths *paths;
    const struct program *program;
    const int *positions; /* of the steps that take a byte */
    size_t *seen;         /* the walk that has been at each step */
    size_t number;        /* of this walk */
    bool begin, end;      /* where in the text it is */
    bool matched;         /* what comes now is never preferred */
    bool full;
};

static void add_edge(struct walk *walk, int target, uint32_t saves)
{
    struct paths *paths = walk->paths;

    if (walk->full || walk->matched)
        return;
    walk->full = paths->edge_count == PATHS_EDGES;
    if (walk->full)
        return;
    paths->edges =
        mem_grow(paths->edges, paths->edge_count, &paths->edge_room, sizeof(paths->edges[0]));
    paths->edges[paths->edge_count++] = (struct edge){target, saves};
    walk->matched = target == PATHS_MATCH;
}

static void walk_from(struct walk *walk, size_t at, uint32_t saves)
{
    const struct step *step = &walk->program->steps[at];

    if (walk->seen[at] == walk->number)
        return; /* a preferred way was here before */
    walk->seen[at] = walk->number;
    switch (step->kind) {
    case STEP_SET:
        if (!walk->end) /* there is nothing left to take */
            add_edge(walk, walk->positions[at], saves);
        return;
    case STEP_JUMP:
        walk_from(walk, at + (size_t)step->first, saves);
        return;
    case STEP_SPLIT:
        walk_from(walk, at + (size_t)step->first, saves);
        walk_from(walk, at + (size_t)step->second, saves);
        return;
    case STEP_SAVE:
        saves |= step->first < SLOTS ? UINT32_C(1) << step->first : 0;
        walk_from(walk, at + 1, saves);
        return;
    case STEP_BEGIN:
        if (walk->begin)
            walk_from(walk, at + 1, saves);
        return;
    case STEP_END:
        if (walk->end)
            walk_from(walk, at + 1, saves);
        return;
    case STEP_MATCH:
        add_edge(walk, PATHS_MATCH, saves);
        return;
    }
}

static struct edges edges_from(struct walk *walk, size_t at, bool begin, bool end)
{
    struct edges edges = {walk->paths->edge_count, 0};

    walk->number++;
    walk->begin = begin;
    walk->end = end;
    walk->matched = false;
    walk_from(walk, at, 0);
    edges.count = walk->paths->edge_count - edges.first;
    return edges;
}

static void find_edges(struct walk *walk)
{
    const struct program *program = walk->program;
    struct paths *paths = walk->paths;

    for (int begin = 0; begin < 2; begin++)
        for (int end = 0; end < 2; end++)
            paths->start[begin][end] = edges_from(walk, 0, begin, end);
    for (size_t at = 0; at < program->count; at++) {
        if (program->steps[at].kind != STEP_SET)
            continue;
        paths->behind[walk->positions[at]] = edges_from(walk, at + 1, false, false);
        paths->last[walk->positions[at]] = edges_from(walk, at + 1, false, true);
    }
}

bool paths_init(struct paths *paths, const struct program *program, struct err *err)
{
    int *positions = mem_array(program->count, sizeof(*positions));
    struct walk walk = {.paths = paths, .program = program, .positions = positions};

    *paths = (struct paths){.sets = mem_array(program->taking, sizeof(*paths->sets)),
                            .behind = mem_array(program->taking, sizeof(*paths->behind)),
                            .last = mem_array(program->taking, sizeof(*paths->last))};
    for (size_t at = 0; at < program->count; at++)
        if (program->steps[at].kind == STEP_SET) {
            positions[at] = (int)paths->count;
            paths->sets[paths->count++] = program->sets[program->steps[at].first];
        }
    walk.seen = mem_array(program->count, sizeof(*walk.seen));
    find_edges(&walk);
    if (!paths->edges) /* of a pattern that never matches, as "$a" */
        paths->edges = mem_new(struct edge);
    free(walk.seen);
    free(positions);
    return !walk.full || err_set(err, ERR_CONFIG,
                                 "this pattern is too costly: too many of its characters may "
                                 "stand behind each other");
}

void paths_clear(struct paths *paths)
{
    free(paths->sets);
    free(paths->behind);
    free(paths->last);
    free(paths->edges);
    *paths = (struct paths){0};
}
