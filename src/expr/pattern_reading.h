/* pattern_reading.h: the text of a pattern while its program is written. */
#pragma once
#include "expr/pattern_program.h"

#include <stdbool.h>

struct reading {
    const char *at, *end;
    enum pattern_unit unit;
    struct program *program;
    unsigned nested;
    struct err *err;
};

/** Sets ERR_CONFIG with what stands at @p at. Always false. */
bool reading_wrong(const struct reading *reading, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bool reading_sees(const struct reading *reading, char byte)
{
    return reading->at < reading->end && *reading->at == byte;
}

/** Passes over @p byte; false if something else comes. */
static inline bool reading_takes(struct reading *reading, char byte)
{
    bool there = reading_sees(reading, byte);

    reading->at += there;
    return there;
}

/* Each adds to the program. Errors: false and ERR_CONFIG if it would be too large. */
bool reading_add(struct reading *reading, struct step step);
bool reading_add_split(struct reading *reading, int first, int second, bool lazy);
bool reading_add_set(struct reading *reading, const struct byte_set *set);

/* pattern_character.c: each reads from reading->at on and adds the code of it. */
bool reading_character(struct reading *reading);
bool reading_any(struct reading *reading);
bool reading_escaped(struct reading *reading);
bool reading_brackets(struct reading *reading);
