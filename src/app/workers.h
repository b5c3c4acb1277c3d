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
struct metrics;
struct pauses;
struct plan;
struct worker;
struct workers;

/** How many workers @p conf wants. */
unsigned workers_wanted(const struct conf *conf);

/** None yet; all is borrowed. */
struct workers *workers_new(struct plan *plan, struct metrics *metrics, struct health *health);

/** Makes those that the configuration wants, then starts their threads. Errors:  false; some may
 * run. */
bool workers_start(struct workers *workers, struct err *err);

/** Once all threads have ended. */
void workers_free(struct workers *workers);

size_t workers_count(const struct workers *workers);

/** Whether a worker has ended that was not asked to; whether each that was started has. */
bool workers_one_ended(const struct workers *workers);
bool workers_all_ended(const struct workers *workers);

/** Writes a line for each that has failed. */
void workers_log_failures(const struct workers *workers);

/** Asks each to drain, commit and leave until @p deadline_ms (clock_ms). */
void workers_stop(struct workers *workers, int64_t deadline_ms);

/** Hands each the plan (worker_adopt()); those of a source for which @p rejoins holds, by its place
 * in the plan's configuration, drain, leave their group and are made anew. Not before the former
 * one was taken by all. */
void workers_adopt(struct workers *workers, struct plan *plan, const bool *rejoins);

/** Carries that on. True: all have the plan. */
bool workers_have_adopted(struct workers *workers);

/** Between these the workers and their plan, which is returned, stay what they are: another plan,
 * and a worker that is made anew, wait. Any thread. */
const struct plan *workers_enter(struct workers *workers);
void workers_leave(struct workers *workers);

/** Worker @p index; NULL: there is none, or none runs yet. Any thread. */
struct worker *workers_at(const struct workers *workers, size_t index);

/** What is paused in all of them. Any thread. */
struct pauses *workers_pauses(const struct workers *workers);

/** Once all have ended: records they had begun that will be read again. */
size_t workers_left(const struct workers *workers);
