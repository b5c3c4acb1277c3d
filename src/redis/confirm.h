/*
 * confirm.h: whether what a sink's server has answered can still be lost with it.
 *
 * A barrier (barrier.h) says something about the server that it was run on. It counts for the
 * answers only if they came from the same one: the same process (run id) all along, with the same
 * replication history (else it was a replica in between, and threw away what it alone had).
 */
#pragma once
#include "redis/barrier.h"

struct confirm;
struct servers;

struct confirm_events {
    void *context;
    /** What was answered and not confirmed may be gone, with its server or with its past. Before
     * anything is sent again. */
    void (*lost)(void *context);
};

/** Barriers write @p key. @p servers live longer. */
struct confirm *confirm_new(struct servers *servers, const char *key,
                            const struct confirm_events *events);

/** Takes NULL. */
void confirm_free(struct confirm *confirm);

/** A connection for data has come to another server, or to one that was restarted; @p repeats: it
 * sends again by itself what had no answer. */
void confirm_server_changed(struct confirm *confirm, bool repeats);

/** Whether confirm_begin() may be called. */
bool confirm_is_ready(const struct confirm *confirm);

/** Begins to confirm all that was answered until now. False: not now; confirm_text() says why, and
 * is empty if that ends by itself. */
bool confirm_begin(struct confirm *confirm);

/** True once for what confirm_begin() began, unless it counts for nothing any more. */
bool confirm_take(struct confirm *confirm, enum barrier_outcome *outcome);

/** Connects again, because the setup has changed. Takes NULL. */
void confirm_renew(struct confirm *confirm);

/** Why the last one was not reached, or did not begin. */
const char *confirm_text(const struct confirm *confirm);

/** NULL while barriers can be run; else what is the matter. */
const char *confirm_trouble(const struct confirm *confirm);
