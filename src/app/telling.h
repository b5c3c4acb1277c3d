/* telling.h: how the log tells of the process's life. */
#pragma once
#include "app/load.h"
#include "app/reasons.h"

#include <stddef.h>
#include <stdint.h>

struct metrics;

/** Who starts: version, file, libraries. */
void telling_start(const struct loaded *loaded);

/** What a stop waits for, and until when (clock_ms). */
void telling_wait(const struct metrics *metrics, struct health *health, int64_t deadline_ms);

/** It stopped; @p left records are read again. @p reasons: why records did not flow when the stop
 * began. */
void telling_stop(size_t left, const struct reasons *reasons, int64_t took_ms);
