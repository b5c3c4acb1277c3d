/* commands.h: what penstock knows of Redis' commands; the rows are in commands.def. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum command_flag {
    COMMAND_WRITES = 1 << 0,     /* changes keys */
    COMMAND_IDEMPOTENT = 1 << 1, /* in order, a repeat leaves the same state */
    COMMAND_REMOVES = 1 << 2,    /* removes keys or members: no ttl */
    COMMAND_WHOLE_KEY = 1 << 3,  /* one write that makes the whole key: a tombstone may UNLINK it */
    COMMAND_TTL_PX = 1 << 4,     /* takes "PX milliseconds" behind its arguments (SET) */
    COMMAND_NOT_A_WRITE = 1 << 5, /* reads, blocks or changes the connection: refused in a route */
    COMMAND_OWN_TTL = 1 << 6,     /* sets the key's time to live itself: no ttl */
    COMMAND_STORES = 1 << 7,      /* a key may follow the word STORE or STOREDIST */
    COMMAND_TO_FIRST = 1 << 8,    /* writes its first key, reads the others */
    COMMAND_TO_LAST = 1 << 9,     /* writes its last key, reads the others */
    COMMAND_REFUSED_TWICE = 1 << 10 /* a repeat may be refused: what it makes is there */
};

struct command {
    const char *name;                  /* upper case */
    int arity;                         /* as COMMAND INFO: the name counts; negative: at least */
    int first_key, last_key, key_step; /* as COMMAND INFO; 0: no key; last_key -1: to the end */
    int numkeys;         /* position of the argument that counts the keys behind it; 0: none */
    const char *refused; /* NULL, or why a route may not use it: "only reads" */
    unsigned flags;      /* of enum command_flag */
    const char *undo;    /* what takes back what a record wrote: "HDEL key field"; NULL: nothing */
    const char *shape;   /* its arguments (shape.h); NULL if it is refused */
    unsigned index;      /* place in commands.def, for metrics */
};

/** The command called @p name, letter case aside; NULL if it is not known. */
const struct command *command_find(struct slice name);

/** All rows, in the order of commands.def. */
const struct command *command_all(size_t *count);

/** Whether a ttl makes sense behind it: it writes a key that stays and has no time of its own. */
bool command_takes_ttl(const struct command *command);

/**
 * The positions of the keys among @p count arguments (argument 0 is the name), for numkeys commands
 * too. Writes at most @p limit positions; returns how many there are.
 */
size_t command_keys(const struct command *command, const struct slice *arguments, size_t count,
                    size_t *positions, size_t limit);

/** The same for the keys that it writes, which a ttl concerns: not the sources of ZUNIONSTORE. */
size_t command_written_keys(const struct command *command, const struct slice *arguments,
                            size_t count, size_t *positions, size_t limit);

/** Writes the reference page (docs/reference/commands.md). */
void command_write_reference(FILE *out);
