/*
 * world.h: a Kafka, a Redis and two workers, small enough that a hundred thousand of their lives
 * fit in a minute.
 *
 * The workers' parts that decide are the real ones: tracker.c, window.c, lane.c, and resume.c,
 * difference.c, commit_note.c, witness.c where a log may be another one. Everything around them is
 * a model that does one small thing at a step: some bytes go out, one command is executed, a member
 * crashes. A step that makes no sense now does nothing, so any row of steps is a life, and a
 * shorter row is one, too.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_WORKERS = 2,
    WORLD_PARTITIONS = 2,
    WORLD_RECORDS = 24,
    WORLD_LOGS = 3,
    WORLD_TEXT_BYTES = 256
};

enum world_mode { WORLD_AT_LEAST_ONCE, WORLD_EXACTLY_ONCE };

/* name, how often among others, only in exactly-once lives */
#define WORLD_STEPS(STEP)                                                                          \
    STEP(POLL, 24, false)    /* a worker takes records */                                          \
    STEP(SEND, 34, false)    /* some of its bytes reach the server */                              \
    STEP(SERVE, 34, false)   /* the server carries out some of its commands */                     \
    STEP(READ, 34, false)    /* it reads some of the answers */                                    \
    STEP(COMMIT, 10, false)  /* it commits to Kafka */                                             \
    STEP(STALE, 6, false)    /* the server carries out what a closed connection had sent */        \
    STEP(CUT, 2, false)      /* a connection breaks */                                             \
    STEP(CONNECT, 16, false) /* and is made again */                                               \
    STEP(ASSIGN, 8, false)   /* the group gives a partition to a worker */                         \
    STEP(REVOKE, 1, false)   /* the group takes one back, and waits */                             \
    STEP(LEAVE, 4, false)    /* a worker that has drained gives it back */                         \
    STEP(EXPIRE, 1, false)   /* the group takes one back; its worker does not know */              \
    STEP(TELL, 3, false)     /* now it knows */                                                    \
    STEP(CRASH, 1, false)    /* a worker ends, and another one begins in its place */              \
    STEP(REMAKE, 1, false)   /* a topic is deleted, and made anew with other records */            \
    STEP(REGROW, 1, false)   /* a log that nobody reads is cut, and grows again with others */     \
    STEP(LOOK, 8, false)     /* a worker asks Kafka which log it is */                             \
    STEP(HAND, 1, false)     /* somebody's entry raises a stream's last id above all offsets */    \
    STEP(ASK, 10, false)     /* a worker asks about an entry that was refused */                   \
    STEP(RESTART, 1, false)  /* the server is started anew */                                      \
    STEP(REFUSE, 1, false)   /* it is out of memory */                                             \
    STEP(ACCEPT, 3, false)   /* and no more */                                                     \
    STEP(REPLICATE, 6, true) /* a replica has caught up */                                         \
    STEP(FAIL_OVER, 1, true) /* and takes over: what came behind is lost */

#define WORLD_STEP_NAME(name, weight, exactly) STEP_##name,
enum world_step_kind { WORLD_STEPS(WORLD_STEP_NAME) WORLD_STEP_KINDS };
#undef WORLD_STEP_NAME

struct world_step {
    uint8_t kind, worker, partition, amount;
};

struct world;

struct world *world_new(enum world_mode mode);
void world_free(struct world *world);

/** One step, then every invariant is looked at; false: one does not hold, world_text() says which.
 */
bool world_step(struct world *world, struct world_step step);

/** Heals everything, lets the workers finish, and judges the whole; false as above. */
bool world_end(struct world *world);

const char *world_text(const struct world *world);

/** How often a thing happened that a good schedule needs: crashes, fences, repeats, refused
 * commits. */
struct world_counts {
    uint64_t crashes, cuts, moves, refused_commits, repeats, fences, claims, failovers, stale,
        records, unsettled, condemned, given_up, missed, remakes, regrowths, replaced;
};

const struct world_counts *world_counts(const struct world *world);
