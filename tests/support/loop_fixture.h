/*
 * loop_fixture.h: what a sink, or units, need in a test: options, an event loop, metrics.
 *
 * sink_fixture.h and owner_fixture.h have one each.
 */
#pragma once
#include "base/slice.h"
#include "conf/conf.h"
#include "metrics/metrics.h"

#include <event2/event.h>
#include <stdarg.h>

enum { LOOP_FIXTURE_ARGUMENTS = 16, LOOP_FIXTURE_PATIENCE_MS = 60000 };

/** What became of a command. */
enum ticket_outcome { TICKET_NONE, TICKET_OPEN, TICKET_DONE, TICKET_REFUSED, TICKET_DROPPED };

struct loop_fixture {
    struct event_base *base;
    struct metrics *metrics;
    struct metrics_worker *worker;
    const char **names;
};

/** One connection to 127.0.0.1, short timeouts, room for 512 commands, units of 16 records. */
struct conf_sink loop_fixture_options(int port);

/** The metrics are those of one worker and one sink. */
void loop_fixture_open(struct loop_fixture *loop);

/** Frees what @p options hold too. */
void loop_fixture_close(struct loop_fixture *loop, struct conf_sink *options);

/** Runs the loop once, for some milliseconds at most. */
void loop_fixture_turn(const struct loop_fixture *loop);

/** The arguments of a command up to NULL; how many there are. */
size_t loop_fixture_arguments(struct slice arguments[LOOP_FIXTURE_ARGUMENTS], va_list list);

/** Whether @p trouble is there and holds @p text. */
bool loop_fixture_is_trouble(const char *trouble, const char *text);

/** The same, and says on standard error what it is instead. */
bool loop_fixture_expect_trouble(const char *trouble, const char *text);
