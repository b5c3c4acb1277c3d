/* world_parts.h: what a world is made of; shared by the files that make it. */
#pragma once
#include "kafka/commit_note.h"
#include "member.h"

enum {
    SUMMED = 3,           /* every third record adds to the sum */
    CONNECTIONS_SHOWN = 8 /* closed ones whose bytes may still arrive */
};

struct kafka_partition {
    int owner; /* -1: none */
    uint32_t generation;
    unsigned topic, log;    /* rise as the topic is made anew; log also as only its records are */
    int64_t committed;      /* -1: nothing */
    unsigned committed_log; /* that is of: a worker may not know that it is another one */
    char note[COMMIT_NOTE_BYTES]; /* what was committed with it */
    size_t note_length;
    bool overlapped; /* somebody may have written on behind the next owner's back */
};

struct world {
    enum world_mode mode;
    const struct way *way;
    struct model_redis *redis;
    struct kafka_partition kafka[WORLD_PARTITIONS];
    struct member members[WORLD_WORKERS];
    int closed[CONNECTIONS_SHOWN]; /* connections whose client is gone */
    size_t closed_count;
    bool failed_over;                    /* what was answered may be gone */
    size_t listed[WORLD_PARTITIONS];     /* elements of the lists that were judged */
    int64_t highest[WORLD_PARTITIONS];   /* up to it all are listed */
    int64_t committed[WORLD_PARTITIONS]; /* of the log that is there now; it never falls */
    bool falls[WORLD_PARTITIONS];        /* but once: a failover lost what that log had written */
    /* where the list has the record last; 0: nowhere */
    size_t last[WORLD_PARTITIONS][WORLD_RECORDS];
    bool told[WORLD_PARTITIONS][WORLD_RECORDS];    /* that a command of it was refused */
    bool missed[WORLD_PARTITIONS][WORLD_RECORDS];  /* told that its entry was refused */
    bool entered[WORLD_PARTITIONS][WORLD_RECORDS]; /* its entry was seen, and none goes away */
    int wronged; /* a record that was refused and had done nothing; -1: none */
    bool pending[WORLD_PARTITIONS][WORLD_RECORDS]; /* somebody is to take care of it */
    struct world_counts counts;
    char text[WORLD_TEXT_BYTES];
};

/* --- judge.c --- */

/** After a step: every invariant that holds at any time. False: one does not hold, the world's text
 * says which. */
bool judge_step(struct world *world);

/** Whether all there is to do is done. */
bool judge_is_finished(const struct world *world);

/** After everything was healed: the invariants of the whole; false as above. */
bool judge_end(struct world *world);

/** Nothing is listed of the partition. */
void judge_forget(struct world *world, unsigned partition);

/** Its log is another one: what belonged to the former one is owed no more. */
void judge_renew(struct world *world, unsigned partition);

/* --- logs.c --- */

/** The topic of the partition is deleted and made anew. */
void log_remake(struct world *world, unsigned number);

/** The log is cut, if nobody reads it, and grows again. */
void log_regrow(struct world *world, unsigned number);

/** The member asks Kafka which log it is, and starts again in another one. */
void log_look(struct member *member, unsigned number);

/* --- wire.c --- */

void wire_connect(struct member *member);

/** The worker's end is gone; @p former: the connection is to be killed before the next one speaks.
 */
void wire_close(struct member *member, bool former);

/** The connection breaks, and the worker sees it. */
void wire_cut(struct member *member, bool at_once);

/** Some bytes reach the server, it carries out some commands, the worker reads some answers. */
void wire_send(struct member *member, size_t amount);
void wire_serve(struct member *member, size_t amount);
void wire_read(struct member *member, size_t amount);

/** A pause is over; @p late: or the session had nothing to say for long, or what it pauses for has
 * waited for too long. */
void wire_wake(struct member *member, bool late);

/** What a dead connection had sent reaches the server after all. */
void wire_stale(struct world *world, size_t amount);

/* --- group.c --- */

void member_begin(struct world *world, unsigned number);
void member_end(struct member *member);

/** It ends, and another one begins in its place. */
void member_crash(struct member *member);

/** The partition is given to the member, if it has no owner. */
void group_assign(struct member *member, unsigned number);

/** The member gives a revoked partition back, if it has drained; @p force: also if it has not. */
void group_leave(struct member *member, unsigned number, bool force);

/** The group takes the partition back; its worker does not know until group_tell(). */
void group_expire(struct world *world, unsigned number);
void group_tell(struct member *member, unsigned number);

/** The member takes records of the partition. */
void group_poll(struct member *member, unsigned number, size_t amount);

/** It commits as far as its tracker allows. */
void group_commit(struct member *member, unsigned number);
