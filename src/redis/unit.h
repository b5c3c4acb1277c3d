/*
 * unit.h: consecutive records of one partition that are carried out together.
 *
 * The commands of its queue are committed record by record, and none is popped: so they begin with
 * its bytes. Records without commands move the offset and leave no entry.
 */
#pragma once
#include "redis/checkpoint.h"
#include "redis/queue.h"
#include "redis/reply.h"
#include "redis/session.h"

struct unit_record {
    int64_t offset, leader_epoch; /* -1: not known */
    struct checkpoint_witness witness;
};

struct unit_entry {
    struct unit_record record;
    size_t end;    /* its commands end before this one; they begin where the previous entry's end */
    uint64_t kept; /* of its commands, by ordinal: the checkpoint remembers them */
};

/** A command that Redis refused. */
struct unit_error {
    size_t command;
    enum reply_class class;
    char *text;
};

struct unit {
    struct unit *next_unit;
    uint32_t number; /* another one for each use, and for what is left of it without the refused */
    struct queue queue;
    struct unit_entry *entries;
    size_t entry_count, entry_capacity;
    struct unit_error *errors; /* by rising command */
    size_t error_count, error_capacity;
    size_t told;          /* errors that were told already */
    size_t records;       /* complete ones, those without entries too */
    bool closed;          /* it was sent once: nothing is added any more */
    int64_t begin;        /* the lowest offset */
    int64_t next, leader; /* of the last record: its offset + 1, its leader epoch */
    struct checkpoint_witness witness;
};

/** What was put is the whole of @p record. @p noted: it gets an entry though it has no commands. */
void unit_commit(struct unit *unit, const struct unit_record *record, uint64_t kept, bool noted);

/** Which command it is. */
struct session_command unit_command_of(const struct unit *unit, size_t command);

/** The entry that the command belongs to. */
struct unit_entry *unit_entry_of(struct unit *unit, size_t command);

/** Notes that Redis refused the command; they come in their order. */
void unit_add_error(struct unit *unit, size_t command, enum reply_class class, const char *text);

void unit_forget_errors(struct unit *unit);

/** Takes out the commands with errors, and their errors. */
void unit_remove_refused(struct unit *unit);

/** Moves all behind the first entry to @p rest, which is empty; it has more than one, and no
 * command that is not complete. */
void unit_split(struct unit *unit, struct unit *rest);

/** Takes out @p entry and all behind it. */
void unit_cut(struct unit *unit, size_t entry);

/** Empties it for another use; what is larger than @p ordinary bytes is given back. */
void unit_reset(struct unit *unit, size_t ordinary);

/** Frees it and what it holds. */
void unit_free(struct unit *unit);
