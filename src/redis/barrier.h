/*
 * barrier.h: whether a server's replicas, or its disk, have all that it has answered.
 *
 * A barrier is a write of its own and a WAIT behind it, on a connection of its own, so that the
 * data never waits. Replication is one ordered stream: a replica that has the barrier's write has
 * everything that the server had answered before it was sent. Runs on the worker's thread and event
 * loop and never blocks.
 */
#pragma once
#include "metrics/metrics.h"

#include <stdbool.h>

struct barrier;
struct connection_setup;

/** Starts to connect as the connections of @p setup do, which is borrowed; @p key is written over
 * and over. */
struct barrier *barrier_new(const struct connection_setup *setup, const char *key);

/** Takes NULL. */
void barrier_free(struct barrier *barrier);

/** Whether barrier_begin() may be called: connected, and none is under way. */
bool barrier_is_ready(const struct barrier *barrier);

/** Covers all that the server has answered to anybody until now. */
void barrier_begin(struct barrier *barrier);

/** True once for each barrier, when it has ended; counted already. */
bool barrier_take(struct barrier *barrier, enum barrier_outcome *outcome);

/** How the last barrier ended, unless it was reached: "wait(2): 1 replica acknowledged". */
const char *barrier_text(const struct barrier *barrier);

/** The run_id of the server that it is connected to, or was; empty: unknown. */
const char *barrier_run_id(const struct barrier *barrier);

/** The replication history that the last barrier reached was of: it changes when the server becomes
 * a replica in between. */
const char *barrier_history(const struct barrier *barrier);

/** Connects again, for the reason @p why. */
void barrier_reconnect(struct barrier *barrier, const char *why);

/** Connects again, because the setup has changed. */
void barrier_renew(struct barrier *barrier);

/** NULL while it is connected; else what is the matter. */
const char *barrier_trouble(const struct barrier *barrier);
