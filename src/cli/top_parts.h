/* top_parts.h: shared by the files of "penstock top". */
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOP_HISTORY = 60, TOP_NAME_BYTES = 280, TOP_LATENCY_BUCKETS = 64 };

/** What is kept of a figure for its curve: the newest is the last. */
struct top_history {
    double values[TOP_HISTORY];
    size_t count;
};

/** A histogram of seconds: how many were below each bound, as a scrape has it. */
struct top_latency {
    double bounds[TOP_LATENCY_BUCKETS], counts[TOP_LATENCY_BUCKETS];
    size_t count;
};

/** A route, a sink or a partition: sums as the scrape has them, rates since the one before. */
struct top_row {
    char name[TOP_NAME_BYTES]; /* of a partition: "rides[3]" */
    char topic[TOP_NAME_BYTES];
    int64_t partition;
    bool seen;            /* by the newest scrape */
    double total, before; /* written by a route, answered by a sink, read of a partition */
    double rate;
    double filtered, dropped, dead_lettered, inflight;                         /* a route */
    double connections, errors, reconnects, trips, trip_seconds, round_trip_s; /* a sink */
    double trips_before, trip_seconds_before;
    double lag, lag_seconds; /* a partition */
    bool assigned, held, paused, unknown;
    struct top_latency latency, latency_before;
    double p50, p99; /* of a route, in seconds; -1: nothing was measured */
    struct top_history history;
};

struct top_rows {
    struct top_row *items;
    size_t count, capacity;
};

/** What is known of one bridge. */
struct top {
    const char *address;
    char version[32];
    int64_t taken_ms;  /* when the newest scrape came; 0: none did */
    double interval_s; /* from the one before; 0: there is none */
    bool ready;
    double rate, lag, lag_seconds, inflight, cpu, cpu_before, cpu_part, memory, p50, p99;
    unsigned held, paused, unknown;
    struct top_rows routes, sinks, partitions;
    struct top_history rates, lags;
    char trouble[ERR_TEXT_BYTES]; /* why the last scrape failed; "": it did not */
};

/** Takes a scrape of /metrics, which came at @p now_ms. */
void top_take(struct top *top, const char *scrape, int64_t now_ms);

void top_free(struct top *top);

/** The value below which @p part of what was counted since @p before lies; -1: nothing was. */
double top_quantile(const struct top_latency *now, const struct top_latency *before, double part);

/** One line of JSON to stdout: docs/reference/output.md. */
void top_json(const struct top *top);

struct top_screen {
    bool terminal, colour, unicode;
    int width, height; /* height 0: any number of lines */
};

/** Draws a frame to stdout. */
void top_draw(const struct top *top, const struct top_screen *screen);

/** A curve of @p width characters at most, in UTF-8 or ASCII, into @p text. Returns its characters.
 */
size_t top_curve(const struct top_history *history, size_t width, bool unicode, char *text,
                 size_t size);
