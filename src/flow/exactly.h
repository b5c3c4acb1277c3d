/*
 * exactly.h: records that are carried out exactly once.
 *
 * The partitions of such topics are claimed in Redis before they start, and their records go out in
 * units, each with the offset to resume at in the same transaction (redis/units.h). Here is what
 * differs from the ordinary way; worker.c is the pipe that both take.
 *
 *      claim -> claimed -> starts -> takes ... -> gone
 */
#pragma once
#include "flow/worker_parts.h"

/* --- source_events --- */
bool exactly_claim(void *context, struct source_partition *partition);
void exactly_starts(void *context, struct source_partition *partition, int64_t next, bool another);

/* --- units_events --- */
void exactly_claimed(void *context, void *owner, const struct checkpoint *checkpoint);
void exactly_fenced(void *context, void *owner, bool taken);

/** Whether all that was put of the partition is carried out and written down. */
bool exactly_is_settled(const struct source_partition *partition);

/** The partition went, or starts again: its claim ends. */
void exactly_gone(struct source_partition *partition);

/* --- the record in hand --- */

/** Whether the partition takes another record; if Redis is away and another sink is well, it is
 * held. */
bool exactly_has_room(struct worker *worker, struct source_partition *partition);

/** Whether the record is to be carried out, or a part of it; false: it was before, or the partition
 * does not flow any more. Then worker->claim is its partition's. */
bool exactly_takes(struct worker *worker, const struct record *record);

/** The letter of delivery @p ticket is delivered: its record need not be remembered any more. */
void exactly_mend(struct worker *worker, uint32_t ticket);
