/* reference.h: a name in an expression ("vehicle.id", "$key", "$header.trace") and what it names.
 */
#pragma once
#include "base/cursor.h"
#include "expr/pattern.h"
#include "expr/scope.h"
#include "record/path.h"

#include <stdbool.h>

enum reference_kind {
    REFERENCE_FIELD, /* of the value */
    REFERENCE_WHOLE, /* the whole value, decoded: "*" */
    REFERENCE_KEY_FIELD,
    REFERENCE_KEY,
    REFERENCE_VALUE,
    REFERENCE_HEADER,
    REFERENCE_TOPIC,
    REFERENCE_PARTITION,
    REFERENCE_OFFSET,
    REFERENCE_TIMESTAMP,
    REFERENCE_NOW,
    REFERENCE_TOMBSTONE
};

struct reference {
    enum reference_kind kind;
    char *text;        /* as it is written */
    struct path *path; /* of a field */
    char *header;      /* name of a header */
};

/** Is told of one reference of an expression. */
typedef void reference_visit(void *context, const struct reference *reference);

/**
 * Compiles @p text, a part of the text of @p cursor.
 * Errors:  false, with the column; @p out needs no reference_clear().
 */
bool reference_init(struct reference *out, struct slice text, const struct cursor *cursor);

void reference_clear(struct reference *reference);

/** Bits of enum scope_reads. */
unsigned reference_reads(const struct reference *reference);

/** Its unit: $key, $value and headers, which may not be text at all, count bytes; all others
 * characters. */
enum pattern_unit reference_unit(const struct reference *reference);

/** The type that its value always has (VALUE_STRING, ...); -1 if that depends on the record. */
int reference_type(const struct reference *reference);

/**
 * Sets *found to what the record has under that name: a node of its tree, or @p scratch, filled in.
 * NULL if it is missing; a tombstone has no fields and no $value, a null key no fields and no $key.
 * Errors:  false and ERR_RECORD if key or value has to be decoded and does not decode.
 */
bool reference_find(const struct reference *reference, struct scope *scope, struct value *scratch,
                    const struct value **found, struct err *err);

/** What stands at @p path below @p root, either of which may be NULL. Errors: false and ERR_RECORD
 * if the record was read too often. */
bool reference_walk(const struct path *path, const struct value *root, struct scope *scope,
                    const struct value **found, struct err *err);
