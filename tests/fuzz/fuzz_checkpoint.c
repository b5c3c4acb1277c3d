/*
 * fuzz_checkpoint.c: tokens and checkpoints as nobody wrote them.
 *
 * The first byte chooses: a token, or a hash of which each line is a name or a value in turn. What
 * can be read is written again and read again, and must be the same.
 */
#include "redis/checkpoint.h"

#include <stdint.h>
#include <stdlib.h>

enum { ITEMS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void try_token(struct slice text)
{
    struct checkpoint_token token, again;
    char written[CHECKPOINT_TOKEN_BYTES];

    if (!checkpoint_read_token(text, &token))
        return;
    size_t length = checkpoint_write_token(token, written);
    expect(checkpoint_read_token((struct slice){written, length}, &again));
    expect(token.number == again.number && token.random == again.random);
}

static size_t split(struct slice text, struct slice *items)
{
    size_t count = 0;

    while (text.length && count < ITEMS) {
        const char *feed = memchr(text.data, '\n', text.length);
        size_t length = feed ? (size_t)(feed - text.data) : text.length;
        items[count++] = (struct slice){text.data, length};
        length += feed != NULL;
        text.data += length;
        text.length -= length;
    }
    return count - count % 2;
}

static void try_again(const struct checkpoint *checkpoint)
{
    char *gaps = checkpoint_write_gaps(checkpoint->gaps, checkpoint->gap_count);
    struct checkpoint_fields fields;
    struct checkpoint again;

    checkpoint_write(checkpoint, slice_of(gaps), &fields);
    checkpoint_read(&again, fields.items, fields.count);
    expect(again.readable && again.next == checkpoint->next && again.unit == checkpoint->unit &&
           again.settled == checkpoint->settled && again.routes == checkpoint->routes &&
           again.witness.known == checkpoint->witness.known &&
           again.gap_count == checkpoint->gap_count);
    for (size_t i = 0; i < again.gap_count; i++)
        expect(again.gaps[i].offset == checkpoint->gaps[i].offset &&
               again.gaps[i].commands == checkpoint->gaps[i].commands);
    checkpoint_free(&again);
    free(gaps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice items[ITEMS], text = {(const char *)data + 1, size - 1};
    struct checkpoint checkpoint;

    if (!size)
        return 0;
    if (data[0] == 't') {
        try_token(text);
        return 0;
    }
    checkpoint_read(&checkpoint, items, split(text, items));
    expect(checkpoint.readable || !checkpoint.found || checkpoint.error[0]);
    if (checkpoint.readable)
        try_again(&checkpoint);
    checkpoint_free(&checkpoint);
    return 0;
}
