/* command_counters.h: a sink's counters of commands, as metrics_sink() has them. */
#pragma once
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/commands.h"

/** One for each row of commands.def, and for those without one; for free(). */
static inline uint64_t *command_counters(void)
{
    size_t commands;

    command_all(&commands);
    return mem_array((commands + 1) * RESULT_COUNT, sizeof(uint64_t));
}
