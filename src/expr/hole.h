/*
 * hole.h: "%{name|filter|filter}": a place of a template that each record fills.
 *
 *      hole = "%{", name, { "|", filter call }, "}"
 *      name = path | $-name | "*"
 */
#pragma once
#include "expr/fields.h"
#include "expr/filter.h"
#include "expr/reference.h"

struct hole {
    struct reference reference;
    struct filter_call *filters; /* in the order they apply */
    size_t filter_count;
    bool planned;      /* the field is found by way of fields.h: */
    size_t place;      /* where its first name stands there */
    struct path *rest; /* from there on; NULL: no further */
    char *text;        /* as it is written: "%{name|filter}" */
    const char *at;    /* where it stands; only while it is compiled */
};

/**
 * Compiles the hole whose "%{" is at lex->at and moves behind its "}". The first name of a field is
 * added to @p fields.
 * Errors:  NULL, with the column.
 */
struct hole *hole_new(struct lex *lex, struct fields *fields);

void hole_free(struct hole *hole);

/** Whether it is "%{*}" without filters: several arguments at once. */
static inline bool hole_is_spread(const struct hole *hole)
{
    return hole->reference.kind == REFERENCE_WHOLE && !hole->filter_count;
}

/**
 * The text of a record, in scope->arena or borrowed from it; @p found is what fields_find() found.
 * Errors:  false and ERR_RECORD.
 */
bool hole_render(const struct hole *hole, struct scope *scope, const struct value *const *found,
                 struct slice *out, struct err *err);
