/*
 * resume.h: where an exactly-once partition resumes: weighs what Redis and Kafka know of it.
 *
 *      no checkpoint                             where Kafka has it
 *      one that fits the log                     where it says, its gaps first
 *      one that does not (a mismatch)            as on_checkpoint_mismatch says
 *      one of another log                        as on_out_of_range says, unless Kafka or Redis are
 *                                                to be believed
 *
 * Nothing here asks anybody or remembers anything.
 */
#pragma once
#include "conf/conf.h"
#include "kafka/identity.h"
#include "kafka/witness.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESUME_TEXT_BYTES = 400, RESUME_WHY_BYTES = 160 };

struct resume_facts {
    /* What Redis has. */
    bool found, readable, same_routes;
    char unreadable[RESUME_WHY_BYTES]; /* why it cannot be read */
    int64_t next;                      /* the offset to resume at */
    int64_t oldest_gap;                /* a record below it that was not carried out; -1: none */
    struct identity log;               /* of the log that it is of */
    struct witness record;             /* the one below next, as Redis remembers it */
    bool another;                      /* the log is another one than that */
    struct witness missing; /* a record that a checkpoint remembered, and the log does not have */
    /* What Kafka has, asked after the claim. */
    int64_t low, high;
    enum conf_mismatch policy;
};

enum resume_kind {
    RESUME_KAFKA, /* where Kafka's group has it, else at "start"; the checkpoint is written again */
    RESUME_REDIS, /* read from .from, carry out from .next */
    RESUME_OUT_OF_RANGE, /* Redis is believed, but the log has no .next: on_out_of_range says */
    RESUME_ANOTHER,      /* the log is another one: on_out_of_range says */
    RESUME_HOLD
};

struct resume {
    enum resume_kind kind;
    int64_t from, next;
    int64_t compared; /* a record there is to be what Redis remembers; -1: nothing is compared */
    bool mismatch;    /* text says which */
    bool another;     /* the checkpoint is of another log, and is not believed */
    char text[RESUME_TEXT_BYTES];
};

struct resume resume_decide(const struct resume_facts *facts);
