/*
 * commit_note.h: the metadata of a commit.
 *
 * Words, with a blank between them; unknown ones are ignored. A note speaks of the
 * offset that it was written for: an offset that was set by other means is taken without it.
 *
 *      start                   where the partition begins; of its records nothing was answered
 *      at=OFFSET               the commit that it was written for
 *      log=CLUSTER/TOPIC       the log that the offset is of (identity.h)
 *      record=...              a record below the offset (witness.h)
 *      another                 the log was found to be another one than the offset is of
 *      began=MS:PARTITIONS     when the group began, and how many partitions the topic had
 */
#pragma once
#include "kafka/identity.h"
#include "kafka/witness.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMMIT_NOTE_BYTES = 320 };

struct commit_note {
    int64_t offset; /* -1: the commit is somebody else's, or there is none; only what is below
                       stands */
    bool start, another;
    struct identity log;
    struct witness record;
    int64_t began_ms;   /* -1: not known */
    int32_t partitions; /* the topic had when the group began; 0: not known */
};

/** Returns the length. */
size_t commit_note_write(const struct commit_note *note, char text[COMMIT_NOTE_BYTES]);

/** Reads the metadata of a commit at @p offset; any text is good. */
struct commit_note commit_note_read(struct slice text, int64_t offset);
