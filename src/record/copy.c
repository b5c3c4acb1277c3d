/* copy.c: a record that outlives its source's bytes. */
#include "record/copy.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

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

static struct slice put(char **at, struct slice bytes)
{
    struct slice out = {bytes.data ? *at : NULL, bytes.length};

    if (bytes.length)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return out;
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

struct copy *copy_new(const struct record *record, size_t limit_value)
{
    size_t count = headers_count(record);
    struct slice value = record->value;

    if (value.length > limit_value)
        value.length = 0;
    size_t bytes =
        sizeof(struct copy) + headers_bytes(record, count) + record->key.length + value.length;
    struct copy *copy = mem_resize(NULL, bytes);
    char *at = (char *)(copy + 1) + count * sizeof(struct header);
    *copy = (struct copy){.value_length = record->value.length, .bytes = bytes};
    put_headers(copy, record, count, &at);
    copy->record = (struct record){
        .key = put(&at, record->key),
        .value = put(&at, value),
        .topic = record->topic,
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .headers = headers_of(&copy->headers),
    };
    return copy;
}

void copy_free(struct copy *copy)
{
    free(copy);
}
