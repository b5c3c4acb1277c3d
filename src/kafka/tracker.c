/*
 * tracker.c: how far one partition may be committed.
 *
 * Records finish out of order: commands go to several connections, and a record may take several
 * routes. Kafka keeps one number a partition, so a commit past an unfinished record would lose it
 * in a crash.
 *
 *      [ 42 .... ][ 44 done ][ 45 .... ]       commit offset: 42
 *
 * Records are numbered as they begin; a number is the slot, and its place in the ring is the number
 * modulo the ring's size, so a slot stays good when the ring grows.
 *
 * Invariants: offsets rise along the ring; the oldest entry is never finished; the commit offset
 * never goes down. Out of scope: when to commit (commit.c), what a revoked partition does
 * (rebalance.c).
 */
#include "kafka/tracker.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { RING_FIRST = 64 };

struct tracker_entry {
    int64_t offset, timestamp_ms;
    uint32_t pending; /* answers to come; 0: finished */
    bool given_up;
};

struct tracker {
    struct tracker_entry *ring;
    uint32_t mask;           /* the ring's size - 1, a power of two */
    uint32_t oldest, newest; /* numbers: [oldest, newest) are in the ring; both wrap around */
    size_t inflight;
    size_t given_up;     /* of those in flight */
    int64_t next_offset; /* behind the last record that began */
};

struct tracker *tracker_new(int64_t next_offset)
{
    struct tracker *tracker = mem_new(struct tracker);

    tracker->ring = mem_array(RING_FIRST, sizeof(*tracker->ring));
    tracker->mask = RING_FIRST - 1;
    tracker->next_offset = next_offset;
    return tracker;
}

void tracker_free(struct tracker *tracker)
{
    if (!tracker)
        return;
    free(tracker->ring);
    free(tracker);
}

static struct tracker_entry *tracker_entry(const struct tracker *tracker, uint32_t number)
{
    return &tracker->ring[number & tracker->mask];
}

static void tracker_grow(struct tracker *tracker)
{
    uint32_t mask = tracker->mask * 2 + 1;
    struct tracker_entry *ring = mem_array((size_t)mask + 1, sizeof(*ring));

    for (uint32_t number = tracker->oldest; number != tracker->newest; number++)
        ring[number & mask] = *tracker_entry(tracker, number);
    free(tracker->ring);
    tracker->ring = ring;
    tracker->mask = mask;
}

void tracker_begin(struct tracker *tracker, int64_t offset, int64_t timestamp_ms, uint32_t *slot)
{
    assert(offset >= tracker->next_offset);
    if (tracker->newest - tracker->oldest > tracker->mask)
        tracker_grow(tracker);
    *slot = tracker->newest++;
    *tracker_entry(tracker, *slot) = (struct tracker_entry){offset, timestamp_ms, 1, false};
    tracker->next_offset = offset + 1;
    tracker->inflight++;
}

/* The entry of a record that is in flight. */
static struct tracker_entry *tracker_pending(struct tracker *tracker, uint32_t slot)
{
    struct tracker_entry *entry = tracker_entry(tracker, slot);

    assert(slot - tracker->oldest < tracker->newest - tracker->oldest);
    assert(entry->pending > 0);
    return entry;
}

void tracker_retain(struct tracker *tracker, uint32_t slot)
{
    tracker_pending(tracker, slot)->pending++;
}

bool tracker_finish(struct tracker *tracker, uint32_t slot)
{
    struct tracker_entry *entry = tracker_pending(tracker, slot);

    if (--entry->pending)
        return false;
    tracker->given_up -= entry->given_up;
    tracker->inflight--;
    while (tracker->oldest != tracker->newest && !tracker_entry(tracker, tracker->oldest)->pending)
        tracker->oldest++;
    return true;
}

void tracker_give_up(struct tracker *tracker, uint32_t slot)
{
    struct tracker_entry *entry = tracker_pending(tracker, slot);

    tracker->given_up += !entry->given_up;
    entry->given_up = true;
}

int64_t tracker_commit_offset(const struct tracker *tracker)
{
    if (tracker->oldest == tracker->newest)
        return tracker->next_offset;
    return tracker_entry(tracker, tracker->oldest)->offset;
}

int64_t tracker_next_offset(const struct tracker *tracker)
{
    return tracker->next_offset;
}

void tracker_skip(struct tracker *tracker, int64_t offset)
{
    assert(offset >= tracker->next_offset);
    tracker->next_offset = offset;
}

size_t tracker_inflight(const struct tracker *tracker)
{
    return tracker->inflight;
}

size_t tracker_waiting(const struct tracker *tracker)
{
    return tracker->inflight - tracker->given_up;
}

size_t tracker_uncommitted(const struct tracker *tracker)
{
    return tracker->newest - tracker->oldest;
}

int64_t tracker_oldest_ms(const struct tracker *tracker)
{
    if (tracker->oldest == tracker->newest)
        return -1;
    return tracker_entry(tracker, tracker->oldest)->timestamp_ms;
}
