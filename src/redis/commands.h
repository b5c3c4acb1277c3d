/* commands.h: what penstock knows of Redis' commands; the rows are in commands.def. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum command_flag {
    COMMAND_WRITES = 1 << 0,     /* changes keys */
    COMMAND_IDEMPOTENT = 1 << 1, /* in order, a repeat leaves the same state */
    COMMAND_REMOVES = 1 << 2,    /* removes keys or members: no ttl */
    COMMAND_WHOLE_KEY = 1 << 3,  /* one write that makes the whole key: a tombstone may UNLINK it */
    COMMAND_TTL_PX = 1 << 4,     /* takes "PX milliseconds" behind its arguments (SET) */
    COMMAND_NOT_A_WRITE = 1 << 5 /* reads, blocks or changes the connection: refused in a route */
};

struct command {
    const char *name;                  /* upper case */
    int arity;                         /* as COMMAND INFO: the name counts; negative: at least */
    int first_key, last_key, key_step; /* as COMMAND INFO; 0: no key; last_key -1: to the end */
    unsigned flags;                    /* of enum command_flag */
    unsigned index;                    /* place in commands.def, for metrics */
};

/** The command called @p name, letter case aside; NULL where it is not known. */
const struct command *command_find(struct slice name);

/** All rows, in the order of commands.def. */
const struct command *command_all(size_t *count);

/**
 * The positions of the keys among @p count arguments (argument 0 is the name), for numkeys commands
 * too. Writes at most @p limit positions; returns how many there are.
 */
size_t command_keys(const struct command *command, const struct slice *arguments, size_t count,
                    size_t *positions, size_t limit);
