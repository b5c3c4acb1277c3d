/* pattern_program.c: the text of a pattern as a little program. */
#include "expr/pattern_program.h"

#include "base/mem.h"
#include "expr/pattern_reading.h"

#include <ctype.h>
#include <stdlib.h>

enum {
    NESTED = 100,
    REPEATS = 1000, /* most that "{n,m}" may say */
    ENDLESS = -1
};

/* --- code ------------------------------------------------------------------------------------- */

static bool add_code(struct reading *reading, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!reading_add(reading, steps[i]))
            return false;
    return true;
}

/* Puts a split before the code from @p start on. */
static bool insert_split(struct reading *reading, size_t start, int second)
{
    struct program *program = reading->program;

    if (!reading_add(reading, (struct step){.kind = STEP_JUMP}))
        return false;
    memmove(&program->steps[start + 1], &program->steps[start],
            (program->count - 1 - start) * sizeof(program->steps[0]));
    program->steps[start] = (struct step){STEP_SPLIT, 1, second};
    return true;
}

/* --- repeats ---------------------------------------------------------------------------------- */

static bool read_count(struct reading *reading, int *count)
{
    const char *first = reading->at;

    for (*count = 0; reading->at < reading->end && isdigit((unsigned char)*reading->at);
         reading->at++)
        if (*count <= REPEATS)
            *count = *count * 10 + (*reading->at - '0');
    return reading->at > first;
}

/* "{n}", "{n,}" or "{n,m}" at reading->at. */
static bool read_counts(struct reading *reading, int *least, int *most)
{
    const char *first = reading->at++;

    if (!read_count(reading, least))
        return reading_wrong(reading, first,
                             "expected {n}, {n,} or {n,m}; the character is written '\\{'");
    *most = *least;
    if (reading_takes(reading, ',') && !read_count(reading, most))
        *most = ENDLESS;
    if (!reading_takes(reading, '}'))
        return reading_wrong(reading, first,
                             "expected {n}, {n,} or {n,m}; the character is written '\\{'");
    if (*least > REPEATS || *most > REPEATS)
        return reading_wrong(reading, first, "no more than %d repeats", REPEATS);
    return *most == ENDLESS || *least <= *most ||
           reading_wrong(reading, first, "the first number must not be larger than the second");
}

/* Writes out the repeats of an atom. */
static bool add_repeats(struct reading *reading, const struct step *code, int length, int least,
                        int most, bool lazy)
{
    for (int i = 0; i < least; i++)
        if (!add_code(reading, code, (size_t)length))
            return false;
    if (most == ENDLESS && least > 0)
        return reading_add_split(reading, -length, 1, lazy);
    if (most == ENDLESS)
        return reading_add_split(reading, 1, length + 2, lazy) &&
               add_code(reading, code, (size_t)length) &&
               reading_add(reading, (struct step){.kind = STEP_JUMP, .first = -length - 1});
    for (int left = most - least; left > 0; left--)
        if (!reading_add_split(reading, 1, left * (length + 1), lazy) ||
            !add_code(reading, code, (size_t)length))
            return false;
    return true;
}

static bool sees_repeat(const struct reading *reading)
{
    return reading_sees(reading, '*') || reading_sees(reading, '+') || reading_sees(reading, '?') ||
           reading_sees(reading, '{');
}

/* The repeat that may stand behind the atom whose code begins at @p start. */
static bool read_repeat(struct reading *reading, size_t start)
{
    struct program *program = reading->program;
    int length = (int)(program->count - start), least = 0, most = ENDLESS;
    struct step *code;
    bool good;

    if (!sees_repeat(reading))
        return true;
    if (reading_sees(reading, '{')) {
        if (!read_counts(reading, &least, &most))
            return false;
    } else {
        least = *reading->at == '+';
        most = *reading->at == '?' ? 1 : ENDLESS;
        reading->at++;
    }
    bool lazy = reading_takes(reading, '?');
    if (sees_repeat(reading))
        return reading_wrong(reading, reading->at,
                             "a repeat of a repeat; the first one goes in (?:...)");
    if (!length)
        return true;
    code = mem_array((size_t)length, sizeof(*code));
    memcpy(code, &program->steps[start], (size_t)length * sizeof(*code));
    program->count = start;
    for (int i = 0; i < length; i++)
        program->taking -= code[i].kind == STEP_SET;
    good = add_repeats(reading, code, length, least, most, lazy);
    free(code);
    return good;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool read_alternatives(struct reading *reading);

/* "(...)" or "(?:...)" at reading->at. */
static bool read_group(struct reading *reading)
{
    const char *opening = reading->at++;
    bool named = !reading_takes(reading, '?');
    int number;

    if (!named && !reading_takes(reading, ':'))
        return reading_wrong(reading, opening, "patterns do not know '(?' but '(?:'");
    if (reading->nested++ == NESTED)
        return reading_wrong(reading, opening, "more than %d parentheses within each other",
                             NESTED);
    if (named && reading->program->groups == PROGRAM_GROUPS)
        return reading_wrong(reading, opening, "more than %d groups", PROGRAM_GROUPS);
    number = named ? (int)++reading->program->groups : 0;
    if (named && !reading_add(reading, (struct step){STEP_SAVE, number * 2, 0}))
        return false;
    if (!read_alternatives(reading))
        return false;
    if (!reading_takes(reading, ')'))
        return reading_wrong(reading, opening, "'(' is never closed");
    reading->nested--;
    return !named || reading_add(reading, (struct step){STEP_SAVE, number * 2 + 1, 0});
}

static bool read_atom(struct reading *reading)
{
    switch (*reading->at) {
    case '(':
        return read_group(reading);
    case '[':
        return reading_brackets(reading);
    case '\\':
        return reading_escaped(reading);
    case '.':
        return reading_any(reading);
    default:
        return reading_character(reading);
    }
}

/* An anchor, or an atom with its repeat. */
static bool read_item(struct reading *reading)
{
    size_t start = reading->program->count;

    if (sees_repeat(reading))
        return reading_wrong(reading, reading->at, "there is nothing to repeat before it");
    if (reading_takes(reading, '^'))
        return reading_add(reading, (struct step){.kind = STEP_BEGIN});
    if (reading_takes(reading, '$'))
        return reading_add(reading, (struct step){.kind = STEP_END});
    return read_atom(reading) && read_repeat(reading, start);
}

static bool read_alternatives(struct reading *reading)
{
    struct program *program = reading->program;
    size_t start = program->count, jump;

    while (reading->at < reading->end && *reading->at != '|' && *reading->at != ')')
        if (!read_item(reading))
            return false;
    if (!reading_takes(reading, '|'))
        return true;
    if (!insert_split(reading, start, (int)(program->count - start) + 2))
        return false;
    jump = program->count;
    if (!reading_add(reading, (struct step){.kind = STEP_JUMP}) || !read_alternatives(reading))
        return false;
    program->steps[jump].first = (int)(program->count - jump);
    return true;
}

bool program_parse(struct program *program, struct slice text, enum pattern_unit unit,
                   struct err *err)
{
    struct reading reading = {text.data, text.data + text.length, unit, program, 0, err};

    *program = (struct program){0};
    if (!read_alternatives(&reading))
        return false;
    if (reading.at < reading.end)
        return reading_wrong(&reading, reading.at,
                             "')' closes nothing; the character is written '\\)'");
    return reading_add(&reading, (struct step){.kind = STEP_MATCH});
}

void program_clear(struct program *program)
{
    free(program->steps);
    free(program->sets);
    *program = (struct program){0};
}
