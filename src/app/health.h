/*
 * health.h: how the process is, gathered from its workers for those who ask from outside.
 *
 * Workers tell when something changes and at least once a second; probes read. One mutex, held for
 * as long as a few lines of text take.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>

struct worker_status;
struct health;

enum health_question {
    HEALTH_LIVE,  /* does every worker's loop turn? Kafka and Redis do not matter */
    HEALTH_READY, /* do records flow: group joined, sinks reachable, no partition held, not stopping
                   */
    HEALTH_STARTED /* was it ready once? */
};

struct health *health_new(unsigned workers);

/** Takes NULL. */
void health_free(struct health *health);

/** What a worker's listener calls; @p health is a struct health. Any thread. */
void health_status(void *health, unsigned worker, const struct worker_status *status);

/** From now on it is not ready any more. Any thread. */
void health_stop(struct health *health);

/** The answer; each check is written to @p list as a line of "[+]name ok" or "[-]name: why". */
bool health_check(struct health *health, enum health_question question, FILE *list);

/** The answer alone. */
bool health_answer(struct health *health, enum health_question question);
