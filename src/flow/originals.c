/* originals.c: records kept as they came until their answers are in, in case one is refused. */
#include "flow/originals.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { MESSAGE_BYTES = 512 }; /* about what librdkafka needs for a message beside its bytes */

struct original {
    struct originals *originals;
    struct original *next_free;
    void *message;
    size_t bytes;
    uint32_t uses;
};

struct original *original_new(struct originals *originals, struct batch *batch, size_t index)
{
    const struct record *record = &batch->records[index];
    struct original *original = originals->free;

    if (original)
        originals->free = original->next_free;
    else
        original = mem_new(struct original);
    *original =
        (struct original){.originals = originals,
                          .message = source_keep(batch, index),
                          .bytes = MESSAGE_BYTES + record->key.length + record->value.length,
                          .uses = 1};
    originals->bytes += original->bytes;
    return original;
}

void original_retain(struct original *original)
{
    original->uses++;
}

void original_release(struct original *original)
{
    if (!original || --original->uses)
        return;
    source_let_go(original->message);
    original->originals->bytes -= original->bytes;
    original->next_free = original->originals->free;
    original->originals->free = original;
}

struct record original_record(const struct original *original,
                              const struct source_partition *partition)
{
    return source_kept_record(original->message, partition);
}

void originals_free(struct originals *originals)
{
    assert(!originals->bytes);
    while (originals->free) {
        struct original *original = originals->free;
        originals->free = original->next_free;
        free(original);
    }
}
