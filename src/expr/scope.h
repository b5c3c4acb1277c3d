/* scope.h: what a template or a condition can see of one record. */
#pragma once
#include "base/arena.h"
#include "codec/codec.h"
#include "record/record.h"

#include <stdint.h>

/**
 * A record as expressions see it. It begins as Kafka has it; whatever changes a record on its way
 * to Redis changes the view. struct record stays: by it records are committed, logged and
 * dead-lettered, and by its topic a route takes it.
 */
struct view {
    struct slice key;   /* data NULL: null key */
    struct slice value; /* data NULL: tombstone */
    const char *topic;
    int64_t timestamp_ms; /* -1: none */
};

struct scope {
    struct record *record; /* partition, offset, headers, and what of it is decoded */
    struct view view;
    const struct decoder *value_decoder, *key_decoder; /* by which fields are read; never NULL */
    struct arena *arena;                               /* where rendered text lives */
    int64_t now_ms;                                    /* the wall clock, read once a batch */
};

/** A scope without decoders, which the route brings. */
static inline struct scope scope_of(struct record *record, struct arena *arena, int64_t now_ms)
{
    return (struct scope){
        .record = record,
        .view = {record->key, record->value, record->topic, record->timestamp_ms},
        .arena = arena,
        .now_ms = now_ms,
    };
}

static inline bool scope_is_tombstone(const struct scope *scope)
{
    return !scope->view.value.data;
}

/** The root of the value; NULL in *root for a tombstone. Errors: false, and as codec->decode()
 * of codec.h. */
static inline bool scope_value(struct scope *scope, const struct value **root, struct err *err)
{
    *root = NULL;
    if (scope_is_tombstone(scope))
        return true;
    *root = codec_value_tree(scope->record, scope->value_decoder, scope->arena, err);
    return *root != NULL;
}

/** The same of the key. */
static inline bool scope_key(struct scope *scope, const struct value **root, struct err *err)
{
    *root = NULL;
    if (!scope->view.key.data)
        return true;
    *root = codec_key_tree(scope->record, scope->key_decoder, scope->arena, err);
    return *root != NULL;
}

/** What an expression reads; known at load. */
enum scope_reads {
    READS_VALUE_INSIDE = 1 << 0, /* a field of the value: the value must decode */
    READS_VALUE_BYTES = 1 << 1,  /* $value */
    READS_KEY_INSIDE = 1 << 2,   /* $key.field */
    READS_KEY_BYTES = 1 << 3,    /* $key */
    READS_META = 1 << 4          /* $topic, $offset, $header.x, ... */
};
