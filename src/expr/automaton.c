/*
 * automaton.c: sets of positions that follow each other byte by byte.
 *
 * The table has a row for each state and a column for each kind of byte (bytes that no position
 * tells apart are of one kind). A cell is where the row of the next state begins, so that a step is
 * an addition and a load. Two more columns hold the state's flags and its number.
 */
#include "expr/automaton.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    BYTES = 256,
    CHUNKS = 8,
    BLOCK = 64,
    SLOTS = 8192, /* of the hash table while it is made; more than twice the states */
    FLAG_HIT = 1,
    FLAG_LAST = 2,
    NO_STATE = 0, /* what never hits: ends a search that stops */
    HIT_STATE = 1,
    START_STATE = 2
};

struct automaton {
    size_t words;
    /* as a table */
    uint32_t *table; /* NULL: as bits */
    uint64_t *sets;  /* of the states */
    unsigned char kinds[BYTES];
    uint32_t kind_count, stride;
    /* as bits */
    uint64_t takes[BYTES], next[CHUNKS][BYTES];
    uint64_t always, hit, last;
};

void relation_init(struct relation *relation, size_t count, const struct byte_set *takes)
{
    size_t words = (count + 63) / 64;

    words += words == 0;
    *relation = (struct relation){.count = count, .words = words, .takes = takes};
    relation->next = mem_array((count + 4) * words, sizeof(uint64_t));
    relation->first = relation->next + count * words;
    relation->always = relation->first + words;
    relation->hit = relation->always + words;
    relation->last = relation->hit + words;
}

void relation_clear(struct relation *relation)
{
    free(relation->next);
    *relation = (struct relation){0};
}

static bool sets_meet(const uint64_t *a, const uint64_t *b, size_t words)
{
    uint64_t both = 0;

    for (size_t i = 0; i < words; i++)
        both |= a[i] & b[i];
    return both != 0;
}

static bool set_is_empty(const uint64_t *set, size_t words)
{
    return !sets_meet(set, set, words);
}

/* --- as a table ------------------------------------------------------------------------------- */

/* The table while it is made. */
struct making {
    const struct relation *relation;
    struct automaton *automaton;
    bool stops;
    size_t states;
    uint64_t *takes;       /* for each kind of byte: which positions take it */
    uint16_t slots[SLOTS]; /* 1 + a state; 0: free */
    uint64_t *scratch;     /* a set */
};

/* Which positions take @p byte. */
static void find_takers(const struct relation *relation, unsigned byte, uint64_t *set)
{
    memset(set, 0, relation->words * sizeof(*set));
    for (size_t i = 0; i < relation->count; i++)
        if (byte_set_has(&relation->takes[i], (unsigned char)byte))
            set_add(set, i);
}

static void find_kinds(struct making *making)
{
    struct automaton *automaton = making->automaton;
    size_t words = automaton->words, bytes = words * sizeof(uint64_t);

    for (unsigned byte = 0; byte < BYTES; byte++) {
        uint64_t *set = making->takes + automaton->kind_count * words;
        uint32_t kind = 0;

        find_takers(making->relation, byte, set);
        while (memcmp(making->takes + kind * words, set, bytes) != 0)
            kind++;
        automaton->kinds[byte] = (unsigned char)kind;
        automaton->kind_count += kind == automaton->kind_count;
    }
    automaton->stride = automaton->kind_count + 2;
}

static uint64_t hash_of(const uint64_t *set, size_t words)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < words; i++)
        hash = (hash ^ set[i]) * UINT64_C(0x9E3779B97F4A7C15), hash ^= hash >> 29;
    return hash;
}

/* A state of its own for @p set; false if the table is full. */
static bool add_state(struct making *making, const uint64_t *set)
{
    struct automaton *automaton = making->automaton;
    const struct relation *relation = making->relation;
    size_t words = automaton->words, state = making->states;

    if (state == AUTOMATON_STATES || (state + 1) * automaton->stride > AUTOMATON_CELLS)
        return false;
    uint32_t *row = automaton->table + state * automaton->stride;
    memcpy(automaton->sets + state * words, set, words * sizeof(*set));
    row[automaton->kind_count] = (sets_meet(set, relation->hit, words) ? FLAG_HIT : 0) |
                                 (sets_meet(set, relation->last, words) ? FLAG_LAST : 0);
    row[automaton->kind_count + 1] = (uint32_t)state;
    making->states++;
    return true;
}

