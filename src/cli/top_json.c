/* top_json.c: the figures of "penstock top" for a program: docs/reference/output.md. */
#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/top_parts.h"

#include <math.h>
#include <stdio.h>

/* Three places are enough of a rate or of seconds. Below zero: not known. */
static void number(struct json_writer *json, const char *name, double value)
{
    char text[32];

    if (value < 0 || isinf(value) || isnan(value)) {
        json_write_null(json, name);
        return;
    }
    snprintf(text, sizeof(text), "%.6g", round(value * 1000) / 1000);
    json_write_raw(json, name, slice_of(text));
}

static void count(struct json_writer *json, const char *name, double value)
{
    json_write_integer(json, name, (int64_t)value);
}

static void write_route(struct json_writer *json, const struct top_row *row)
{
    json_write_text(json, "route", row->name);
    number(json, "written_per_second", row->rate);
    count(json, "written", row->total);
    count(json, "filtered", row->filtered);
    count(json, "dropped", row->dropped);
    count(json, "dead_lettered", row->dead_lettered);
    count(json, "in_flight", row->inflight);
    number(json, "p50_ms", row->p50 * 1000);
    number(json, "p99_ms", row->p99 * 1000);
}

static void write_sink(struct json_writer *json, const struct top_row *row)
{
    json_write_text(json, "sink", row->name);
    number(json, "commands_per_second", row->rate);
    count(json, "connections", row->connections);
    count(json, "reconnects", row->reconnects);
    count(json, "errors", row->errors);
    number(json, "round_trip_ms", row->round_trip_s * 1000);
}

static void write_partition(struct json_writer *json, const struct top_row *row)
{
    json_write_text(json, "topic", row->topic);
    json_write_integer(json, "partition", row->partition);
    number(json, "read_per_second", row->rate);
    count(json, "lag", row->lag);
    number(json, "behind_seconds", row->lag_seconds);
    json_write_bool(json, "held", row->held);
    json_write_bool(json, "paused", row->paused);
    json_write_bool(json, "lag_unknown", row->unknown);
}

static void write_rows(struct json_writer *json, const char *name, const struct top_rows *rows,
                       void (*write)(struct json_writer *json, const struct top_row *row))
{
    json_write_open(json, name, '[');
    for (size_t i = 0; i < rows->count; i++) {
        json_write_open(json, NULL, '{');
        write(json, &rows->items[i]);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

void top_json(const struct top *top)
{
    struct json_writer json = {.out = stdout};

    json_write_open(&json, NULL, '{');
    json_write_integer(&json, "time_ms", clock_wall_ms());
    json_write_text(&json, "error", top->trouble[0] ? top->trouble : NULL);
    json_write_bool(&json, "ready", top->ready);
    number(&json, "written_per_second", top->rate);
    count(&json, "lag", top->lag);
    number(&json, "behind_seconds", top->lag_seconds);
    number(&json, "p50_ms", top->p50 * 1000);
    number(&json, "p99_ms", top->p99 * 1000);
    count(&json, "in_flight", top->inflight);
    number(&json, "cpu", top->cpu_part);
    count(&json, "memory_bytes", top->memory);
    write_rows(&json, "routes", &top->routes, write_route);
    write_rows(&json, "sinks", &top->sinks, write_sink);
    write_rows(&json, "partitions", &top->partitions, write_partition);
    json_write_close(&json, '}');
    putchar('\n');
    fflush(stdout);
}
