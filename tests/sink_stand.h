/*
 * sink_stand.h: what a sink, or units, stand on in a test: options, an event loop, metrics.
 *
 * sink_driver.h and feeder.h have one each.
 */
#pragma once
#include "base/slice.h"
#include "conf/conf.h"
#include "metrics/metrics.h"

#include <event2/event.h>
#include <stdarg.h>

enum { STAND_ARGUMENTS = 16, STAND_PATIENCE_MS = 20000 };

struct stand {
    struct event_base *base;
    struct metrics *metrics;
    struct metrics_worker *worker;
    const char **names;
};

/** One connection to 127.0.0.1, short timeouts, room for 512 commands, units of 16 records. */
struct conf_sink stand_options(int port);

/** The metrics are those of one worker and one sink. */
void stand_open(struct stand *stand);

/** Frees what @p options hold too. */
void stand_close(struct stand *stand, struct conf_sink *options);

/** Runs the loop once, for some milliseconds at most. */
void stand_turn(const struct stand *stand);

/** The arguments of a command up to NULL; how many there are. */
size_t stand_arguments(struct slice arguments[STAND_ARGUMENTS], va_list list);

/** Whether @p trouble is there and holds @p text. */
bool stand_is_trouble(const char *trouble, const char *text);

/** The same, and says on standard error what it is instead. */
bool stand_expect_trouble(const char *trouble, const char *text);
