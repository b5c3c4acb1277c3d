/*
 * history.h: how the process fared in the last fifteen minutes, second by second.
 *
 * It is sampled once for everybody who looks, from the snapshots that /metrics is written from.
 * All on one thread.
 */
#pragma once
#include <stdint.h>
#include <stdio.h>

enum { HISTORY_SAMPLES = 900, HISTORY_STEP_MS = 1000 };

struct history;
struct snapshot;

struct history *history_new(void);

/** Takes NULL. */
void history_free(struct history *history);

/**
 * Adds a sample: @p snapshot was taken at @p now_ms (clock_ms) and @p wall_ms (since 1970). The
 * first one only begins: a rate needs two. The oldest sample makes room for a new one.
 */
void history_add(struct history *history, const struct snapshot *snapshot, int64_t now_ms,
                 int64_t wall_ms);

/** All samples, oldest first, as JSON: an object of a list for each series. */
void history_write(const struct history *history, FILE *out);

/** The newest sample alone: an object of a value for each series; "{}" if there is none. */
void history_write_newest(const struct history *history, FILE *out);
