/*
 * steering.h: what an operator asks of the workers while they run.
 *
 * Each call says what it did, or why not, in one sentence, within STEERING_WAIT_MS; it logs what it
 * did, and for whom (@p by). Any thread but the workers'.
 */
#pragma once
#include "base/err.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>

struct workers;

enum { STEERING_WAIT_MS = 1000 };

/** What is steered; all of it is borrowed. All zero: nothing runs that could be. */
struct steering {
    struct workers *workers;
};

enum steering_result {
    STEERING_DONE,
    STEERING_UNKNOWN, /* there is no such route or partition here */
    STEERING_REFUSED,
    STEERING_LATE /* some worker did not answer: what was asked of it is not done */
};

struct steering_answer {
    enum steering_result result;
    char text[ERR_TEXT_BYTES];
};

/** @p paused: the route's topics are not read any more, whoever has them; else they are again. */
void steering_pause_route(const struct steering *steering, const char *route, bool paused,
                          const char *by, struct steering_answer *answer);

/** Whether the route is paused by itself. */
bool steering_is_paused(const struct steering *steering, const char *route);

/** The same for one partition, of each source that reads its topic. */
void steering_pause_partition(const struct steering *steering, const char *topic, int32_t partition,
                              bool paused, const char *by, struct steering_answer *answer);

/** A held partition is tried again at once. */
void steering_retry(const struct steering *steering, const char *topic, int32_t partition,
                    const char *by, struct steering_answer *answer);

/** So is one without the record that holds it, if that is the one at @p offset. */
void steering_skip(const struct steering *steering, const char *topic, int32_t partition,
                   int64_t offset, const char *by, struct steering_answer *answer);

/** The log has lines of this level from now on, until a reload or a restart. */
void steering_set_log_level(enum log_level level, const char *by, struct steering_answer *answer);