/* The state of @p set, found or made; false if there is no room. */
static bool state_of(struct making *making, const uint64_t *set, uint32_t *state)
{
    struct automaton *automaton = making->automaton;
    size_t words = automaton->words;
    size_t slot = (size_t)(hash_of(set, words) % SLOTS);

    if (making->stops && sets_meet(set, making->relation->hit, words)) {
        *state = HIT_STATE;
        return true;
    }
    if (making->stops && set_is_empty(set, words) &&
        set_is_empty(making->relation->always, words)) {
        *state = NO_STATE;
        return true;
    }
    for (; making->slots[slot]; slot = (slot + 1) % SLOTS) {
        *state = making->slots[slot] - 1u;
        if (memcmp(automaton->sets + *state * words, set, words * sizeof(*set)) == 0)
            return true;
    }
    *state = (uint32_t)making->states;
    if (!add_state(making, set))
        return false;
    making->slots[slot] = (uint16_t)(*state + 1);
    return true;
}

/* Which positions may take the byte behind @p state. */
static void find_candidates(const struct making *making, size_t state, uint64_t *set)
{
    const struct relation *relation = making->relation;
    const uint64_t *own = making->automaton->sets + state * relation->words;
    size_t words = relation->words;

    memcpy(set, state == START_STATE ? relation->first : relation->always, words * sizeof(*set));
    if (state == START_STATE)
        return;
    for (size_t i = 0; i < relation->count; i++)
        for (size_t j = 0; set_has(own, i) && j < words; j++)
            set[j] |= relation->next[i * words + j];
}

static bool fill_row(struct making *making, size_t state)
{
    struct automaton *automaton = making->automaton;
    size_t words = automaton->words;
    uint64_t *candidates = making->scratch, *set = candidates + words;
    uint32_t next;

    find_candidates(making, state, candidates);
    for (uint32_t kind = 0; kind < automaton->kind_count; kind++) {
        for (size_t i = 0; i < words; i++)
            set[i] = candidates[i] & making->takes[kind * words + i];
        if (!state_of(making, set, &next))
            return false;
        automaton->table[state * automaton->stride + kind] = next * automaton->stride;
    }
    return true;
}

static bool fill_table(struct making *making)
{
    uint64_t *nothing = mem_array(making->automaton->words, sizeof(uint64_t));
    bool good = true;

    for (int state = NO_STATE; state <= START_STATE; state++)
        add_state(making, nothing);
    for (size_t state = START_STATE; good && state < making->states; state++)
        good = fill_row(making, state);
    free(nothing);
    return good;
}

/* False: it would be too large. */
static bool make_table(struct automaton *automaton, const struct relation *relation, bool stops)
{
    struct making *making = mem_new(struct making);
    bool good;

    making->relation = relation;
    making->automaton = automaton;
    making->stops = stops;
    making->takes = mem_array((BYTES + 1) * relation->words, sizeof(uint64_t));
    making->scratch = mem_array(2 * relation->words, sizeof(uint64_t));
    automaton->table = mem_array(AUTOMATON_CELLS, sizeof(uint32_t));
    automaton->sets = mem_array(AUTOMATON_STATES * relation->words, sizeof(uint64_t));
    find_kinds(making);
    good = fill_table(making);
    if (good) {
        size_t cells = making->states * automaton->stride;
        automaton->table = mem_resize(automaton->table, cells * sizeof(uint32_t));
        automaton->sets =
            mem_resize(automaton->sets, making->states * relation->words * sizeof(uint64_t));
    } else {
        free(automaton->table);
        free(automaton->sets);
        automaton->table = NULL;
        automaton->sets = NULL;
    }
    free(making->takes);
    free(making->scratch);
    free(making);
    return good;
}

/* --- as bits ---------------------------------------------------------------------------------- */

/* The bit that no position has: a set of its own, before the first byte. */
#define START_BIT (UINT64_C(1) << AUTOMATON_WORD)

static void allow_next(struct automaton *automaton, size_t position, uint64_t set)
{
    for (unsigned bits = 0; bits < BYTES; bits++)
        if (bits >> (position % 8) & 1)
            automaton->next[position / 8][bits] |= set;
}

static void make_bits(struct automaton *automaton, const struct relation *relation)
{
    automaton->always = *relation->always;
    automaton->hit = *relation->hit;
    automaton->last = *relation->last;
    for (unsigned byte = 0; byte < BYTES; byte++)
        find_takers(relation, byte, &automaton->takes[byte]);
    for (size_t i = 0; i < relation->count; i++)
        allow_next(automaton, i, relation->next[i]);
    allow_next(automaton, AUTOMATON_WORD, *relation->first);
}

