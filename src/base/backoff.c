/*
 * backoff.c: how long to wait before the next try.
 *
 * The whole wait is random ("full jitter"): after a server's restart a thousand connections come
 * back spread evenly over the step, not in its second half.
 */
#include "base/backoff.h"

#include "base/clock.h"

static uint64_t backoff_random(struct backoff *backoff)
{
    if (!backoff->random) /* two processes, and two connections of one, should not wait in step */
        backoff->random = ((uint64_t)clock_us() ^ (uint64_t)(uintptr_t)backoff << 16) | 1;
    /* xorshift64 by Marsaglia */
    backoff->random ^= backoff->random << 13;
    backoff->random ^= backoff->random >> 7;
    backoff->random ^= backoff->random << 17;
    return backoff->random;
}

int64_t backoff_next(struct backoff *backoff)
{
    int64_t wait_ms = backoff->current_ms ? backoff->current_ms * 2 : backoff->first_ms;

    if (wait_ms > backoff->longest_ms)
        wait_ms = backoff->longest_ms;
    backoff->current_ms = wait_ms;
    return wait_ms ? (int64_t)(backoff_random(backoff) % (uint64_t)wait_ms) + 1 : 0;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->current_ms = 0;
}
