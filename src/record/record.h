/* record.h: one Kafka record on its way: bytes, provenance, and its decoded trees once somebody
 * asked for them. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct decoder;
struct record;
struct value;

/** The source of headers: librdkafka's message, a list of headers.h, or the command line of
 * explain. */
struct record_headers {
    /** The last header called @p name: false if there is none; out->data is NULL if its value
     * is null. */
    bool (*find)(const struct record *record, struct slice name, struct slice *out);
    const void *origin;
    /** Header @p index in the record's order; false if it has fewer. */
    bool (*at)(const struct record *record, size_t index, struct slice *name, struct slice *value);
};

/** Key and value are borrowed: they live until the record goes back to its source. */
struct record {
    struct slice key;   /* data NULL: null key */
    struct slice value; /* data NULL: tombstone */
    const char *topic;
    int32_t partition;
    int32_t leader_epoch; /* -1: not known */
    int64_t offset;
    int64_t timestamp_ms; /* -1: none */
    struct record_headers headers;
    void *owner; /* the source's partition; what it means is the source's business */

    /* Filled by codec.h at the first question and kept for the next one. */
    const struct value *value_tree, *key_tree;
    const struct decoder *value_decoder, *key_decoder;
};
