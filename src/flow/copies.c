/* copies.c: records as they came, kept until their answers are in, in case one is refused. */
#include "flow/copies.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 << 10 };

struct copy_chunk {
    struct copies *owner;
    size_t size, filled; /* bytes behind this head */
    size_t copies;       /* in use */
    max_align_t bytes[];
};

static void chunk_end(struct copies *copies, struct copy_chunk *chunk)
{
    copies->bytes -= chunk->size;
    if (!copies->spare && chunk->size == CHUNK_BYTES) {
        copies->spare = chunk;
        return;
    }
    free(chunk);
}

static struct copy_chunk *chunk_new(struct copies *copies, size_t size)
{
    struct copy_chunk *chunk = copies->spare;

    if (chunk && size == CHUNK_BYTES)
        copies->spare = NULL;
    else
        chunk = mem_resize(NULL, sizeof(*chunk) + size);
    *chunk = (struct copy_chunk){.owner = copies, .size = size};
    copies->bytes += size;
    return chunk;
}

static struct copy *chunk_take(struct copy_chunk *chunk, size_t size)
{
    struct copy *copy = (struct copy *)((char *)chunk->bytes + chunk->filled);

    chunk->filled += size;
    chunk->copies++;
    *copy = (struct copy){.chunk = chunk, .uses = 1};
    return copy;
}

/* The current chunk, or a new one where it has less than @p size bytes left. */
static struct copy_chunk *chunk_for(struct copies *copies, size_t size)
{
    struct copy_chunk *chunk = copies->current;

    if (chunk && chunk->size - chunk->filled >= size)
        return chunk;
    if (chunk && !chunk->copies)
        chunk_end(copies, chunk);
    return copies->current = chunk_new(copies, size > CHUNK_BYTES ? size : CHUNK_BYTES);
}

static struct slice put(char **at, struct slice bytes)
{
    struct slice out = {bytes.data ? *at : NULL, bytes.length};

    if (bytes.length)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return out;
}

static size_t headers_bytes(const struct record *record, size_t count)
{
    size_t bytes = count * sizeof(struct header);
    struct slice name, value;

    for (size_t i = 0; i < count; i++) {
        record->headers.at(record, i, &name, &value);
        bytes += name.length + value.length;
    }
    return bytes;
}

static void put_headers(struct copy *copy, const struct record *record, size_t count, char **at)
{
    struct header *items = (struct header *)(copy + 1);

    copy->headers = (struct headers){items, count};
    for (size_t i = 0; i < count; i++) {
        struct slice name, value;
        record->headers.at(record, i, &name, &value);
        items[i] = (struct header){put(at, name), put(at, value)};
    }
}

/* What of the record is kept. */
static struct slice kept_value(const struct copies *copies, const struct record *record)
{
    struct slice value = record->value;

    if (value.length > copies->limit_value)
        value.length = 0;
    return value;
}

static size_t copy_size(const struct copies *copies, const struct record *record, size_t headers)
{
    size_t size = sizeof(struct copy) + headers_bytes(record, headers) + record->key.length +
                  kept_value(copies, record).length;

    return (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
}

static struct copy *copy_fill(struct copy *copy, const struct copies *copies,
                              const struct record *record, size_t count)
{
    char *at = (char *)(copy + 1) + count * sizeof(struct header);

    copy->topic = record->topic;
    copy->partition = record->partition;
    copy->offset = record->offset;
    copy->timestamp_ms = record->timestamp_ms;
    copy->value_length = record->value.length;
    put_headers(copy, record, count, &at);
    copy->key = put(&at, record->key);
    copy->value = put(&at, kept_value(copies, record));
    return copy;
}

struct copy *copy_new(struct copies *copies, const struct record *record)
{
    size_t headers = headers_count(record); /* not free: librdkafka parses them */
    size_t size = copy_size(copies, record, headers);

    return copy_fill(chunk_take(chunk_for(copies, size), size), copies, record, headers);
}

struct copy *copy_alone(struct copies *copies, const struct record *record)
{
    size_t headers = headers_count(record);
    size_t size = copy_size(copies, record, headers);

    return copy_fill(chunk_take(chunk_new(copies, size), size), copies, record, headers);
}

void copy_release(struct copy *copy)
{
    struct copy_chunk *chunk;

    if (!copy || --copy->uses)
        return;
    chunk = copy->chunk;
    if (--chunk->copies)
        return;
    chunk->filled = 0;
    if (chunk != chunk->owner->current)
        chunk_end(chunk->owner, chunk);
}

struct record copy_record(const struct copy *copy)
{
    return (struct record){
        .key = copy->key,
        .value = copy->value,
        .topic = copy->topic,
        .partition = copy->partition,
        .offset = copy->offset,
        .timestamp_ms = copy->timestamp_ms,
        .headers = headers_of(&copy->headers),
    };
}

void copies_free(struct copies *copies)
{
    if (copies->current && !copies->current->copies)
        free(copies->current);
    free(copies->spare);
    copies->current = copies->spare = NULL;
}
