/*
 * pattern.c: regular expressions that are searched in time that grows with the text alone.
 *
 * Whether there is a match is asked from the first byte on: the positions that took the last byte,
 * and those where a match may begin, follow each other until one of them ends a match.
 *
 * That is not enough to find all matches: behind each match the search would start again,
 * and each may read to the end of the text. So the text is read once from its end: the positions
 * that can take the byte at hand and still come to a match are known for every place. Then one walk
 * from the front needs never turn back: where a match can begin it begins, and at each byte it
 * takes the most preferred position that still comes to a match (Frisch and Cardelli, "Greedy
 * regular expression matching", 2004). The states of the first reading are kept for the ends of
 * blocks only and found again block by block.
 */
#include "expr/pattern.h"

#include "base/mem.h"
#include "expr/automaton.h"
#include "expr/pattern_paths.h"

#include <stdlib.h>

struct pattern {
    struct paths paths;
    struct automaton *automaton;
    enum pattern_use use;
    size_t groups;
};

enum {
    COST_OF_BITS = 3,    /* of a search without a table */
    COST_OF_REPLACE = 16 /* if every byte is a match */
};

/* --- making ----------------------------------------------------------------------------------- */

static void add_targets(const struct paths *paths, struct edges edges, uint64_t *set)
{
    for (size_t i = edges.first; i < edges.first + edges.count; i++)
        if (paths->edges[i].target != PATHS_MATCH)
            set_add(set, (size_t)paths->edges[i].target);
}

static void relate_forward(const struct paths *paths, struct relation *relation)
{
    add_targets(paths, paths->start[true][false], relation->first);
    add_targets(paths, paths->start[false][false], relation->always);
    for (size_t i = 0; i < paths->count; i++) {
        add_targets(paths, paths->behind[i], relation->next + i * relation->words);
        if (paths_match(paths, paths->behind[i]))
            set_add(relation->hit, i);
        if (paths_match(paths, paths->last[i]))
            set_add(relation->last, i);
    }
}

/* From the end: next are those before a position; a match that ends may begin anywhere. */
static void relate_backward(const struct paths *paths, struct relation *relation)
{
    add_targets(paths, paths->start[false][false], relation->hit);
    for (size_t i = 0; i < paths->count; i++) {
        struct edges edges = paths->behind[i];
        for (size_t j = edges.first; j < edges.first + edges.count; j++)
            if (paths->edges[j].target != PATHS_MATCH)
                set_add(relation->next + (size_t)paths->edges[j].target * relation->words, i);
        if (paths_match(paths, edges))
            set_add(relation->always, i);
        if (paths_match(paths, paths->last[i]))
            set_add(relation->first, i);
    }
}

/* At each byte of a match the walk looks through what may come. */
static bool check_choices(const struct paths *paths, struct err *err)
{
    for (size_t i = 0; i < paths->count; i++)
        if (paths->behind[i].count > PATTERN_CHOICES)
            return err_set(err, ERR_CONFIG,
                           "this pattern is too costly: more than %d of its characters may stand "
                           "behind one of them",
                           PATTERN_CHOICES);
    return true;
}

static bool pattern_make(struct pattern *pattern, const struct program *program,
                         enum pattern_use use, struct err *err)
{
    struct relation relation;

    if (!paths_init(&pattern->paths, program, err) ||
        (use == PATTERN_REPLACES && !check_choices(&pattern->paths, err)))
        return false;
    relation_init(&relation, pattern->paths.count, pattern->paths.sets);
    if (use == PATTERN_MATCHES)
        relate_forward(&pattern->paths, &relation);
    else
        relate_backward(&pattern->paths, &relation);
    pattern->automaton = automaton_new(&relation, use == PATTERN_MATCHES, err);
    relation_clear(&relation);
    return pattern->automaton != NULL;
}

struct pattern *pattern_new(struct slice text, enum pattern_unit unit, enum pattern_use use,
                            struct err *err)
{
    struct pattern *pattern = mem_new(struct pattern);
    struct program program = {0};
    bool good = false;

    pattern->use = use;
    if (text.length > PATTERN_BYTES)
        err_set(err, ERR_CONFIG, "a pattern of more than %d bytes", PATTERN_BYTES);
    else if (program_parse(&program, text, unit, err)) {
        pattern->groups = program.groups;
        good = pattern_make(pattern, &program, use, err);
    }
    program_clear(&program);
    if (good)
        return pattern;
    pattern_free(pattern);
    return NULL;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    paths_clear(&pattern->paths);
    automaton_free(pattern->automaton);
    free(pattern);
}

