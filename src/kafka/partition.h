/*
 * partition.h: one partition that is, or once was, this worker's.
 *
 * It keeps its object until the source ends, so that a late answer of a former assignment finds
 * something to compare its generation with.
 *
 *      away --assign--> starting --offsets known--> flowing <--> held
 *                       (claimed first, where the worker says so)
 *        ^                  |                          |          |
 *        |                  +---------- revoke --------+----------+--> revoked
 *        +-------------- unassigned, or lost at any time <--------------'
 */
#pragma once
#include "kafka/beginning.h"
#include "kafka/fetching.h"
#include "kafka/identity.h"
#include "kafka/marks.h"
#include "kafka/source.h"
#include "kafka/tracker.h"
#include "kafka/witness.h"

#include <stdbool.h>
#include <stdint.h>

struct resume_facts;

enum partition_state {
    PARTITION_AWAY,     /* not ours */
    PARTITION_STARTING, /* ours; where to read from is not known yet */
    PARTITION_FLOWING,
    PARTITION_HELD,   /* ours, but nothing is read of it */
    PARTITION_REVOKED /* still ours until its answers have come and were committed */
};

enum claim_step {
    CLAIM_NONE,   /* no claim is needed, or it is not asked yet whether one is */
    CLAIM_DUE,    /* the worker is to be asked */
    CLAIM_WAITED, /* for source_claimed() */
    CLAIM_MADE
};

struct source_partition {
    struct source *source;
    const struct source_topic *topic;
    struct partition_gauges *gauges;
    struct tracker *tracker; /* NULL unless records may be in flight */
    struct marks marks;
    struct partition_fetching fetching;
    char *reason;           /* why it is held */
    size_t reason_head;     /* how much of that names offset and route */
    int64_t held_offset;    /* of the record that it is held by; -1: by none */
    const char *held_route; /* and the route; NULL: none */
    char *held_told;        /* the reason that was logged; NULL: it flows */
    int64_t held_since_ms, held_told_ms;
    int64_t released_ms;    /* when it was tried again; 0: it was not */
    int64_t released_at;    /* and at which offset; -1: not known */
    char *unreadable;       /* why it will be held at the next poll; NULL: it will not */
    int64_t position;       /* the next offset to take; -1: not known */
    int64_t end;            /* where librdkafka came to the end last; -1: not since the start */
    int64_t waits_since_ms; /* nothing comes though Kafka has more; 0: it does, or has not */
    int64_t waits_at;       /* the position that it does not get past */
    int64_t told_ms;        /* when Kafka told its end, or gave a record of it */
    int64_t told_at;        /* its position then */
    int64_t low;            /* where its log starts, asked while it does not flow; -1: not known */
    int64_t refused_ms;     /* when Kafka said that we may not read it; 0: we may */
    int64_t refused_at;     /* its position then */
    int64_t committed;      /* what Kafka has; -1: nothing, or not known */
    int64_t committing;     /* what the outstanding commit says; -1: nothing */
    int64_t stuck_at;       /* its position when a response was too large */
    int64_t stuck_since_ms; /* and since when */
    int64_t try_again_ms;   /* when it is released, while oversize */
    int64_t ask_at_ms;      /* when its offsets may be asked for */
    int64_t taken_ms;       /* the timestamp of the record taken last; -1: none */
    uint64_t consumed_records, consumed_bytes, lost_records;
    int32_t number;
    uint32_t generation;
    enum partition_state state;
    enum source_hold hold;
    bool stalls;    /* it was logged that nothing comes */
    bool asking;    /* a question about its offsets is under way */
    bool misplaced; /* Kafka refused position as out of range */
    bool oversize;  /* held because its next batch cannot be received */
    bool lags;      /* its position stood still, and Kafka has more */
    bool brims;     /* held because too much of it is unconfirmed */
    int64_t ahead;  /* to be committed though not answered (source_commit_first()); -1: nothing */
    int64_t began;  /* where it began without a committed offset; -1: it went on at one */
    enum claim_step claim_step;
    void *claim; /* the worker's */
    struct resume_facts
        *facts;             /* of a claimed partition that waits for Kafka's answer; else NULL */
    unsigned ahead_answers; /* so often Kafka said that the log ends below the checkpoint */
    bool witness_differs;   /* source_mismatches() said so, and the next start is to weigh it */
    struct identity log;    /* of the log that its position is of */
    const char *another;    /* how its log was found to be another one; NULL: it was not */
    struct witnesses witnesses;
    struct witness compare; /* read first, to be compared with what the log holds */
    int64_t known_end;      /* of that log, when it was last seen to be the same; -1: not known */
    struct beginning group; /* what is noted of it with each commit */
    int64_t left_committed; /* by an assignment before; -1: nothing */
};

static inline bool partition_is_ours(const struct source_partition *partition)
{
    return partition->state != PARTITION_AWAY;
}

/** The offset from which librdkafka is to read it. */
static inline int64_t partition_read_from(const struct source_partition *partition)
{
    return partition->compare.offset >= 0 ? partition->compare.offset : partition->position;
}

/** Ours again, as if never seen. */
void partition_take(struct source_partition *partition);

/** Starts, or starts again, at @p offset. */
void partition_start(struct source_partition *partition, int64_t offset);

/** The same for one that librdkafka may be reading from elsewhere. */
void partition_restart(struct source_partition *partition, int64_t offset);

/** What was claimed of it, and what is in flight, no longer counts: it starts with a new claim. */
void partition_claim_anew(struct source_partition *partition);

/** librdkafka says that the partition's position is out of range. */
void partition_misplace(struct source_partition *partition);

/** Nothing is read of it; @p reason is kept. */
void partition_hold(struct source_partition *partition, enum source_hold hold, const char *reason);

/** Not ours any more; tells the worker. */
void partition_lose(struct source_partition *partition);

void partition_move(struct source_partition *partition, enum partition_state state);

/** Whether no answer is to be waited for any more. */
bool partition_is_drained(const struct source_partition *partition);

/** Gives back what librdkafka has read of held partitions: it is read again when they go on. */
void partitions_clear_parked(struct source *source);
