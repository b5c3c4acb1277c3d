/*
 * dlq_fields.h: a dead letter as the fields of a stream's entry.
 *
 *      key, value     the record's bytes; absent if it has none (null)
 *      headers        [["name","value"],["name",null],["name",{"base64":"AAE="}]], in their order
 *      timestamp      milliseconds since 1970; absent if the record has none
 *      and the facts of dlq_letter.def by their names
 *
 * A header's name or value that is not UTF-8 is {"base64":"..."}.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "record/dlq_letter.h"
#include "record/headers.h"

#include <stdbool.h>

enum { DLQ_FIELDS_MOST = 2 * (4 + DLQ_FACTS) };

/** Name, value, name, value, ... */
struct dlq_fields {
    struct slice items[DLQ_FIELDS_MOST];
    size_t count;
    char *headers; /* the text of that field; free() it */
    char timestamp[24];
};

/** What it fills borrows from @p letter. */
void dlq_fields_make(struct dlq_fields *fields, const struct dlq_letter *letter);

/**
 * Reads them back; fields of other names are passed over. @p letter borrows from @p items, @p
 * headers and @p arena; its topic, partition and offset are left to dlq_letter_take_place().
 * Errors: ERR_RECORD.
 */
bool dlq_fields_read(const struct slice *items, size_t count, struct arena *arena,
                     struct headers *headers, struct dlq_letter *letter, struct err *err);
