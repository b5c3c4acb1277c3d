/* headers.c: a record's headers as a list in memory. */
#include "record/headers.h"

/* The last one of that name, as everywhere. */
static bool headers_find(const struct record *record, struct slice name, struct slice *out)
{
    const struct headers *list = record->headers.origin;

    for (size_t i = list->count; i-- > 0;)
        if (slice_equal(list->items[i].name, name)) {
            *out = list->items[i].value;
            return true;
        }
    return false;
}

static bool headers_at(const struct record *record, size_t index, struct slice *name,
                       struct slice *value)
{
    const struct headers *list = record->headers.origin;

    if (index >= list->count)
        return false;
    *name = list->items[index].name;
    *value = list->items[index].value;
    return true;
}

struct record_headers headers_of(const struct headers *list)
{
    return (struct record_headers){headers_find, list, headers_at};
}

size_t headers_count(const struct record *record)
{
    struct slice name, value;
    size_t count = 0;

    while (record->headers.at && record->headers.at(record, count, &name, &value))
        count++;
    return count;
}

struct trace headers_trace(const struct record *record)
{
    struct trace trace = {.sampled = false};
    struct slice value;

    if (record->headers.find && record->headers.find(record, SLICE("traceparent"), &value))
        trace_parse(value, &trace);
    return trace;
}
