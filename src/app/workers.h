/*
 * workers.h: the workers of the process, each on a thread of its own.
 *
 * Belongs to the main thread, but for what any thread may ask.
 */
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct health;
struct loaded;
struct metrics;
struct pauses;
struct worker;
struct workers;

/** How many workers @p conf wants. */
unsigned workers_wanted(const struct conf *conf);

/** None yet; all is borrowed. */
struct workers *workers_new(const struct loaded *loaded, struct metrics *metrics,
                            struct health *health);

/** Makes those that the configuration wants, then starts their threads. Errors:  false; some may
 * run. */
bool workers_start(struct workers *workers, struct err *err);

/** Once all threads have ended. */
void workers_free(struct workers *workers);

size_t workers_count(const struct workers *workers);

/** Whether a worker has ended; whether each that was started has. */
bool workers_one_ended(const struct workers *workers);
bool workers_all_ended(const struct workers *workers);

/** Writes a line for each that has failed. */
void workers_log_failures(const struct workers *workers);

/** Asks each to drain, commit and leave until @p deadline_ms (clock_ms). */
void workers_stop(struct workers *workers, int64_t deadline_ms);

/** Asks each to read its certificate files again. */
void workers_reload(struct workers *workers);

/** Worker @p index; NULL: there is none, or none runs yet. Any thread. */
struct worker *workers_at(const struct workers *workers, size_t index);

/** What is paused in all of them. Any thread. */
struct pauses *workers_pauses(const struct workers *workers);

/** Once all have ended: records they had begun that will be read again. */
size_t workers_left(const struct workers *workers);
