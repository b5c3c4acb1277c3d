/* pattern_reading.c: the program of a pattern grows, step by step. */
#include "expr/pattern_reading.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN = 20 /* bytes of the pattern that an error shows */ };

bool reading_wrong(const struct reading *reading, const char *at, const char *format, ...)
{
    size_t rest = (size_t)(reading->end - at);
    char what[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (!rest)
        return err_set(reading->err, ERR_CONFIG, "bad pattern at its end: %s", what);
    return err_set(reading->err, ERR_CONFIG, "bad pattern at '%.*s%s': %s",
                   (int)(rest < SHOWN ? rest : SHOWN), at, rest > SHOWN ? "..." : "", what);
}

static bool fits(const struct reading *reading, size_t steps, size_t taking)
{
    return (reading->program->count + steps <= PROGRAM_STEPS &&
            reading->program->taking + taking <= PROGRAM_SETS) ||
           err_set(reading->err, ERR_CONFIG,
                   "the repeats of this pattern make it too large: written out it may have %d "
                   "characters",
                   PROGRAM_SETS);
}

bool reading_add(struct reading *reading, struct step step)
{
    struct program *program = reading->program;

    if (!fits(reading, 1, step.kind == STEP_SET))
        return false;
    program->steps = mem_grow(program->steps, program->count, &program->room, sizeof(step));
    program->steps[program->count++] = step;
    program->taking += step.kind == STEP_SET;
    return true;
}

bool reading_add_split(struct reading *reading, int first, int second, bool lazy)
{
    return reading_add(reading,
                       (struct step){STEP_SPLIT, lazy ? second : first, lazy ? first : second});
}

bool reading_add_set(struct reading *reading, const struct byte_set *set)
{
    struct program *program = reading->program;
    size_t number = 0;

    while (number < program->set_count && memcmp(&program->sets[number], set, sizeof(*set)) != 0)
        number++;
    if (number == program->set_count) {
        program->sets =
            mem_grow(program->sets, program->set_count, &program->set_room, sizeof(*set));
        program->sets[program->set_count++] = *set;
    }
    return reading_add(reading, (struct step){STEP_SET, (int)number, 0});
}
