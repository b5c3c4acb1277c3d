/* marks.h: how far the answers of one partition are confirmed, at each barrier that its topic
 * passes.
 */
#pragma once
#include "kafka/mark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct source_partition;
struct source_topic;

/** A partition's. */
struct marks {
    struct mark *items;       /* one a barrier; NULL: its topic passes none */
    int64_t assignment_start; /* the lowest offset at which its assignment began; -1: not known */
    int64_t check_at;         /* the first offset at which too much may be unconfirmed */
};

/** Finds the barriers that a new topic passes. */
void marks_open(struct source_topic *topic, const struct source *source);

/** The topic's routes have changed: at barriers that it did not pass before nothing is known. */
void marks_reroute(struct source_topic *topic, const struct source *source);

/** A new assignment: nothing is known. */
void marks_take(struct source_partition *partition);

/** It is read from @p offset on, for the first time or again. */
void marks_start(struct source_partition *partition, int64_t offset);

/** Looks again once half of what may be unconfirmed was taken. */
void marks_check_later(struct source_partition *partition);

bool marks_have(const struct source_partition *partition, unsigned barrier);

/** How far @p offset may be committed; -1: not at all. */
int64_t marks_cut(const struct source_partition *partition, int64_t offset);

/** The offset below which nothing of this assignment can be lost. */
int64_t marks_confirmed(const struct source_partition *partition);

/** Whether all that was answered is confirmed. */
bool marks_confirm_all(const struct source_partition *partition);

/** Answered and not confirmed; by their offsets, so gaps are counted too. */
size_t marks_unconfirmed(const struct source_partition *partition);

/** Whether too much is unconfirmed once all below @p position is taken. */
bool marks_are_full(const struct source_partition *partition, int64_t position);
