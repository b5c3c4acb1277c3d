/* pace.c: a limit of records a second. */
#include "flow/pace.h"

enum { BURST_PART = 10 };

static double burst_of(const struct pace *pace)
{
    double burst = (double)pace->per_second / (double)BURST_PART;

    return burst < 1 ? 1 : burst;
}

size_t pace_room(struct pace *pace, int64_t now_ms)
{
    if (!pace->per_second)
        return SIZE_MAX;
    if (pace->at_ms)
        pace->room += (double)(now_ms - pace->at_ms) * (double)pace->per_second / 1000;
    else
        pace->room = 1;
    if (pace->room > burst_of(pace))
        pace->room = burst_of(pace);
    pace->at_ms = now_ms;
    return pace->room < 1 ? 0 : (size_t)pace->room;
}

void pace_took(struct pace *pace, size_t records)
{
    if (pace->per_second)
        pace->room -= (double)records;
}

int64_t pace_wait_ms(const struct pace *pace)
{
    if (!pace->per_second || pace->room >= 1)
        return 0;
    return (int64_t)((1 - pace->room) * 1000 / (double)pace->per_second) + 1;
}
