/*
 * checkpoint.h: what Redis keeps of a partition beside its data (docs/reference/checkpoints.md).
 *
 * Two keys in one slot, format version 1:
 *      PREFIX:{GROUP}:TOPIC:PARTITION:epoch    the owner's token, "N:RANDOM"
 *      PREFIX:{GROUP}:TOPIC:PARTITION          a hash: v next settled epoch unit leader routes
 *                                              log witness holes
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHECKPOINT_VERSION = 1,
    CHECKPOINT_LAST_PLACE = 63, /* commands from here on share one bit of a gap */
    CHECKPOINT_TOKEN_BYTES = 48,
    CHECKPOINT_ERROR_BYTES = 160,
    CHECKPOINT_LOG_BYTES = 80
};

/** All commands of a record. */
#define CHECKPOINT_WHOLE UINT64_MAX

/**
 * A record below next whose commands (by their places among all commands of the record, over all
 * routes) were not carried out and must be.
 */
struct checkpoint_gap {
    int64_t offset;
    uint64_t commands; /* bit i: command i; CHECKPOINT_WHOLE: the record */
};

/** The bit of command @p ordinal of a record. */
static inline uint64_t checkpoint_bit(unsigned ordinal)
{
    return UINT64_C(1) << (ordinal < CHECKPOINT_LAST_PLACE ? ordinal : CHECKPOINT_LAST_PLACE);
}

/** What is known of the record below next, to tell it from another one of its offset. */
struct checkpoint_witness {
    bool known;
    int64_t timestamp_ms;            /* -1: it has none */
    size_t key_length, value_length; /* SIZE_MAX: null */
};

struct checkpoint {
    bool found;    /* false: Redis has none, the rest means nothing */
    bool readable; /* false: another version, or not what penstock writes; error says what */
    char error[CHECKPOINT_ERROR_BYTES];
    int64_t next;    /* offset to resume at */
    int64_t settled; /* below it all results were seen; the last unit's, up to next, were not */
    int64_t epoch;   /* N of the owner that wrote it */
    int64_t unit;    /* counts the units of that owner */
    int64_t leader;  /* leader epoch; -1: not known */
    uint64_t routes; /* fingerprint of the routes' names */
    char log[CHECKPOINT_LOG_BYTES]; /* the log that next is of; empty: not known */
    struct checkpoint_witness witness;
    struct checkpoint_gap *gaps; /* the field "holes"; rising offsets */
    size_t gap_count;
};

/** The key of the hash, for free(). What would break its form in @p prefix, @p group or @p topic
 * is written as %XX. */
char *checkpoint_key(const char *prefix, const char *group, const char *topic, int32_t partition);

/** The key of the token. */
char *checkpoint_epoch_key(const char *prefix, const char *group, const char *topic,
                           int32_t partition);

/** The owner's token. @p random tells claims apart, @p number rises from claim to claim. */
struct checkpoint_token {
    int64_t number;
    uint64_t random;
};

/** Writes "N:RANDOM"; returns its length. */
size_t checkpoint_write_token(struct checkpoint_token token, char text[CHECKPOINT_TOKEN_BYTES]);

/** False: it is not a token, *token untouched. */
bool checkpoint_read_token(struct slice text, struct checkpoint_token *token);

enum { CHECKPOINT_FIELDS = 10, CHECKPOINT_TEXT_BYTES = 256 };

/** Field names and values in turn, as HSET takes them. */
struct checkpoint_fields {
    struct slice items[2 * CHECKPOINT_FIELDS];
    size_t count;
    char text[CHECKPOINT_TEXT_BYTES]; /* of the values */
};

/** Writes all fields; the text of .log and @p gaps, from checkpoint_write_gaps(), are borrowed.
 * .log empty, @p gaps data NULL: that field is left as it is. */
void checkpoint_write(const struct checkpoint *checkpoint, struct slice gaps,
                      struct checkpoint_fields *fields);

/** "OFFSET:PLACE,PLACE;OFFSET:*"; empty without gaps. For free(). */
char *checkpoint_write_gaps(const struct checkpoint_gap *gaps, size_t count);

/**
 * Reads what HGETALL answered: @p count field names and values in turn. Fields it does not know
 * are passed over: they are a later version's. checkpoint_free() frees it.
 */
void checkpoint_read(struct checkpoint *checkpoint, const struct slice *items, size_t count);

/** Frees what it holds; all-zero ones, too. */
void checkpoint_free(struct checkpoint *checkpoint);
