/*
 * lane.h: one connection's transactions, one in flight at a time; without the connection.
 *
 * A lane carries the units of several claims. It is a session (session.h): its carrier (link.c, a
 * simulator) moves the bytes and says when the connection began or was lost and when time passed.
 *
 *      DOWN ---begin()---> OPEN --WATCH MGET MULTI--> WATCHING --"OK"--> COMPARED
 *                           ^                            |              |  ^
 *                           |                            | refused      |  '-- commands, HSET,
 *                           '-------- PAUSED <-----------'  or EXECABORT'      EXEC and, behind
 *                             resume()                      retry class        them, WATCH MGET
 *                                                                              MULTI: IN FLIGHT
 *      any of them -> DOWN by lost()
 *
 * A watch watches the claims' tokens and compares them. Only once MULTI was answered OK are
 * commands sent, so none can ever run by itself; and EXEC carries them out only if no token has
 * changed since it was compared. The watch of the next transaction goes out with each one, so that
 * a transaction costs one round trip.
 *
 * A claim's life:
 *
 *      WAITING --SET token, HGETALL in one EXEC--> OWNED --connection lost--> RETURNING, or
 *                                                    ^                        IN DOUBT if something
 *                                                    |                        was in flight
 *                                                    |                          |
 *                                                    '-- the same again, and ---'
 *                                                        the checkpoint is ours: what is in doubt
 *                                                        was carried out, or is sent again
 *
 *      OWNED, RETURNING, IN DOUBT --another token, another checkpoint--> FENCED
 */
#pragma once
#include "redis/claim.h"
#include "redis/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane;
struct sink_counters;

struct lane_options {
    const char *name;   /* of the sink, for logs; borrowed, as the prefix is */
    const char *prefix; /* of the checkpoints' keys */
    size_t unit_records, unit_bytes;
    struct units_events events;
    struct sink_counters *counters;
    void *carrier; /* moves the bytes; the lane only keeps it */
};

struct lane *lane_new(const struct lane_options *options);

/** Frees it with its claims; no events come. Takes NULL. */
void lane_free(struct lane *lane);

/** From now on; the texts are borrowed. */
void lane_configure(struct lane *lane, const char *name, const char *prefix, size_t unit_records,
                    size_t unit_bytes);

struct session *lane_session(struct lane *lane);

/** What is carried out and has nothing behind it is written down as settled. */
void lane_tick(struct lane *lane);

/* --- claims: see claim.h ---------------------------------------------------------------------- */

/** @p random tells this claim from all others, of this process and others. */
struct claim *lane_claim(struct lane *lane, const struct claim_name *name, uint64_t random,
                         void *owner);
size_t lane_claims(const struct lane *lane);

/** Whether a dropped claim of that partition is not over yet: the next one belongs on this lane,
 * if it waits for it. */
bool lane_has_predecessor(const struct lane *lane, const struct claim_name *name);
struct lane *claim_lane(const struct claim *claim);
void *lane_carrier(const struct lane *lane);
