/* headers.h: a record's headers as a list in memory. */
#pragma once
#include "base/trace.h"
#include "record/record.h"

struct header {
    struct slice name;
    struct slice value; /* data NULL: null */
};

struct headers {
    const struct header *items;
    size_t count;
};

/** For a record whose headers are @p list, which is borrowed. */
struct record_headers headers_of(const struct headers *list);

/** The trace that its last "traceparent" names; none if there is none or it is malformed. */
struct trace headers_trace(const struct record *record);

/** How many headers the record has. */
size_t headers_count(const struct record *record);
