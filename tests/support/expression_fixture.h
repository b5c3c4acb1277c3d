/* expression_fixture.h: one record to evaluate templates and conditions on. */
#pragma once
#include "expr/scope.h"

#include <stdlib.h>

static struct arena expression_arena;
static struct record expression_record;
static struct scope expression_scope;

/* Two headers: trace-id = "t1", and "none", which is null. */
static inline bool expression_header(const struct record *record, struct slice name,
                                     struct slice *out)
{
    (void)record;
    if (slice_is(name, "trace-id"))
        *out = SLICE("t1");
    else if (slice_is(name, "none"))
        *out = (struct slice){0};
    else
        return false;
    return true;
}

/** A record of rides[3]@42 with JSON in key and value; NULL is a null. */
static inline void expression_is(struct slice key, struct slice value)
{
    static struct decoder json;

    json.codec = codec_find("json");
    arena_free(&expression_arena);
    expression_record = (struct record){.key = key,
                                        .value = value,
                                        .topic = "rides",
                                        .partition = 3,
                                        .offset = 42,
                                        .timestamp_ms = 1767225600123,
                                        .headers = {.find = expression_header}};
    expression_scope = scope_of(&expression_record, &expression_arena, 1767225601000);
    expression_scope.value_decoder = expression_scope.key_decoder = &json;
}
