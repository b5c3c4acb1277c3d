/* gave_up_after.h: how long a refused command was tried for, as its text says. */
#pragma once
#include <stdlib.h>
#include <string.h>

/** Milliseconds; -1 if the text does not say that it was given up. */
static inline int64_t gave_up_after_ms(const char *text)
{
    const char *found = text ? strstr(text, ": gave up after ") : NULL;

    return found ? atoll(found + strlen(": gave up after ")) : -1;
}
