/*
 * pauses.h: what the operator has paused in this process: routes, and partitions by their names.
 *
 * They outlast every rebalance: a worker that is given a partition asks whether it is paused. Any
 * thread may change them, and every worker asks; a mutex is held for a few comparisons.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct pauses;
struct topic_routes;

struct pauses *pauses_new(void);

/** Takes NULL. */
void pauses_free(struct pauses *pauses);

/** Another number after each change. */
unsigned pauses_version(const struct pauses *pauses);

/** The route, which takes its topics from Kafka, is paused or not any more. False: it was so. */
bool pauses_set_route(struct pauses *pauses, const char *route, bool paused);

/** The same for one partition; its topic need not be there. */
bool pauses_set_partition(struct pauses *pauses, const char *topic, int32_t partition, bool paused);

bool pauses_has_route(struct pauses *pauses, const char *route);

/** Whether it is paused by itself. */
bool pauses_has_partition(struct pauses *pauses, const char *topic, int32_t partition);

/** Whether a partition of a topic with these routes is paused, by itself or with one of them. */
bool pauses_cover(struct pauses *pauses, const struct topic_routes *routes, const char *topic,
                  int32_t partition);
