/*
 * problems.h: the newest records that could not be delivered, and partitions that were held.
 *
 * Workers add to one ring, which is read by whoever is asked for it; a lock for as long as a few
 * hundred bytes are copied. Records that are well never come here.
 */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PROBLEMS_KEPT = 256,
    PROBLEM_TOPIC_BYTES = 250, /* Kafka allows 249 */
    PROBLEM_ROUTE_BYTES = 65   /* and names of the configuration have at most 64 */
};

enum problem_kind { PROBLEM_HELD, PROBLEM_DROPPED, PROBLEM_DEAD_LETTERED };

/** Problems of the same kind, partition, route and reason that follow each other are one. */
struct problem {
    enum problem_kind kind;
    int64_t time_ms; /* since 1970; of the newest of them */
    char topic[PROBLEM_TOPIC_BYTES];
    int32_t partition;
    int64_t offset;                  /* of the newest record; -1: it is about none */
    char route[PROBLEM_ROUTE_BYTES]; /* "": it is about none */
    char reason[ERR_TEXT_BYTES];
    uint64_t count;
};

struct problems;

struct problems *problems_new(void);

/** Takes NULL. */
void problems_free(struct problems *problems);

/** "held", ... */
const char *problem_kind_name(enum problem_kind kind);

/** Adds one, now; @p route NULL: it is about none. Any thread. */
void problems_add(struct problems *problems, enum problem_kind kind, const char *topic,
                  int32_t partition, int64_t offset, const char *route, const char *reason);

/** Copies them to @p out, the newest first; returns their number. Any thread. */
size_t problems_copy(struct problems *problems, struct problem out[PROBLEMS_KEPT]);