/* Joined in pairs: none waits for the one before. */
static inline uint64_t bits_step(const struct automaton *automaton, uint64_t set, char byte)
{
    const uint64_t(*next)[BYTES] = automaton->next;
    uint64_t a = next[0][set & 0xFF] | next[1][set >> 8 & 0xFF];
    uint64_t b = next[2][set >> 16 & 0xFF] | next[3][set >> 24 & 0xFF];
    uint64_t c = next[4][set >> 32 & 0xFF] | next[5][set >> 40 & 0xFF];
    uint64_t d = next[6][set >> 48 & 0xFF] | next[7][set >> 56];

    return ((a | b) | (c | d) | automaton->always) & automaton->takes[(unsigned char)byte];
}

/* What hits is looked for once a block. */
static bool bits_hit(const struct automaton *automaton, struct slice text)
{
    uint64_t set = START_BIT, all = 0;

    for (size_t i = 0; i < text.length; i++) {
        set = bits_step(automaton, set, text.data[i]);
        all |= set;
        if (i % BLOCK == BLOCK - 1 && ((all & automaton->hit) || !(set | automaton->always)))
            break;
    }
    return (all & automaton->hit) || (set & automaton->last);
}

static uint64_t bits_back(const struct automaton *automaton, uint64_t set, struct slice text,
                          uint64_t *states, bool *hit)
{
    uint64_t all = 0;

    for (size_t i = text.length; i-- > 0;) {
        set = bits_step(automaton, set, text.data[i]);
        all |= set;
        if (states)
            states[i] = set;
    }
    *hit |= (all & automaton->hit) != 0;
    return set;
}

/* --- both ------------------------------------------------------------------------------------- */

struct automaton *automaton_new(const struct relation *relation, bool stops, struct err *err)
{
    struct automaton *automaton = mem_new(struct automaton);

    automaton->words = relation->words;
    if (make_table(automaton, relation, stops))
        return automaton;
    if (relation->count <= AUTOMATON_WORD) {
        make_bits(automaton, relation);
        return automaton;
    }
    free(automaton);
    err_set(err, ERR_CONFIG,
            "this pattern is too costly: it has more than %d characters, repeats written out, and "
            "what it has to remember of a text can take more than %d forms",
            AUTOMATON_WORD, AUTOMATON_STATES);
    return NULL;
}

bool automaton_is_table(const struct automaton *automaton)
{
    return automaton->table != NULL;
}

void automaton_free(struct automaton *automaton)
{
    if (!automaton)
        return;
    free(automaton->table);
    free(automaton->sets);
    free(automaton);
}

bool automaton_hits(const struct automaton *automaton, struct slice text)
{
    const uint32_t *table = automaton->table;
    const char *at = text.data, *end = at + text.length;
    uint32_t row = START_STATE * automaton->stride, lives = row;

    if (!text.length)
        return false;
    if (!table)
        return bits_hit(automaton, text);
    while (at < end) {
        row = table[row + automaton->kinds[(unsigned char)*at++]];
        if (row < lives)
            return row == HIT_STATE * automaton->stride;
    }
    return table[row + automaton->kind_count] != 0;
}

uint64_t automaton_start(const struct automaton *automaton)
{
    return automaton->table ? START_STATE * automaton->stride : START_BIT;
}

static uint64_t table_back(const struct automaton *automaton, uint64_t state, struct slice text,
                           uint64_t *states, bool *hit)
{
    const uint32_t *table = automaton->table;
    uint32_t row = (uint32_t)state, flags = 0;

    for (size_t i = text.length; i-- > 0;) {
        row = table[row + automaton->kinds[(unsigned char)text.data[i]]];
        flags |= table[row + automaton->kind_count];
        if (states)
            states[i] = row;
    }
    *hit |= (flags & FLAG_HIT) != 0;
    return row;
}

uint64_t automaton_back(const struct automaton *automaton, uint64_t state, struct slice text,
                        uint64_t *states, bool *hit)
{
    return automaton->table ? table_back(automaton, state, text, states, hit)
                            : bits_back(automaton, state, text, states, hit);
}

const uint64_t *automaton_set(const struct automaton *automaton, const uint64_t *state)
{
    if (!automaton->table)
        return state;
    return automaton->sets +
           automaton->table[*state + automaton->kind_count + 1] * automaton->words;
}
