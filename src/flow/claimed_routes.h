/*
 * claimed_routes.h: with which routes this process has claimed the partitions of each topic.
 *
 * The checkpoint of an exactly-once partition names the routes that wrote it. If the configuration
 * was read again its routes may be others than ours, and are known all the same: what lies below
 * the checkpoint was carried out by the routes that were ours then. Any thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct claimed_routes;

struct claimed_routes *claimed_routes_new(void);

/** Takes NULL. */
void claimed_routes_free(struct claimed_routes *claimed);

/** Partitions of @p topic are claimed with routes of this fingerprint. NULL: nobody notes it. */
void claimed_routes_add(struct claimed_routes *claimed, const char *topic, uint64_t fingerprint);

/** Whether they were. NULL: nobody knows. */
bool claimed_routes_have(struct claimed_routes *claimed, const char *topic, uint64_t fingerprint);
