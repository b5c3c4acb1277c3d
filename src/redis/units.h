/*
 * units.h: records and their checkpoint, carried out by Redis as one transaction.
 *
 * For exactly-once routes. A partition is claimed first; what is put for it afterwards goes out in
 * units, MULTI ... EXEC of several records' commands together with the offset to resume at, and is
 * carried out only while the claim stands. Everything runs on the worker's thread and its event
 * loop and never blocks.
 *
 * A partition's life:
 *      units_claim() -> events.claimed -> claim_start() -> claim_begin() claim_put() units_commit()
 *      ... -> events.done, refused, dropped -> claim_drop()
 */
#pragma once
#include "redis/claim.h"

struct servers;
struct units; /* one sink's, from sink_units() */

/** Starts to connect to @p servers, which outlive the units. */
struct units *units_new(struct servers *servers, const struct units_events *events);

/** The servers have other options; @p renew: connects to them again. What is in flight then is
 * carried out once all the same. */
void units_configure(struct units *units, bool renew);

/** Ends the claims at once, and no events come. The connections are closed already. Takes NULL. */
void units_free(struct units *units);

/** Claims the partition: raises its epoch, then reads its checkpoint; claimed comes later, after
 * any wait for the server. */
struct claim *units_claim(struct units *units, const struct claim_name *name, void *owner);

/** claim_commit(), and what is ready is sent: the server works while more is put. */
void units_commit(struct claim *claim);

/** Sends what may be sent. */
void units_turn(struct units *units);
