/* trace.h: the trace that something is part of (W3C Trace Context 1). */
#pragma once
#include "base/slice.h"

#include <stdbool.h>

/** As the header writes it: digits that the rest of the world searches for. All zero: none. */
struct trace {
    char id[32 + 1], span[16 + 1];
    bool sampled; /* the sender has recorded it, so there is something to be found */
};

/** Reads the value of a "traceparent" header. False, and no trace, if it is malformed. */
bool trace_parse(struct slice traceparent, struct trace *trace);

/** NULL is none, too. */
static inline bool trace_is_set(const struct trace *trace)
{
    return trace && trace->id[0] != '\0';
}

/** Names it in a line of the log; left out if there is none. */
#define LOG_TRACE(trace) LOG_STR("trace_id", trace_is_set(trace) ? (trace)->id : NULL)
