/* tracker.h: how far one partition may be committed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tracker;

/** A tracker that has seen nothing; @p next_offset is where the partition starts and what may be
 * committed at first. */
struct tracker *tracker_new(int64_t next_offset);

void tracker_free(struct tracker *tracker);

/**
 * Notes that the record at @p offset is in flight; @p slot names it until tracker_finish().
 * Offsets rise from call to call; gaps (compaction, transaction markers) are fine.
 * @p timestamp_ms is the record's own, for the age of the oldest unfinished one; -1: none.
 * Threads: belongs to one worker; takes no lock.
 */
void tracker_begin(struct tracker *tracker, int64_t offset, int64_t timestamp_ms, uint32_t *slot);

/** One more answer must come before the record of @p slot is finished (tracker_begin() counts one).
 */
void tracker_retain(struct tracker *tracker, uint32_t slot);

/** One answer came; true: it was the last one, the record is finished. */
bool tracker_finish(struct tracker *tracker, uint32_t slot);

/** No answer will finish the record: it stays unfinished, but is not to be waited for. */
void tracker_give_up(struct tracker *tracker, uint32_t slot);

/** The offset to commit: that of the oldest unfinished record, or the one behind the last. Never
 * goes down. */
int64_t tracker_commit_offset(const struct tracker *tracker);

/** Behind the last record that began. */
int64_t tracker_next_offset(const struct tracker *tracker);

/** Nothing lies between the last record and @p offset (transaction markers leave such gaps). */
void tracker_skip(struct tracker *tracker, int64_t offset);

/** Records begun and not finished. */
size_t tracker_inflight(const struct tracker *tracker);

/** Those of them that an answer may still finish. */
size_t tracker_waiting(const struct tracker *tracker);

/** Records at and above the commit offset, finished ones among them: the next owner reads them. */
size_t tracker_uncommitted(const struct tracker *tracker);

/** The timestamp of the oldest unfinished record; -1 if there is none. */
int64_t tracker_oldest_ms(const struct tracker *tracker);
