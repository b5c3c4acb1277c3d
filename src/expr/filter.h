/*
 * filter.h: "|default('x')|upper": how a placeholder changes a value before it becomes text.
 *
 * The rows are in filters.def, the functions in one file a family (filter_text.c, filter_number.c,
 * ...). A filter is pure: it sees its input and its arguments, which were checked at load.
 */
#pragma once
#include "base/cursor.h"
#include "expr/pattern.h"
#include "expr/scope.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { FILTER_ARGUMENTS = 2 };

struct filter_argument {
    bool quoted;       /* a text, else an integer */
    struct slice text; /* without quotes; owned by the call */
    int64_t integer;
    const char *at; /* its place in the text; only while it is compiled */
};

struct filter_call {
    const struct filter *filter;
    struct filter_argument arguments[FILTER_ARGUMENTS];
    size_t count;
    enum pattern_unit unit;  /* of the text that it gets */
    struct pattern *pattern; /* of a filter that compiles one */
};

/** A row of filters.def. */
struct filter {
    const char *name;
    const char *arguments; /* as the reference page shows them, in parentheses; may be empty */
    const char *kinds;     /* of the arguments: see filters.def */
    bool takes_missing;    /* missing fields (NULL) and nulls, too; else they pass it by */
    const char *help;
    const char *example, *example_value, *example_result; /* a test runs them */
    /** Checks the arguments beyond their kinds, at load. Errors:  false, with the column. */
    bool (*prepare)(struct filter_call *call, const struct cursor *cursor);
    /**
     * Sets *value to the result: itself, or @p out, filled in. *value is never missing
     * (NULL) or null, unless the row asks for those.
     * Errors:  false and ERR_RECORD, never with bytes of the payload.
     */
    bool (*apply)(const struct filter_call *call, struct scope *scope, const struct value **value,
                  struct value *out, struct err *err);
};

/** All filters in the order of filters.def. */
const struct filter *filter_all(size_t *count);

/**
 * Compiles "name", "name('text', 2)" at cursor->at and moves behind it and the space that follows.
 * Errors:  false, with the column; nothing has to be cleared.
 */
bool filter_call_init(struct filter_call *call, enum pattern_unit unit, struct cursor *cursor);

void filter_call_clear(struct filter_call *call);

/**
 * value_text() for filters: it counts what they read.
 * Errors:  false and ERR_RECORD if the copy is too large, or the record was read too often.
 */
bool filter_text(const struct value *value, struct arena *arena, struct slice *text,
                 struct err *err);

/** Makes @p out a string (VALUE_STRING) or a number (VALUE_NUMBER). */
const struct value *filter_result(struct value *out, enum value_type type, struct slice text);

/**
 * The text of a number, or of a string that is one; @p in is neither missing nor null.
 * Errors:  false and ERR_RECORD.
 */
bool filter_digits(const struct value *in, struct arena *arena, struct slice *text,
                   struct err *err);

/** Writes the reference page of all filters (docs/reference/filters.md). */
void filter_write_reference(FILE *out);

#define FILTER(name, arguments, kinds, missing, prepare, help, example, record, result)            \
    bool filter_##name(const struct filter_call *call, struct scope *scope,                        \
                       const struct value **value, struct value *out, struct err *err);            \
    bool prepare_##prepare(struct filter_call *call, const struct cursor *cursor);
#include "expr/filters.def"
#undef FILTER
