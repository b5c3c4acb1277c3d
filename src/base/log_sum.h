/*
 * log_sum.h: sums up lines that were left out: one line for each topic, partition and route.
 *
 * A sum names every record that it stands for: "offsets=20-4999,5003". If it has no room for one
 * more offset, it is written at once and the next one begins, so no offset is lost.
 */
#pragma once
#include "base/log.h"

struct log_sum;

enum { LOG_SUM_FIELDS = 8 };

/** Adds a line with these fields. @p sums is the list of one site, NULL at first. Returns a sum
 * that is full, which has left the list: write it, then free it. NULL: none is full. */
struct log_sum *log_sum_add(struct log_sum **sums, const struct log_field *fields);

/** Takes a sum out of the list; NULL: it is empty. */
struct log_sum *log_sum_take(struct log_sum **sums);

/** The fields of its line, including LOG_END; borrowed from the sum. */
void log_sum_fields(struct log_sum *sum, struct log_field fields[LOG_SUM_FIELDS]);

void log_sum_free(struct log_sum *sum);
