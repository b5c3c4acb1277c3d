/* member.h: one worker of the simulated world: what the world and the two ways of writing share. */
#pragma once
#include "kafka/identity.h"
#include "kafka/resume.h"
#include "kafka/tracker.h"
#include "kafka/witness.h"
#include "model_redis.h"
#include "redis/session.h"
#include "world.h"

struct checkpoint;
struct world;

/** How a worker sees one partition. */
struct member_partition {
    bool owned;          /* as far as the worker knows */
    bool revoked;        /* the group waits for it to leave */
    uint32_t generation; /* of the assignment */
    uint32_t life; /* rises with every start of the partition here; late answers are of another */
    struct tracker *tracker; /* NULL: not started */
    int64_t position;
    int64_t committed;        /* as far as the worker knows; -1: nothing */
    struct identity identity; /* of the log that the position is of */
    unsigned log;             /* which one that is: the world knows, the worker does not */
    const char *another;      /* how it was found not to be the topic's; NULL: it was not */
    struct witnesses witnesses;
    struct witness compare; /* to be read first */
    /* exactly once */
    struct witness record;  /* what the checkpoint remembers */
    struct witness missing; /* was remembered, and the log does not have it */
    int64_t behind;         /* nothing is committed before this record was taken */
};

/** Of the partition's records, which one. */
struct place {
    unsigned partition, log;
    int64_t offset;
};

enum { WIRE_REST_BYTES = 512 };

struct member {
    struct world *world;
    unsigned number;
    int connection;             /* -1: none */
    int former;                 /* to be killed before the next one speaks; -1: none */
    char rest[WIRE_REST_BYTES]; /* what the session left of what came */
    size_t rest_length;
    struct member_partition partitions[WORLD_PARTITIONS];
    void *way; /* what the way of writing keeps */
};

/** How records reach the model of Redis: at least once (pipe.c), or exactly once (exact.c). */
struct way {
    void (*begin)(struct member *member);
    void (*end)(struct member *member); /* it crashed: nothing of it is left */
    /** What is said over its connection; wire.c moves the bytes, as link.c does. */
    struct session *(*session)(const struct member *member);
    /** Whether its command of that ticket is to be refused anyway, whenever it is sent. */
    bool (*is_bad)(const struct member *member, uint32_t ticket);
    /** Hears what the session has to tell; NULL: nothing more than wire_deliver(). */
    void (*deliver)(struct member *member);
    /** The partition is the worker's from now on. */
    void (*assigned)(struct member *member, unsigned partition);
    void (*lost)(struct member *member, unsigned partition);
    /** Its log is another one: it starts again, once nothing of the former one is awaited. */
    void (*another)(struct member *member, unsigned partition);
    /** Takes the record at the partition's position; false: no room, or not now. */
    bool (*take)(struct member *member, unsigned partition);
    /** Whether all that was taken of the partition is answered. */
    bool (*is_drained)(const struct member *member, unsigned partition);
    /** What is done from time to time; NULL: nothing. */
    void (*wake)(struct member *member);
    /** Asks Redis about a refusal, on a connection of its own; NULL: it never does. */
    void (*ask)(struct member *member);
};

extern const struct way pipe_way, exact_way;

/* --- world.c, for the ways --- */

/** The keys that records of a partition's log are written to. */
const char *world_list(unsigned partition, unsigned log);
const char *world_sum(unsigned partition, unsigned log);
const char *world_stream(unsigned partition, unsigned log);

/** The commands of a record, three words each; one in seven has one that Redis refuses. */
enum { WORLD_COMMANDS = 3 };
struct world_record {
    struct slice words[WORLD_COMMANDS][3];
    unsigned count;
    char text[24];
};
void world_record(struct place place, struct world_record *record);
bool world_is_poison(int64_t offset);

/** One record's command ends the connection, whenever it is sent. */
bool world_is_cutter(int64_t offset);

struct model_redis *world_redis(struct world *world);
struct world_counts *world_count(struct world *world);

/** The worker hears that somebody else has the partition. */
void world_fenced(struct member *member, unsigned partition);

/** The worker hears that a command of the record was refused; @p pending: somebody is to take care
 * of it. */
void world_refused(struct member *member, struct place place, bool pending);

/** The worker found out that the entry of the record was refused and is not there. */
void world_missed(struct member *member, struct place place);

/** Answers were lost with a connection or a worker, and that was said: errors among them may never
 * be told. */
void world_unsettled(struct member *member, uint64_t units);

/* --- wire.c, for the ways --- */

/** Calls the session's events, and forgets a suspect that was answered. */
void wire_deliver(struct member *member);

/* --- logs.c, for the ways --- */

/** The offset where the partition starts as Kafka has it, in the log that is there now. */
int64_t log_start(struct member *member, unsigned number);

/** The same where Redis has @p checkpoint. */
struct resume log_resume(struct member *member, unsigned number,
                         const struct checkpoint *checkpoint);

/** False: the record that is read first shows that the log is another one. */
bool log_looks_back(struct member *member, unsigned number);

/** Kafka's record. */
struct record log_record(unsigned log, int64_t offset);

/** Which log is there now, and its identity. */
unsigned log_now(const struct world *world, unsigned number);
void log_text(const struct world *world, unsigned number, char text[IDENTITY_BYTES]);
