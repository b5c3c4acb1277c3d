/*
 * simulator.c: drives the world through random lives and looks for one that breaks a promise.
 *
 *      simulator [LIVES [SEED]]        100000 lives of each mode, seed from the clock
 *
 * Every life is a row of steps drawn from its own seed. One that fails is shrunk: steps are left
 * out as long as it still fails, and what is left is printed. Its last line is "N passed, N
 * failed".
 */
#include "base/log.h"
#include "base/mem.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS_LEAST = 40, STEPS_MOST = 640 };

/* A transaction takes more steps than a few commands do. */
static const size_t steps_most[] = {240, STEPS_MOST};

struct life {
    enum world_mode mode;
    struct world_step steps[STEPS_MOST];
    size_t count;
};

struct kind {
    const char *name;
    unsigned weight;
    bool exactly;
};

#define KIND(name, weight, exactly) {#name, weight, exactly},
static const struct kind kinds[] = {WORLD_STEPS(KIND)};
#undef KIND

static const char *const modes[] = {"at_least_once", "exactly_once"};

/* splitmix64: small, good enough, the same everywhere */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint8_t draw_kind(uint64_t *state, enum world_mode mode)
{
    unsigned sum = 0, at;

    for (size_t i = 0; i < WORLD_STEP_KINDS; i++)
        if (!kinds[i].exactly || mode == WORLD_EXACTLY_ONCE)
            sum += kinds[i].weight;
    at = (unsigned)(draw(state) % sum);
    for (size_t i = 0; i < WORLD_STEP_KINDS; i++) {
        if (kinds[i].exactly && mode != WORLD_EXACTLY_ONCE)
            continue;
        if (at < kinds[i].weight)
            return (uint8_t)i;
        at -= kinds[i].weight;
    }
    return 0;
}

static void life_draw(struct life *life, uint64_t seed, enum world_mode mode)
{
    uint64_t state = seed;

    life->mode = mode;
    life->count = STEPS_LEAST + draw(&state) % (steps_most[mode] - STEPS_LEAST);
    for (size_t i = 0; i < life->count; i++) {
        uint64_t random = draw(&state);
        life->steps[i] =
            (struct world_step){draw_kind(&state, mode), random % WORLD_WORKERS,
                                random / 16 % WORLD_PARTITIONS, (uint8_t)(random >> 32)};
    }
}

static void counts_add(struct world_counts *sum, const struct world_counts *one)
{
    sum->crashes += one->crashes;
    sum->cuts += one->cuts;
    sum->moves += one->moves;
    sum->refused_commits += one->refused_commits;
    sum->repeats += one->repeats;
    sum->fences += one->fences;
    sum->claims += one->claims;
    sum->failovers += one->failovers;
    sum->stale += one->stale;
    sum->records += one->records;
    sum->condemned += one->condemned;
    sum->given_up += one->given_up;
    sum->missed += one->missed;
    sum->remakes += one->remakes;
    sum->regrowths += one->regrowths;
    sum->replaced += one->replaced;
}

/* False: it broke a promise; @p text says which one. */
static bool life_run(const struct life *life, char text[WORLD_TEXT_BYTES],
                     struct world_counts *counts)
{
    struct world *world = world_new(life->mode);
    bool good = true;

    for (size_t i = 0; good && i < life->count; i++)
        good = world_step(world, life->steps[i]);
    good = good && world_end(world);
    if (!good)
        snprintf(text, WORLD_TEXT_BYTES, "%s", world_text(world));
    if (counts)
        counts_add(counts, world_counts(world));
    world_free(world);
    return good;
}

/* Leaves out @p length steps from @p from on, if it still fails without them. */
static bool life_cut(struct life *life, size_t from, size_t length, char text[WORLD_TEXT_BYTES])
{
    struct life shorter = {.mode = life->mode};

    for (size_t i = 0; i < life->count; i++)
        if (i < from || i >= from + length)
            shorter.steps[shorter.count++] = life->steps[i];
    if (life_run(&shorter, text, NULL))
        return false;
    *life = shorter;
    return true;
}

static void life_shrink(struct life *life, char text[WORLD_TEXT_BYTES])
{
    for (size_t length = life->count / 2; length > 0; length /= 2)
        for (size_t from = 0; from + length <= life->count;)
            if (!life_cut(life, from, length, text))
                from += length;
}

static void life_print(const struct life *life, uint64_t seed, const char *text)
{
    printf("FAIL %s, seed %" PRIu64 ": %s\n    shrunk to %zu steps:\n", modes[life->mode], seed,
           text, life->count);
    for (size_t i = 0; i < life->count; i++)
        printf("    %s worker=%u partition=%u amount=%u\n", kinds[life->steps[i].kind].name,
               life->steps[i].worker, life->steps[i].partition, life->steps[i].amount);
}

/* Whether every kind of trouble happened often enough for the lives to say something. */
static bool counts_are_rich(const struct world_counts *counts, enum world_mode mode, uint64_t lives)
{
    bool exactly = mode == WORLD_EXACTLY_ONCE;

    printf("%s: %" PRIu64 " lives: %" PRIu64 " crashes, %" PRIu64 " cuts, %" PRIu64
           " moves, %" PRIu64 " refused commits, %" PRIu64 " repeats, %" PRIu64
           " stale commands, %" PRIu64 " claims, %" PRIu64 " fences, %" PRIu64
           " failovers, %" PRIu64 " records that ended connections, %" PRIu64
           " commands given up, %" PRIu64 " entries below a foreign one, %" PRIu64
           " topics made anew, %" PRIu64 " logs cut, %" PRIu64 " starts in another log, %" PRIu64
           " records before the end\n",
           modes[mode], lives, counts->crashes, counts->cuts, counts->moves,
           counts->refused_commits, counts->repeats, counts->stale, counts->claims, counts->fences,
           counts->failovers, counts->condemned, counts->given_up, counts->missed, counts->remakes,
           counts->regrowths, counts->replaced, counts->records);
    if (lives < 1000)
        return true;
    return counts->crashes > lives / 10 && counts->cuts > lives / 10 &&
           counts->moves > lives / 10 && counts->refused_commits > lives / 100 &&
           counts->stale > lives / 100 && counts->condemned > lives / 2 &&
           counts->given_up > lives / 100 && counts->remakes > lives / 5 &&
           counts->regrowths > lives / 100 && counts->replaced > lives / 20 &&
           (exactly ? counts->fences > lives / 100 && counts->failovers > lives / 20
                    : counts->repeats > lives / 100 && counts->missed > lives / 10);
}

static bool run_mode(enum world_mode mode, uint64_t lives, uint64_t seed)
{
    struct life *life = mem_new(struct life);
    struct world_counts counts = {0};
    char text[WORLD_TEXT_BYTES];
    bool good = true;

    for (uint64_t i = 0; good && i < lives; i++) {
        life_draw(life, seed + i, mode);
        good = life_run(life, text, &counts);
        if (good)
            continue;
        life_shrink(life, text);
        life_print(life, seed + i, text);
    }
    free(life);
    if (good && !counts_are_rich(&counts, mode, lives)) {
        printf("FAIL %s: the lives were too quiet to say anything\n", modes[mode]);
        return false;
    }
    return good;
}

int main(int argc, char **argv)
{
    uint64_t lives = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000003;
    unsigned passed = 0;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    printf("seed %" PRIu64 "\n", seed);
    for (unsigned mode = 0; mode <= WORLD_EXACTLY_ONCE; mode++)
        passed += run_mode((enum world_mode)mode, lives, seed);
    printf("%u passed, %u failed\n", passed, 2 - passed);
    return passed == 2 ? 0 : 1;
}
