/*
 * witness.h: a remembered record, by which a log is recognised.
 *
 * Of the records taken the last one of each batch is noted; of these, one below what is committed
 * goes with the commit, and is compared with the record at its offset when the partition is read
 * the next time.
 */
#pragma once
#include "base/slice.h"
#include "record/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct witness {
    int64_t offset; /* -1: there is none */
    int64_t timestamp_ms;
    size_t key_length, value_length; /* SIZE_MAX: null */
};

#define WITNESS_NONE ((struct witness){.offset = -1})

/** Those of one partition. */
struct witnesses {
    struct witness latest;  /* of the last batch */
    struct witness pending; /* was the latest one, and not yet below what is committed */
    struct witness settled; /* is below it */
};

void witnesses_clear(struct witnesses *witnesses);

void witnesses_note(struct witnesses *witnesses, const struct record *record);

/** The newest one that is known below @p offset, where the partition is committed. */
struct witness witnesses_settle(struct witnesses *witnesses, int64_t offset);

/** Whether @p record, of the witness' offset, is the remembered one. */
bool witness_fits(const struct witness *witness, const struct record *record);

/** Whether both remember the same record; none is no record. */
bool witness_equals(const struct witness *left, const struct witness *right);

enum { WITNESS_BYTES = 88 };

/** "OFFSET:TIMESTAMP:KEY LENGTH:VALUE LENGTH", lengths of nulls as -1. */
void witness_write(const struct witness *witness, char text[WITNESS_BYTES]);

/** WITNESS_NONE if it is not such a text. */
struct witness witness_read(struct slice text);
