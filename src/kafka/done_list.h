/*
 * done_list.h: which records of a partition were done, out of their order.
 *
 * Kafka keeps one offset a partition: what is done below it. The ones beyond are kept as text in
 * the commit's metadata, "12-15,20,22-30", which the broker allows to be 4096 bytes long; a little
 * of it is left for the identity of the log.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DONE_LIST_BYTES = 4096 - 80 };

struct done_range {
    int64_t first, last;
};

/** All zero: nothing is done. */
struct done_list {
    int64_t below;            /* all of these are done */
    struct done_range *items; /* beyond, rising, with gaps between them */
    size_t count, capacity;
};

void done_list_free(struct done_list *list);

/** Reads what done_list_write() wrote; false if it is something else: then only what is below @p
 * below is done. */
bool done_list_read(struct done_list *list, int64_t below, struct slice text);

bool done_list_has(const struct done_list *list, int64_t offset);

void done_list_add(struct done_list *list, int64_t offset);

/** Nothing lies in [first, last]: it counts as done where what is below it is. */
void done_list_skip(struct done_list *list, int64_t first, int64_t last);

/** Whether there would be a text still if @p offset were done. */
bool done_list_takes(const struct done_list *list, int64_t offset);

/** The text, without a NUL counted; false if it is longer than Kafka takes. */
bool done_list_write(const struct done_list *list, char text[DONE_LIST_BYTES + 1]);
