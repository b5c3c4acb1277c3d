/* suspect.c: a command that ends the connection it comes by. */
#include "redis/suspect.h"

#include <stdio.h>

enum { PAUSE_MS = 250, LEAST_CUTS = 2 };

void suspect_cut(struct suspect *suspect, uint64_t number, size_t bytes, int64_t now_ms)
{
    if (!suspect_is(suspect, number))
        *suspect = (struct suspect){.number = number};
    if (!suspect->cuts++)
        suspect->since_ms = now_ms;
    suspect->bytes = bytes;
    suspect->ends++;
}

void suspect_doubt(struct suspect *suspect)
{
    suspect->cuts = 0;
}

void suspect_clear(struct suspect *suspect)
{
    *suspect = (struct suspect){0};
}

int64_t suspect_pause_ms(const struct suspect *suspect)
{
    return (int64_t)suspect->cuts * PAUSE_MS;
}

bool suspect_is_guilty(const struct suspect *suspect, int64_t timeout_ms, int64_t now_ms)
{
    bool too_long = timeout_ms && now_ms - suspect->since_ms >= timeout_ms;

    return suspect->cuts >= SUSPECT_CUTS || (suspect->cuts >= LEAST_CUTS && too_long);
}

void suspect_write(const struct suspect *suspect, char text[SUSPECT_TEXT_BYTES])
{
    snprintf(text, SUSPECT_TEXT_BYTES,
             "the server ended %u connection%s%s at this command (%zu bytes) without an answer",
             suspect->ends, suspect->ends == 1 ? "" : "s",
             suspect->ends == suspect->cuts && suspect->ends > 1 ? " in a row" : "",
             suspect->bytes);
}
