/*
 * units.h: records and their checkpoint, carried out by Redis as one transaction.
 *
 * For exactly-once routes. A partition is claimed first; what is put for it afterwards goes out in
 * units, MULTI ... EXEC of several records' commands together with the offset to go on at, and is
 * carried out only while the claim stands. Everything runs on the worker's thread and its event
 * loop and never blocks.
 *
 * A partition's life:
 *      units_claim() -> events.claimed -> (units_restart()) -> units_put() units_record() ...
 *      -> events.done, refused, dropped -> units_drop()
 */
#pragma once
#include "base/slice.h"
#include "redis/checkpoint.h"
#include "redis/commands.h"
#include "redis/reply.h"

struct servers;
struct units; /* one sink's, from sink_units() */
struct claim; /* the right to write for one partition, from units_claim() to units_drop() */

struct claim_name {
    const char *group, *topic; /* copied */
    int32_t partition;
    uint64_t routes; /* fingerprint of the names of the routes that take the topic */
};

/** What becomes of a record one of whose commands was refused. */
enum units_verdict {
    UNITS_SKIP, /* it is done with */
    UNITS_KEEP, /* the checkpoint remembers it until units_mend() */
    UNITS_STOP  /* the partition stops at it: what was put behind it is dropped, and where its
                   neighbours were carried out, the checkpoint remembers it for the next claim */
};

/**
 * All may call any function but units_free(), also for the claim that they are about. They come
 * while the loop runs or inside units_turn(), and dropped also inside units_drop(). After
 * units_drop() only done, refused and dropped come for the claim, of what was in flight. A command
 * gets exactly one of done, refused and dropped, in the order in which its partition's were put.
 */
struct units_events {
    void *context;
    /** The partition may write from now on; @p checkpoint is what was there, read after the claim,
     * borrowed for the call. */
    void (*claimed)(void *context, void *owner, const struct checkpoint *checkpoint);
    /** Somebody else claimed it, or Redis lost the claim or the last units (@p taken false):
     * nothing more of it is carried out. units_drop() it; its commands are dropped then. */
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
    int64_t (*patience)(void *context, uint32_t ticket);
    /** As in sink_events: the record of the command, alone, ended some connections. */
    void (*suspected)(void *context, uint32_t ticket, const char *text);
};

/** Starts to connect to @p servers, which outlive the units. */
struct units *units_new(struct servers *servers, const struct units_events *events);

/** Ends the claims at once, and no events come. The connections are closed already. Takes NULL. */
void units_free(struct units *units);

/** Claims the partition: raises its epoch, then reads its checkpoint; claimed comes later, after
 * any wait for the server. */
struct claim *units_claim(struct units *units, const struct claim_name *name, void *owner);

/**
 * The partition goes on at @p next, whatever the checkpoint said: its holes are forgotten, and the
 * first unit writes it anew. Before the first units_put(). Not needed where it goes on as the
 * checkpoint says, nor where there was none.
 */
void units_restart(struct claim *claim, int64_t next);

/** What identifies the log that the partition is read from: @p log goes with each unit. */
void units_identify(struct claim *claim, const char *log);

/** The partition is not ours any more: what was not sent is dropped (told by events->dropped before
 * it returns). What was put since the last units_record() is taken back. */
void units_drop(struct claim *claim);

/** Whether another record may be put; it may go over the bounds of a unit, then nothing more until
 * answers came. */
bool units_have_room(const struct claim *claim);

/** Puts one command of the record in hand; @p place is its place among all commands of the record.
 * @p command is its row in commands.def, NULL where it has none. */
void units_put(struct claim *claim, unsigned place, const struct slice *arguments, size_t count,
               const struct command *command, uint32_t ticket);

struct unit_record {
    int64_t offset, leader_epoch; /* -1: not known */
    struct checkpoint_witness witness;
};

/**
 * The record in hand is complete, also one without commands: its commands and its offset may be
 * sent. @p keep: places of it that could not be rendered and must be remembered until units_mend();
 * 0: none. An offset below the claim's next is a hole that is tried again: the hole goes with the
 * same unit.
 */
void units_record(struct claim *claim, const struct unit_record *record, uint64_t keep);

/** Takes back what was put since the last units_record(); no answers come for it. */
void units_rollback(struct claim *claim);

/** The remembered record is taken care of (its dead letter is delivered): it is forgotten with the
 * next unit. */
void units_mend(struct claim *claim, int64_t offset);

/** Whether all of the claim is carried out and written down, mends too. It becomes so by itself,
 * within a few hundredths of a second after the last answer. */
bool units_are_settled(const struct claim *claim);

/** Sends what may be sent. */
void units_turn(struct units *units);
