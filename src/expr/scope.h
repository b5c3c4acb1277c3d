/* scope.h: what a template or a condition can see of one record. */
#pragma once
#include "base/arena.h"
#include "codec/codec.h"
#include "record/record.h"

#include <stdint.h>

struct scope {
    struct record *record;
    const struct codec *value_codec, *key_codec; /* by which fields are read; never NULL */
    struct arena *arena;                         /* where rendered text lives */
    int64_t now_ms;                              /* the wall clock, read once a batch */
};

/** What an expression reads; known at load. */
enum scope_reads {
    READS_VALUE_INSIDE = 1 << 0, /* a field of the value: the value must decode */
    READS_VALUE_BYTES = 1 << 1,  /* $value */
    READS_KEY_INSIDE = 1 << 2,   /* $key.field */
    READS_KEY_BYTES = 1 << 3,    /* $key */
    READS_META = 1 << 4          /* $topic, $offset, $header.x, ... */
};
