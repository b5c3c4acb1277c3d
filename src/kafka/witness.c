/* witness.c: a remembered record, by which a log is recognised. */
#include "kafka/witness.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

void witnesses_clear(struct witnesses *witnesses)
{
    *witnesses = (struct witnesses){WITNESS_NONE, WITNESS_NONE, WITNESS_NONE};
}

static size_t length_of(struct slice bytes)
{
    return bytes.data ? bytes.length : SIZE_MAX;
}

void witnesses_note(struct witnesses *witnesses, const struct record *record)
{
    witnesses->latest = (struct witness){record->offset, record->timestamp_ms,
                                         length_of(record->key), length_of(record->value)};
}

/* Between two commits more batches may come than could be remembered: one of them waits until what
 * is committed has passed it. */
struct witness witnesses_settle(struct witnesses *witnesses, int64_t offset)
{
    if (witnesses->latest.offset < offset) {
        witnesses->settled = witnesses->latest;
        witnesses->pending = WITNESS_NONE;
        return witnesses->settled;
    }
    if (witnesses->pending.offset >= 0 && witnesses->pending.offset < offset) {
        witnesses->settled = witnesses->pending;
        witnesses->pending = WITNESS_NONE;
    }
    if (witnesses->pending.offset < 0)
        witnesses->pending = witnesses->latest;
    return witnesses->settled;
}

bool witness_fits(const struct witness *witness, const struct record *record)
{
    return witness->timestamp_ms == record->timestamp_ms &&
           witness->key_length == length_of(record->key) &&
           witness->value_length == length_of(record->value);
}

bool witness_equals(const struct witness *left, const struct witness *right)
{
    return left->offset >= 0 && left->offset == right->offset &&
           left->timestamp_ms == right->timestamp_ms && left->key_length == right->key_length &&
           left->value_length == right->value_length;
}

/* --- texts ------------------------------------------------------------------------------------ */

static int64_t signed_length(size_t length)
{
    return length == SIZE_MAX ? -1 : (int64_t)length;
}

void witness_write(const struct witness *witness, char text[WITNESS_BYTES])
{
    snprintf(text, WITNESS_BYTES, "%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64, witness->offset,
             witness->timestamp_ms, signed_length(witness->key_length),
             signed_length(witness->value_length));
}

/* Takes the number up to the next colon, or the end, from the front of @p text. */
static bool take_number(struct slice *text, int64_t least, int64_t *number)
{
    const char *colon = text->length ? memchr(text->data, ':', text->length) : NULL;
    size_t length = colon ? (size_t)(colon - text->data) : text->length;
    bool good = text_integer((struct slice){text->data, length}, number) && *number >= least;

    text->data += length + (colon != NULL);
    text->length -= length + (colon != NULL);
    return good;
}

struct witness witness_read(struct slice text)
{
    struct witness witness = WITNESS_NONE;
    int64_t offset, timestamp_ms, key, value;

    if (!text.length || !take_number(&text, 0, &offset) || !take_number(&text, -1, &timestamp_ms) ||
        !take_number(&text, -1, &key) || !take_number(&text, -1, &value) || text.length)
        return witness;
    return (struct witness){offset, timestamp_ms, key < 0 ? SIZE_MAX : (size_t)key,
                            value < 0 ? SIZE_MAX : (size_t)value};
}
