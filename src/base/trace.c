/*
 * trace.c: the trace that something is part of (W3C Trace Context 1).
 *
 *      00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 *      |  the trace                        |  the span      flags
 *      version: a later one may have more behind another "-"
 */
#include "base/trace.h"

enum { LENGTH = 55, TRACE = 3, SPAN = 36, FLAGS = 53 };

/* Lower case alone; not all of them '0' if @p some. */
static bool is_hex(const char *digits, size_t count, bool some)
{
    bool zero = true;

    for (size_t i = 0; i < count; i++) {
        bool letter = digits[i] >= 'a' && digits[i] <= 'f';
        if (!letter && (digits[i] < '0' || digits[i] > '9'))
            return false;
        zero &= digits[i] == '0';
    }
    return !some || !zero;
}

static bool is_version(struct slice text)
{
    if (!is_hex(text.data, 2, false) || memcmp(text.data, "ff", 2) == 0)
        return false;
    if (memcmp(text.data, "00", 2) == 0)
        return text.length == LENGTH;
    return text.length == LENGTH || text.data[LENGTH] == '-';
}

bool trace_parse(struct slice traceparent, struct trace *trace)
{
    const char *at = traceparent.data;

    *trace = (struct trace){.sampled = false};
    if (traceparent.length < LENGTH || !is_version(traceparent) || at[TRACE - 1] != '-' ||
        at[SPAN - 1] != '-' || at[FLAGS - 1] != '-' || !is_hex(at + TRACE, 32, true) ||
        !is_hex(at + SPAN, 16, true) || !is_hex(at + FLAGS, 2, false))
        return false;
    memcpy(trace->id, at + TRACE, 32);
    memcpy(trace->span, at + SPAN, 16);
    /* the last bit of the flags */
    trace->sampled = memchr("13579bdf", at[FLAGS + 1], 8) != NULL;
    return true;
}