size_t pattern_groups(const struct pattern *pattern)
{
    return pattern->groups;
}

size_t pattern_cost(const struct pattern *pattern)
{
    if (pattern->use == PATTERN_REPLACES)
        return COST_OF_REPLACE;
    return automaton_is_table(pattern->automaton) ? 1 : COST_OF_BITS;
}

/* --- one match -------------------------------------------------------------------------------- */

bool pattern_matches(const struct pattern *pattern, struct slice text)
{
    const struct paths *paths = &pattern->paths;

    return paths_match(paths, paths->start[true][!text.length]) ||
           paths_match(paths, paths->start[!text.length][true]) ||
           automaton_hits(pattern->automaton, text);
}

/* --- all matches ------------------------------------------------------------------------------ */

/* The bytes of block @p number. */
static struct slice block_text(const struct pattern_search *search, size_t number)
{
    size_t first = number * PATTERN_BLOCK, left = search->text.length - first;

    return (struct slice){search->text.data + first, left < PATTERN_BLOCK ? left : PATTERN_BLOCK};
}

static void load_block(struct pattern_search *search, size_t number)
{
    bool hit = false;

    if (search->block == number)
        return;
    automaton_back(search->pattern->automaton, search->marks[number], block_text(search, number),
                   search->states, &hit);
    search->block = number;
}

/* The first of @p edges that comes to a match; NULL if none does. */
static const struct edge *choose(struct pattern_search *search, struct edges edges, size_t at)
{
    const struct pattern *pattern = search->pattern;
    const struct edge *edge = pattern->paths.edges + edges.first, *end = edge + edges.count;
    const uint64_t *set = NULL;

    if (at < search->text.length && edge < end) {
        load_block(search, at / PATTERN_BLOCK);
        set = automaton_set(pattern->automaton, &search->states[at % PATTERN_BLOCK]);
    }
    for (; edge < end; edge++)
        if (edge->target == PATHS_MATCH || (set && set_has(set, (size_t)edge->target)))
            return edge;
    return NULL;
}

static void save(struct pattern_search *search, uint32_t saves, size_t at)
{
    for (unsigned slot = 0; saves; slot++, saves >>= 1)
        if (saves & 1)
            *(slot % 2 ? &search->groups[slot / 2].end : &search->groups[slot / 2].first) =
                (int64_t)at;
}

/* Follows the match that begins at @p from with @p edge to its end. */
static void follow(struct pattern_search *search, size_t from, const struct edge *edge)
{
    const struct paths *paths = &search->pattern->paths;
    size_t at = from;

    for (size_t i = 0; i < PATTERN_GROUPS; i++)
        search->groups[i] = (struct pattern_group){-1, -1};
    while (edge) {
        save(search, edge->saves, at);
        if (edge->target == PATHS_MATCH)
            break;
        at++;
        edge = choose(
            search,
            at < search->text.length ? paths->behind[edge->target] : paths->last[edge->target], at);
    }
    search->groups[0] = (struct pattern_group){(int64_t)from, (int64_t)at};
}

bool pattern_next(struct pattern_search *search, size_t from)
{
    const struct paths *paths = &search->pattern->paths;

    for (size_t at = from; at <= search->text.length; at++) {
        const struct edge *edge =
            choose(search, paths->start[at == 0][at == search->text.length], at);
        if (!edge)
            continue;
        follow(search, at, edge);
        return true;
    }
    return false;
}

bool pattern_search(struct pattern_search *search, const struct pattern *pattern, struct slice text,
                    uint64_t *marks)
{
    const struct paths *paths = &pattern->paths;
    size_t blocks = (text.length + PATTERN_BLOCK - 1) / PATTERN_BLOCK;
    uint64_t state = automaton_start(pattern->automaton);
    bool hit = paths_match(paths, paths->start[!text.length][true]);

    search->pattern = pattern;
    search->text = text;
    search->marks = marks;
    search->block = SIZE_MAX;
    for (size_t i = blocks; i-- > 0;) {
        marks[i] = state;
        state = automaton_back(pattern->automaton, state, block_text(search, i), NULL, &hit);
    }
    return hit || choose(search, paths->start[true][!text.length], 0);
}
