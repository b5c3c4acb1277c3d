/* startup.c: how far the start is, in numbers and in words. */
#include "app/startup.h"

#include <inttypes.h>
#include <stdio.h>

static int64_t done(const struct startup *startup)
{
    return startup->warming.records - startup->warming.remaining;
}

/* 100 only at the end. */
int64_t startup_percent(const struct startup *startup)
{
    if (!startup->warming.remaining)
        return startup->warming.cold ? 0 : 100;
    return (int64_t)(100.0 * (double)done(startup) / (double)startup->warming.records);
}

int64_t startup_left_ms(const struct startup *startup)
{
    if (!startup->warming.remaining || done(startup) <= 0)
        return -1;
    return (int64_t)((double)startup->elapsed_ms * (double)startup->warming.remaining /
                     (double)done(startup));
}

void startup_write(const struct startup *startup, char text[STARTUP_TEXT_BYTES])
{
    const struct source_warming *warming = &startup->warming;
    int64_t left_ms = startup_left_ms(startup);
    char left[40] = "";

    if (left_ms >= 0)
        snprintf(left, sizeof(left), ", %" PRId64 " s left", (left_ms + 999) / 1000);
    snprintf(text, STARTUP_TEXT_BYTES,
             "%" PRId64 " of %" PRId64 " records, %" PRId64 " %%%s, %u of %u partitions not warm",
             done(startup), warming->records, startup_percent(startup), left, warming->cold,
             warming->partitions);
}
