/*
 * log_sum.h: lines that were left out, told later in one line for each topic, partition and route.
 *
 * A sum names every record that it stands for: "offsets=20-4999,5003". Where it cannot take one
 * more offset it is written at once and the next one begins, so none is ever lost.
 */
#pragma once
#include "base/log.h"

struct log_sum;

enum { LOG_SUM_FIELDS = 8 };

/** Notes a line of these fields. @p sums is a list of one place in the code, NULL at first. A sum
 * that is full leaves the list: write it, then free it. NULL: none is. */
struct log_sum *log_sum_add(struct log_sum **sums, const struct log_field *fields);

/** Takes a sum out of the list; NULL: it is empty. */
struct log_sum *log_sum_take(struct log_sum **sums);

/** What its line says, LOG_END included; borrowed from the sum. */
void log_sum_fields(struct log_sum *sum, struct log_field fields[LOG_SUM_FIELDS]);

void log_sum_free(struct log_sum *sum);
