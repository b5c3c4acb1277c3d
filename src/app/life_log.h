/* life_log.h: the log lines of the process's start and stop. */
#pragma once
#include "app/load.h"
#include "app/reasons.h"

#include <stddef.h>
#include <stdint.h>

struct metrics;

/** The start: version, file, libraries. */
void life_log_start(const struct loaded *loaded);

/** What "check" says of the file: its mistakes and warnings. */
void life_log_findings(const struct loaded *loaded);

/** The file was read again: what changes now, and what waits for a restart, as lines. */
void life_log_reload(const char *path, const char *changes, const char *restart);

/** The same for secrets that were read again by themselves. */
void life_log_secrets(const char *changes);

/** The stop waits for answers, until @p deadline_ms (clock_ms). */
void life_log_wait(const struct metrics *metrics, struct health *health, int64_t deadline_ms);

/** The end of the stop; @p left records are read again. @p reasons: why penstock was not ready when
 * the stop began. */
void life_log_stop(size_t left, const struct reasons *reasons, int64_t took_ms);

/** How far the start is that waits until all is warm, and why it may not get further. */
void life_log_warming(const struct startup *startup, struct health *health);

/** It is over. */
void life_log_warm(const struct startup *startup);
