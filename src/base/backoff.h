/* backoff.h: how long to wait before the next try. */
#pragma once
#include <stdint.h>

/** Doubles from first_ms to longest_ms; each wait is random between 1 ms and that (jitter). */
struct backoff {
    int64_t first_ms, longest_ms;
    int64_t current_ms; /* 0: the next wait is the first */
    uint64_t random;    /* state of the generator; seeded at the first use */
};

/** Milliseconds to wait now; the next answer is about twice as long. */
int64_t backoff_next(struct backoff *backoff);

/** The try succeeded: begin again with first_ms. */
void backoff_reset(struct backoff *backoff);
