/*
 * placeholder.h: "%{name|filter|filter}": a place of a template that each record fills.
 *
 *      placeholder = "%{", name, { "|", filter call }, "}"
 *      name = path | $-name | "*"
 */
#pragma once
#include "expr/filter.h"
#include "expr/member_index.h"
#include "expr/reference.h"

struct placeholder {
    struct reference reference;
    struct filter_call *filters; /* in the order they apply */
    size_t filter_count;
    bool planned;      /* the field is found by way of member_index.h: */
    size_t place;      /* where its first name stands there */
    struct path *rest; /* from there on; NULL: no further */
    char *text;        /* as it is written: "%{name|filter}" */
    const char *at;    /* its place in the text; only while it is compiled */
};

/**
 * Compiles the placeholder whose "%{" is at cursor->at and moves behind its "}". The first name of
 * a field is added to @p index.
 * Errors:  NULL, with the column.
 */
struct placeholder *placeholder_new(struct cursor *cursor, struct member_index *index);

void placeholder_free(struct placeholder *placeholder);

/** Whether it is "%{*}" without filters: several arguments at once. */
static inline bool placeholder_is_spread(const struct placeholder *placeholder)
{
    return placeholder->reference.kind == REFERENCE_WHOLE && !placeholder->filter_count;
}

/**
 * The text of a record, in scope->arena or borrowed from it; @p found: of member_index_find().
 * Errors:  false and ERR_RECORD.
 */
bool placeholder_render(const struct placeholder *placeholder, struct scope *scope,
                        const struct value *const *found, struct slice *out, struct err *err);
