/* clock.h: the two clocks: one for deadlines, one for dates. */
#pragma once
#include <stdint.h>

/** Milliseconds of a clock that never jumps; for deadlines and durations. */
int64_t clock_ms(void);

/** Microseconds of the same clock. */
int64_t clock_us(void);

/** Milliseconds since 1970 by the wall clock; to compare with Kafka's timestamps. */
int64_t clock_wall_ms(void);
