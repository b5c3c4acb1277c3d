/*
 * pattern_program.h: the text of a pattern as a little program, the parts of pattern.c.
 *
 *      pattern  = sequence, { "|", sequence }
 *      sequence = { "^" | "$" | atom, [ repeat, [ "?" ] ] }
 *      atom     = character | "." | "\", escape | brackets | "(", [ "?:" ], pattern, ")"
 *      repeat   = "*" | "+" | "?" | "{", n, [ ",", [ m ] ], "}"
 *
 * Jumps are relative, so that the code of an atom can be moved and copied for its repeats.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/** What "." and "[^a]" stand for one of. */
enum pattern_unit {
    PATTERN_TEXT, /* a character of UTF-8 */
    PATTERN_RAW   /* a byte */
};

enum {
    PROGRAM_SETS = 1000,  /* instructions that take a byte, with the repeats written out */
    PROGRAM_STEPS = 5000, /* instructions of any kind */
    PROGRAM_GROUPS = 64   /* parentheses */
};

enum step_kind {
    STEP_SET,   /* takes one byte of a set */
    STEP_JUMP,  /* goes to first */
    STEP_SPLIT, /* goes to first, or else to second */
    STEP_SAVE,  /* notes the place: group first / 2 begins (even) or ends (odd) */
    STEP_BEGIN, /* holds at the beginning of the text only */
    STEP_END,   /* holds at its end only */
    STEP_MATCH
};

struct step {
    enum step_kind kind;
    int first, second; /* relative; of STEP_SET: the number of its set */
};

/** 256 bits, one for each byte. */
struct byte_set {
    uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *set, unsigned char byte)
{
    return set->bits[byte / 64] >> (byte % 64) & 1;
}

struct program {
    struct step *steps;
    size_t count, room;
    struct byte_set *sets;
    size_t set_count, set_room;
    size_t taking; /* steps that are STEP_SET */
    size_t groups; /* the whole is none */
};

/** Fills @p program from @p text. Errors:  false and ERR_CONFIG; program_clear() ends it anyway. */
bool program_parse(struct program *program, struct slice text, enum pattern_unit unit,
                   struct err *err);

void program_clear(struct program *program);

/** pattern_set.c: the set of "\d" and its like, or of "[:alpha:]"; false if there is none. */
bool byte_set_of_escape(char letter, struct byte_set *set);
bool byte_set_of_class(struct slice name, struct byte_set *set);
