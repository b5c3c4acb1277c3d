/* pace.h: a limit of records a second. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/** All zero: no limit. */
struct pace {
    int64_t per_second; /* 0: no limit */
    int64_t at_ms;      /* when the room was counted last */
    double room;        /* records that may be taken now; below zero: too many were */
};

/** How many records may be taken, a tenth of a second's worth at most. */
size_t pace_room(struct pace *pace, int64_t now_ms);

void pace_took(struct pace *pace, size_t records);

/** Milliseconds until there is room for one; 0: there is. */
int64_t pace_wait_ms(const struct pace *pace);
