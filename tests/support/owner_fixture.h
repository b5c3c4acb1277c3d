/*
 * owner_fixture.h: an owner of partitions, as the worker is one, without Kafka.
 *
 *      struct owner *owner = owner_open(redis_server_port(server), 2);
 *      owner_claim_all(owner);
 *      owner_feed(owner, 1000);               // each partition's log ends at offset 1000
 *      CU_ASSERT_TRUE(owner_finish(owner));   // all of it is carried out and settled
 *      owner_close(owner);
 *
 * A partition's log holds the offsets from 0 on; record N of partition P becomes "RPUSH list:P N"
 * and "INCRBY sum:P N", unless the test says otherwise. A fenced partition is claimed again where
 * owner->claims_again says so, and resumes where the checkpoint says, its gaps first.
 */
#pragma once
#include "loop_fixture.h"
#include "redis/sink.h"
#include "redis/units.h"

enum { OWNER_PARTITIONS = 2000, OWNER_TICKETS = 1 << 20 };

struct owner;

struct owner_partition {
    struct owner *owner;
    int number;
    struct claim *claim; /* NULL: not ours */
    bool claimed, stopped;
    int64_t position, end, start; /* next to put; end of the log; where the claim began */
    struct checkpoint found;      /* of the last claim, its gaps copied */
    size_t gap;                   /* of those the next to try again */
    unsigned claims, fences, taken;
};

struct owner {
    struct conf_sink options; /* change them between owner_new() and owner_start() */
    struct loop_fixture loop;
    struct sink *sink;
    struct units *units;                /* the sink's */
    const struct sink_events *ordinary; /* of ordinary commands of the sink; NULL: it has none */
    struct sink_counters *counters;
    struct owner_partition partitions[OWNER_PARTITIONS];
    size_t partition_count;
    const char *topic;
    bool claims_again;
    enum units_verdict verdict;
    int64_t retry_timeout_ms; /* 0: without end */
    unsigned suspicions;      /* how often a record was said to end connections */
    /** Puts the command at @p place of a record; false: it has none there. NULL: the usual ones. */
    bool (*render)(struct owner_partition *partition, int64_t offset, unsigned place);
    unsigned char outcomes[OWNER_TICKETS];
    int owners[OWNER_TICKETS]; /* partition of each ticket */
    uint32_t put, answered, done, refused, dropped;
    enum reply_class class; /* of the last refusal */
    char text[1024];
};

/** With loop_fixture_options(). */
struct owner *owner_new(int port, size_t partitions);
void owner_start(struct owner *owner);

/** Both. */
struct owner *owner_open(int port, size_t partitions);

/** Takes NULL. */
void owner_close(struct owner *owner);

void owner_claim(struct owner_partition *partition);
void owner_claim_all(struct owner *owner);
void owner_drop(struct owner_partition *partition);

/** The logs end at @p end. */
void owner_feed(struct owner *owner, int64_t end);

/** Puts the next command of the record in hand; arguments end with NULL. */
void owner_put(struct owner_partition *partition, ...);

/** The usual commands. */
bool owner_render(struct owner_partition *partition, int64_t offset, unsigned place);

/** Puts what there is room for, and runs the loop once. */
void owner_turn(struct owner *owner);
void owner_run(struct owner *owner, int64_t milliseconds);

/** Until each claimed partition has put all of its log and is settled; false if no command gets its
 * outcome before patience ends. */
bool owner_finish(struct owner *owner);

/** Until all are claimed. */
bool owner_wait_claimed(struct owner *owner);

/** Until each partition that was claimed is fenced. */
bool owner_wait_fenced(struct owner *owner);

/** Until sink_trouble() holds @p text. */
bool owner_wait_trouble(struct owner *owner, const char *text);
