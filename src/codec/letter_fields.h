/*
 * letter_fields.h: a dead letter as the fields of a stream's entry.
 *
 *      key, value     the record's bytes; absent if it has none (null)
 *      headers        [["name","value"],["name",null],["name",{"base64":"AAE="}]], in their order
 *      timestamp      milliseconds since 1970; absent if the record has none
 *      and the facts of letter.def by their names
 *
 * A header's name or value that is not UTF-8 is {"base64":"..."}.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "record/headers.h"
#include "record/letter.h"

#include <stdbool.h>

enum { LETTER_FIELDS_MOST = 2 * (4 + LETTER_FACTS) };

/** Name, value, name, value, ... */
struct letter_fields {
    struct slice items[LETTER_FIELDS_MOST];
    size_t count;
    char *headers; /* the text of that field; free() ends it */
    char timestamp[24];
};

/** What it fills borrows from @p letter. */
void letter_fields_make(struct letter_fields *fields, const struct letter *letter);

/**
 * Reads them back; fields of other names are passed over. @p letter borrows from @p items, @p
 * headers and @p arena; its topic, partition and offset are left to letter_take_place(). Errors:
 * ERR_RECORD.
 */
bool letter_fields_read(const struct slice *items, size_t count, struct arena *arena,
                        struct headers *headers, struct letter *letter, struct err *err);
