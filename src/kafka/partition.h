/*
 * partition.h: one partition that is, or once was, this worker's.
 *
 * partition.def has its states, and what may happen in each. It keeps its object until the source
 * ends, so that a late answer of a former assignment finds something to compare its generation
 * with.
 */
#pragma once
#include "kafka/commit.h"
#include "kafka/duty.h"
#include "kafka/fetching.h"
#include "kafka/gauges.h"
#include "kafka/held.h"
#include "kafka/marks.h"
#include "kafka/oversize.h"
#include "kafka/replaced.h"
#include "kafka/skip.h"
#include "kafka/source.h"
#include "kafka/start.h"
#include "kafka/tracker.h"
#include "kafka/warming.h"

#include <stdbool.h>
#include <stdint.h>

enum partition_state {
#define STATE(name, means) PARTITION_##name,
#define EVENT(name, from, to)
#include "kafka/partition.def"
#undef STATE
#undef EVENT
};

enum partition_event {
#define STATE(name, means)
#define EVENT(name, from, to) EVENT_##name,
#include "kafka/partition.def"
#undef STATE
#undef EVENT
};

struct source_partition {
    struct source *source;
    const struct source_topic *topic;
    int32_t number;
    enum partition_state state;
    uint32_t generation;     /* of its tickets and of questions about it */
    struct tracker *tracker; /* NULL unless records may be in flight */
    int64_t position;        /* the next offset to take; -1: not known */
    int64_t until;           /* only offsets below it are taken */
    int64_t end;             /* where librdkafka came to the end last; -1: not since the start */
    int64_t taken_ms;        /* the timestamp of the record taken last; -1: none */
    uint64_t consumed_records, consumed_bytes, lost_records;
    struct source_range *range; /* NULL: the group has given it to us */
    bool claimed;               /* its next offset is kept in Redis too */
    void *claim;                /* the worker's */
    bool paused;                /* by the operator */
    unsigned leaving; /* reasons of its hold that are gone once its answers are in: a set */
    char *unreadable; /* why it will be held at the next poll; NULL: it will not */
    struct held held;
    struct partition_skip skip;
    struct marks marks;
    struct partition_start start;
    struct partition_log log;
    struct partition_fetching fetching;
    struct partition_commit commit;
    struct partition_gauge gauge;
    struct partition_warming warming;
    struct partition_refusal refusal;
    struct partition_progress progress;
};

static inline bool partition_is_ours(const struct source_partition *partition)
{
    return partition->state != PARTITION_AWAY;
}

static inline bool partition_is_starting(const struct source_partition *partition)
{
    return partition->state >= PARTITION_UNCLAIMED && partition->state <= PARTITION_ASKING;
}

/** Whether all of its range was taken; false without one. */
static inline bool partition_is_read(const struct source_partition *partition)
{
    return partition->end >= partition->until || partition->position >= partition->until;
}

/** The offset from which librdkafka is to read it. */
static inline int64_t partition_read_from(const struct source_partition *partition)
{
    return partition->log.compare.offset >= 0 ? partition->log.compare.offset : partition->position;
}

/** Records of it that are begun, or answered and not confirmed, and would be read again. */
size_t partition_unfinished(const struct source_partition *partition);

/** Whether no answer is to be waited for any more. */
bool partition_is_drained(const struct source_partition *partition);

/** @p event happens: for those that change nothing but the state. */
void partition_step(struct source_partition *partition, enum partition_event event);

/** Whether the operator has paused it, by what the worker says. */
bool partition_asks_paused(const struct source_partition *partition);

/** ASSIGNED: ours again, as if never seen; LOST comes first if it was ours. */
void partition_take(struct source_partition *partition);

/** PLACED: it is read from @p offset on; the record @p compare, unless it is none, is read before
 * that to be compared. */
void partition_place(struct source_partition *partition, int64_t offset, struct witness compare);

/** DISPLACED; CLAIM_VOID if it is claimed: its position means nothing any more. */
void partition_displace(struct source_partition *partition);

/** CLAIM_VOID: what was claimed of it, and what is in flight, no longer counts. */
void partition_claim_again(struct source_partition *partition);

/** CLAIM_VOID if it is claimed; one that waits for its claim will know what has changed. */
void partition_void_claim(struct source_partition *partition);

/** librdkafka says that the position is out of range, and reads no more. If it flows, it is
 * displaced; else the next start finds out. */
void partition_misplace(struct source_partition *partition);

/** What was answered above @p offset may be lost. READ_AGAIN from there, or CLAIM_VOID, if it runs;
 * else it only forgets what was answered. */
void partition_rewind(struct source_partition *partition, int64_t offset);

/** What is in flight of it no longer counts; tells the worker. */
void partition_drop(struct source_partition *partition);

/** What the group has committed is of a log that is gone, or was truncated. */
void partition_forget_committed(struct source_partition *partition);

/** LOST: not ours any more; tells the worker. */
void partition_lose(struct source_partition *partition);

/** Gives back what librdkafka has read of held partitions: it is read again when they flow. */
void partitions_clear_parked(struct source *source);
