/*
 * health.h: the health of the process, gathered from its workers, for the admin port.
 *
 * Workers report each change, and at least once a second; probes read. One mutex, held for as long
 * as a few lines of text take.
 */
#pragma once
#include "app/startup.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

struct worker_status;
struct health;

enum health_question {
    HEALTH_JOINED, /* is every worker in its group? Redis does not matter */
    HEALTH_LIVE,   /* does every worker's loop run? Kafka and Redis do not matter */
    HEALTH_READY, /* do records flow: group joined, sinks reachable, no partition held, not stopping
                   */
    HEALTH_STARTED /* was it ready once, and, if that is waited for, warm? */
};

/** @p awaits_warm: the start is over only when all partitions are warm. */
struct health *health_new(unsigned workers, bool awaits_warm);

/** Takes NULL. */
void health_free(struct health *health);

/** A worker's listener: stores its status; @p health is a struct health. Any thread. */
void health_status(void *health, unsigned worker, const struct worker_status *status);

/** The worker has ended and is made anew; what it told lives no longer. Any thread. */
void health_forget(struct health *health, unsigned worker);

/** From now on it is not ready any more. Any thread. */
void health_stop(struct health *health);

/** The answer; each check is written to @p list as a line of "[+]name ok" or "[-]name: why". */
bool health_check(struct health *health, enum health_question question, FILE *list);

/** How far the start is. Any thread. */
void health_startup(struct health *health, struct startup *startup);

/** The answer alone. */
bool health_answer(struct health *health, enum health_question question);

/** Since when and why commands to a sink do not flow; false: they do. Any thread. */
bool health_sink_trouble(struct health *health, const char *sink, char reason[ERR_TEXT_BYTES],
                         int64_t *for_ms);

/** Why a partition is held or paused; false: it is not, or too many are. Any thread. */
bool health_held(struct health *health, const char *topic, int32_t partition,
                 char reason[ERR_TEXT_BYTES]);

/** Whether a worker is in its group. Any thread. */
bool health_is_joined(struct health *health, unsigned worker);

/** Whether a worker holds a partition because of a record of @p route; @p text says which and why.
 * Any thread. */
bool health_held_by(struct health *health, unsigned worker, const char *route,
                    char text[ERR_TEXT_BYTES]);
