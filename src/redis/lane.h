/*
 * lane.h: transactions over one connection, one after the other; without the connection.
 *
 * A lane carries the units of several claims. It is bytes in, bytes out: no socket, no clock, no
 * event loop; whoever has these (units.c, a simulator) moves the bytes and says when the connection
 * began or was lost and when time passed.
 *
 *      DOWN --lane_begin()--> OPEN --WATCH MGET MULTI--> ARMING --"OK"--> ARMED
 *                              ^                            |              |  ^
 *                              |                            | refused      |  '-- commands, HSET,
 *                              '------- RESTING <-----------'  or EXECABORT'      EXEC and, behind
 *                                 lane_resume()             retry class           them, WATCH MGET
 *                                                                                 MULTI: FLYING
 *      any of them -> DOWN by lane_lost()
 *
 * Arming watches the claims' tokens and compares them. Only once MULTI was answered OK are commands
 * sent, so none can ever run by itself; and EXEC carries them out only where no token has changed
 * since it was compared. The arming of the next transaction goes out with each one, so that a
 * transaction costs one round trip.
 *
 * A claim's life:
 *
 *      WAITING --SET token, HGETALL in one EXEC--> OWNED --connection lost--> RETURNING
 *                                                    ^                            |
 *                                                    '---- the same again, and the'
 *                                                          checkpoint is ours: the unit in flight
 *                                                          was carried out, or is sent again
 *      OWNED, RETURNING --another token, another checkpoint--> FENCED
 */
#pragma once
#include "redis/session.h"
#include "redis/units.h"

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
    void *carrier; /* who moves the bytes; only kept */
};

/** Why nothing is sent until lane_resume(). */
enum lane_rest {
    LANE_FLOWS,
    LANE_RETRIES, /* LOADING, BUSY, ...: soon */
    LANE_SICK,    /* out of memory, rights missing: somebody has to mend it */
    LANE_DOUBTS,  /* the last connections ended on a transaction: does this one, too, without? */
    LANE_EVICTS   /* maxmemory-policy may throw checkpoints away: look again in half a minute */
};

struct lane *lane_new(const struct lane_options *options);

/** Frees it with its claims; no events come. Takes NULL. */
void lane_free(struct lane *lane);

/* --- claims: as in units.h -------------------------------------------------------------------- */

/** @p random tells this claim from all others, of this process and others. */
struct claim *lane_claim(struct lane *lane, const struct claim_name *name, uint64_t random,
                         void *owner);
size_t lane_claims(const struct lane *lane);

/** Whether a dropped claim of that partition is not over yet: the next one belongs on this lane,
 * where it waits for it. */
bool lane_has_former(const struct lane *lane, const struct claim_name *name);
struct lane *claim_lane(const struct claim *claim);
void *lane_carrier(const struct lane *lane);
void lane_restart(struct claim *claim, int64_t next);
void lane_identify(struct claim *claim, const char *log);
void lane_drop(struct claim *claim);
bool lane_has_room(const struct claim *claim);
void lane_put(struct claim *claim, unsigned place, const struct slice *arguments, size_t count,
              const struct command *command, uint32_t ticket);
void lane_record(struct claim *claim, const struct unit_record *record, uint64_t keep);
void lane_rollback(struct claim *claim);
void lane_mend(struct claim *claim, int64_t offset);
bool lane_is_settled(const struct claim *claim);

/* --- the connection --------------------------------------------------------------------------- */

/** The handshake is done, and nothing of a former connection can be carried out any more: or so it
 * is hoped; where it can, the tokens fence it off. */
void lane_begin(struct lane *lane);

/** The connection is gone. True: it left something unanswered. */
bool lane_lost(struct lane *lane);

/* --- records that end connections: suspect.h; all of these before lane_lost() ------------------
 */

/**
 * The other side ended the connection as soon as it had what is in flight. The second time in a row
 * this begins to happen, records go alone for a while.
 */
void lane_cut(struct lane *lane);

/** The record that is in flight alone: its first command, and the bytes of all of them. False: none
 * is, or others are with it. */
bool lane_alone(const struct lane *lane, struct session_command *alone);

/** It is refused for @p text, once the next connection has shown that it was not carried out. */
void lane_condemn(struct lane *lane, const char *text);

/** Behind lane_begin(): once the partitions are claimed again, it rests before records are sent,
 * for
 * @p text. */
void lane_doubt(struct lane *lane, const char *text);

/** Whether connections ended on records, and none was carried out since. */
bool lane_is_cut(const struct lane *lane);

/** Prepares what may be sent now; then lane_output() is that. */
void lane_turn(struct lane *lane);
struct slice lane_output(const struct lane *lane);

/** The first @p length bytes of it were sent. */
void lane_sent(struct lane *lane, size_t length);

/**
 * Takes what came. False: this cannot be a sound connection: lane_trouble() says why, it is to be
 * closed and lane_lost() to be called. No events come before lane_deliver().
 */
bool lane_receive(struct lane *lane, struct slice bytes);

/** Calls the events of all that happened. */
void lane_deliver(struct lane *lane);

/** Why it rests. */
enum lane_rest lane_rests(const struct lane *lane);

/** The command that the server will not carry out yet, while it rests; false: it is no single
 * one's fault. */
bool lane_is_late(const struct lane *lane, struct session_command *late);

/** That command is refused, after @p waited_ms; the rest is over. */
void lane_give_up(struct lane *lane, int64_t waited_ms);

/** The rest is over. */
void lane_resume(struct lane *lane);

/** Asks for the policy with the next transaction. */
void lane_check(struct lane *lane);

/** So many bytes must come before there is anything to do. */
size_t lane_answer_least(const struct lane *lane);

/** Some came, perhaps not enough for lane_receive() to see any: each one counts again. */
void lane_woken(struct lane *lane);

/** Whether answers are awaited. */
bool lane_is_waiting(const struct lane *lane);

/** Whether transactions flow, or would; false: lane_trouble() says why not, if anything. */
bool lane_is_well(const struct lane *lane);
const char *lane_trouble(const struct lane *lane);

/** Commands that were put and not answered. */
size_t lane_inflight(const struct lane *lane);

/** Whether lane_tick() has something to do: call it each TICK_MS then. */
bool lane_wants_tick(const struct lane *lane);
enum { LANE_TICK_MS = 20 };

/** What is carried out and has nothing behind it is written down as settled. */
void lane_tick(struct lane *lane);

/** Nothing was sent for a while: asks the server anew for its policy and the tokens, which shows
 * whether it is still there, too. */
void lane_refresh(struct lane *lane);
