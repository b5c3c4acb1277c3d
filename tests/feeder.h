/*
 * feeder.h: an owner of partitions, as the worker is one, without Kafka.
 *
 *      struct feeder *feeder = feeder_open(redis_server_port(server), 2);
 *      feeder_claim_all(feeder);
 *      feeder_feed(feeder, 1000);              // each partition's log ends at offset 1000
 *      CU_ASSERT_TRUE(feeder_finish(feeder));  // all of it is carried out and settled
 *      feeder_close(feeder);
 *
 * A partition's log holds the offsets from 0 on; record N of partition P becomes "RPUSH list:P N"
 * and "INCRBY sum:P N", unless the test says otherwise. A fenced partition is claimed again where
 * feeder->claims_again says so, and goes on where the checkpoint says, its holes first.
 */
#pragma once
#include "redis/units.h"
#include "sink_stand.h"

enum { FEEDER_PARTITIONS = 2000, FEEDER_TICKETS = 1 << 20 };

struct feeder;

struct feeder_partition {
    struct feeder *feeder;
    int number;
    struct claim *claim; /* NULL: not ours */
    bool claimed, stopped;
    int64_t position, end, start; /* next to put; end of the log; where the claim began */
    struct checkpoint found;      /* of the last claim, its holes copied */
    size_t hole;                  /* of those the next to try again */
    unsigned claims, fences, taken;
};

enum feeder_outcome { FEEDER_NONE, FEEDER_OPEN, FEEDER_DONE, FEEDER_REFUSED, FEEDER_DROPPED };

struct feeder {
    struct conf_sink options; /* change them between feeder_new() and feeder_start() */
    struct stand stand;
    struct units *units;
    struct sink_counters *counters;
    struct feeder_partition partitions[FEEDER_PARTITIONS];
    size_t partition_count;
    const char *topic;
    bool claims_again;
    enum units_verdict verdict;
    int64_t patience_ms; /* 0: without end */
    unsigned suspicions; /* how often a record was said to end connections */
    /** Puts the command at @p place of a record; false: it has none there. NULL: the usual ones. */
    bool (*render)(struct feeder_partition *partition, int64_t offset, unsigned place);
    unsigned char outcomes[FEEDER_TICKETS];
    int owners[FEEDER_TICKETS]; /* partition of each ticket */
    uint32_t put, answered, done, refused, dropped;
    enum reply_class class; /* of the last refusal */
    char text[1024];
};

/** With stand_options(). */
struct feeder *feeder_new(int port, size_t partitions);
void feeder_start(struct feeder *feeder);

/** Both. */
struct feeder *feeder_open(int port, size_t partitions);

/** Takes NULL. */
void feeder_close(struct feeder *feeder);

void feeder_claim(struct feeder_partition *partition);
void feeder_claim_all(struct feeder *feeder);
void feeder_drop(struct feeder_partition *partition);

/** The logs end at @p end. */
void feeder_feed(struct feeder *feeder, int64_t end);

/** Puts one command of the record in hand; arguments end with NULL. */
void feeder_put(struct feeder_partition *partition, unsigned place, ...);

/** The usual commands. */
bool feeder_render(struct feeder_partition *partition, int64_t offset, unsigned place);

/** Puts what there is room for, and runs the loop once. */
void feeder_turn(struct feeder *feeder);
void feeder_run(struct feeder *feeder, int64_t milliseconds);

/** Until each claimed partition has put all of its log and is settled; false where patience
 * ends. */
bool feeder_finish(struct feeder *feeder);

/** Until all are claimed. */
bool feeder_wait_claimed(struct feeder *feeder);

/** Until each partition that was claimed is fenced. */
bool feeder_wait_fenced(struct feeder *feeder);

/** Until units_trouble() holds @p text. */
bool feeder_wait_trouble(struct feeder *feeder, const char *text);
