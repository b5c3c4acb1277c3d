/* fuzz_trace.c: any bytes as a traceparent header. */
#include "base/trace.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace trace;
    bool good = trace_parse((struct slice){(const char *)data, size}, &trace);

    assert(good == trace_is_set(&trace) && (good || !trace.sampled));
    assert(strlen(trace.id) == (good ? 32 : 0) && strlen(trace.span) == (good ? 16 : 0));
    assert(strspn(trace.id, "0123456789abcdef") == strlen(trace.id));
    return 0;
}
