/*
 * claim.h: the right to write for one partition, and what its checkpoint says of its records.
 *
 * The claim knows which records, and which commands of them, were carried out before: what lies
 * below the checkpoint's next offset was, but for its gaps. So all records that are read are begun
 * here, in rising order, and all their commands are put; those that were carried out are passed
 * over. A claim comes from units_claim().
 */
#pragma once
#include "base/slice.h"
#include "redis/checkpoint.h"
#include "redis/commands.h"
#include "redis/reply.h"
#include "redis/unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct claim;

struct claim_name {
    const char *group, *topic; /* copied */
    int32_t partition;
    uint64_t routes; /* fingerprint of the names of the routes that take the topic */
};

/** What becomes of a record one of whose commands was refused. */
enum units_verdict {
    UNITS_SKIP, /* it is done with */
    UNITS_KEEP, /* the checkpoint remembers it until claim_mend() */
    UNITS_STOP  /* the partition stops at it: what was put behind it is dropped, and if its
                   neighbours were carried out, the checkpoint remembers it for the next claim */
};

/**
 * All may call any function but units_free(), also for the claim that they are about. They come
 * while the loop runs or inside units_turn(), and dropped also inside claim_drop(). After
 * claim_drop() only done, refused and dropped come for the claim, of what was in flight. A command
 * gets exactly one of done, refused and dropped, in the order in which its partition's were put.
 */
struct units_events {
    void *context;
    /** The partition may write from now on; @p checkpoint is what was there, read after the claim,
     * borrowed for the call. */
    void (*claimed)(void *context, void *owner, const struct checkpoint *checkpoint);
    /** Somebody else claimed it, or Redis lost the claim or the last units (@p taken false):
     * nothing more of it is carried out. claim_drop() it; its commands are dropped then. */
    void (*fenced)(void *context, void *owner, bool taken);
    void (*done)(void *context, uint32_t ticket);
    /** @p class is REPLY_REJECT, REPLY_CONFIG or REPLY_UNKNOWN; @p text is Redis' own line. */
    enum units_verdict (*refused)(void *context, uint32_t ticket, enum reply_class class,
                                  const char *text);
    /** The command was not carried out and will not be, or nobody can tell any more whether it was:
     * the checkpoint decides at the next claim. */
    void (*dropped)(void *context, uint32_t ticket);
    /** How long Redis may say "later" to the command, in milliseconds; then it is refused. 0: for
     * ever; NULL: all of them. May call nothing of the units. */
    int64_t (*retry_timeout)(void *context, uint32_t ticket);
    /** As in sink_events: the record of the command, alone, ended some connections. */
    void (*suspected)(void *context, uint32_t ticket, const char *text);
};

/**
 * Before the first claim_begin(): the partition resumes at @p next, of what @p log identifies.
 * If the checkpoint says another offset, or @p another: it is of another log, it is forgotten
 * with its gaps, and the first unit replaces it. If other routes have written it, it is written
 * anew soon.
 */
void claim_start(struct claim *claim, int64_t next, bool another, const char *log);

/** Before claim_start(): the partition's routes have changed since units_claim(). */
void claim_set_routes(struct claim *claim, uint64_t routes);

/** The partition is not ours any more: what was not sent is dropped (told by events->dropped before
 * it returns). What was put since the last claim_commit() is taken back. */
void claim_drop(struct claim *claim);

/** Whether another record may be put; it may go over the bounds of a unit, then nothing more until
 * answers came. */
bool claim_has_room(const struct claim *claim);

/* --- the record in hand ----------------------------------------------------------------------- */

/** Whether the checkpoint remembers another record at the offset of this one. */
bool claim_differs(const struct claim *claim, const struct unit_record *record);

/** Begins a record. False: it was carried out before, all of it, and nothing of it is to be put. */
bool claim_begin(struct claim *claim, const struct unit_record *record);

/** Whether the next @p count commands are of a record that was carried out in part, and all these
 * were: then they are passed over. One that cannot be rendered is one command. */
bool claim_pass(struct claim *claim, size_t count);

/** Puts the next command. False: it was carried out before, and gets no answer. @p command is its
 * row in commands.def, NULL if it has none. */
bool claim_put(struct claim *claim, const struct slice *arguments, size_t count,
               const struct command *command, uint32_t ticket);

/** The next command could not be rendered. @p keep: the checkpoint remembers it until
 * claim_mend(). */
void claim_miss(struct claim *claim, bool keep);

/** The record is complete, also one without commands: its commands and its offset may be sent. One
 * that was carried out in part leaves the checkpoint's gaps with the same unit. */
void claim_commit(struct claim *claim);

/** Takes back what was put since the last claim_commit(); no answers come for it. */
void claim_rollback(struct claim *claim);

/* --- behind it -------------------------------------------------------------------------------- */

/** The remembered record is taken care of (its dead letter is delivered): it is forgotten with the
 * next unit. */
void claim_mend(struct claim *claim, int64_t offset);

/** Whether all of the claim is carried out and written down, mends too. It becomes so by itself,
 * within a few hundredths of a second after the last answer. */
bool claim_is_settled(const struct claim *claim);
