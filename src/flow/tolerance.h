/*
 * tolerance.h: how many records of a route may fail before it stops.
 *
 * Counted over all workers of the process. A route that was stopped stays so: what its next records
 * would do is known.
 */
#pragma once
#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tolerances;

/** Never NULL; tolerances_free() frees it. */
struct tolerances *tolerances_new(const struct conf *conf);

/** The failures of routes that are in @p former, too, which is of @p former_conf, count on if as
 * many may fail as before; what was stopped is not any more. Any thread. */
void tolerances_take_over(struct tolerances *tolerances, const struct conf *conf,
                          struct tolerances *former, const struct conf *former_conf);

void tolerances_free(struct tolerances *tolerances);

/** One more record of route @p index fails: false if that is one too many. NULL: any number
 * may. Any thread. */
bool tolerance_take(struct tolerances *tolerances, size_t index, int64_t now_ms);

/** What tolerance_take() allowed did not fail after all: it is read again. Any thread. */
void tolerance_give_back(struct tolerances *tolerances, size_t index);

/** Whether the route was stopped; NULL: none is. Any thread. */
bool tolerance_is_over(const struct tolerances *tolerances, size_t index);

/** What is said of a stopped route: "more than 100 records failed within 1m". */
void tolerance_reason(const struct tolerances *tolerances, size_t index, char *text, size_t size);
