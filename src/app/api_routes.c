/* api_routes.c: GET /api/v1/routes and sinks: what the configuration says, and what came of it. */
#include "app/api.h"
#include "app/health.h"
#include "conf/kind.h"
#include "conf/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- routes ---------------------------------------------------------------------------------- */

static void write_texts(struct json_writer *json, const char *name, const struct conf_texts *texts)
{
    json_write_open(json, name, '[');
    for (size_t i = 0; i < texts->count; i++)
        api_write_setting(json, NULL, &texts->items[i]);
    json_write_close(json, ']');
}

static void write_commands(struct json_writer *json, const char *name,
                           const struct conf_commands *commands)
{
    json_write_open(json, name, '[');
    for (size_t i = 0; i < commands->count; i++) {
        json_write_open(json, NULL, '{');
        api_write_setting(json, "cmd", &commands->items[i].cmd);
        api_write_setting(json, "when", &commands->items[i].when);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_errors(struct json_writer *json, const struct route_counters *counters)
{
    json_write_open(json, "errors", '{');
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        api_write_count(json, metrics_stage_name((enum stage)stage), counters->errors[stage]);
    json_write_close(json, '}');
}

static void write_route(struct json_writer *json, const struct conf_route *route,
                        const struct snapshot *snapshot, const struct admin_parts *parts)
{
    static const struct route_counters none = {0};
    const struct route_counters *counters = api_counts(snapshot, SLOT_ROUTE, route->name);

    counters = counters ? counters : &none;
    json_write_text(json, "name", route->name);
    json_write_bool(json, "paused", steering_is_paused(&parts->steering, route->name));
    json_write_text(json, "from", route->from->name);
    json_write_text(json, "to", route->to->name);
    write_texts(json, "topics", &route->topics);
    api_write_setting(json, "format", &route->format);
    json_write_text(json, "delivery", kinds[KIND_DELIVERY].words[route->delivery]);
    json_write_text(json, "on_error", kinds[KIND_ON_ERROR].words[route->on_error]);
    api_write_setting(json, "when", &route->when);
    write_commands(json, "do", &route->do_);
    json_write_bool(json, "all", route->all);
    write_commands(json, "del", &route->del);
    api_write_setting(json, "ttl", &route->ttl);
    api_write_records(json, counters);
    write_errors(json, counters);
    api_write_count(json, "dead_letters_waiting", counters->letters_waiting);
}

void api_answer_routes(void *context, const struct http_request *request,
                       struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);
    struct snapshot snapshot;

    (void)request;
    snapshot_take(&snapshot, parts->metrics);
    json_write_open(&json, "routes", '[');
    for (size_t i = 0; i < parts->conf->route_count; i++) {
        json_write_open(&json, NULL, '{');
        write_route(&json, &parts->conf->routes[i], &snapshot, parts);
        json_write_close(&json, '}');
    }
    json_write_close(&json, ']');
    json_write_close(&json, '}');
    snapshot_clear(&snapshot);
}

void api_answer_route(void *context, const struct http_request *request, struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    const struct conf_route *route = api_route(parts->conf, request->arguments[0]);
    struct snapshot snapshot;

    if (!route) {
        http_refuse(answer, 404, "There is no route %s.", request->arguments[0]);
        return;
    }
    struct json_writer json = api_begin(answer);
    snapshot_take(&snapshot, parts->metrics);
    write_route(&json, route, &snapshot, parts);
    json_write_close(&json, '}');
    snapshot_clear(&snapshot);
}

/* --- sinks ----------------------------------------------------------------------------------- */

static void write_url(struct json_writer *json, const struct conf_sink *sink)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    kinds[KIND_URL].write(NULL, &sink->url, false, out);
    fclose(out);
    json_write_text(json, "url", text);
    free(text);
}

static void write_sink_commands(struct json_writer *json, const struct sink_counters *counters,
                                size_t count)
{
    uint64_t sums[RESULT_COUNT] = {0};

    for (size_t i = 0; counters && i <= count; i++)
        for (size_t j = 0; j < RESULT_COUNT; j++)
            sums[j] += slot_commands((struct sink_counters *)counters)[i * RESULT_COUNT + j];
    json_write_open(json, "commands", '{');
    api_write_count(json, "ok", sums[RESULT_OK]);
    api_write_count(json, "retried", sums[RESULT_RETRIED]);
    api_write_count(json, "refused", sums[RESULT_REFUSED]);
    json_write_close(json, '}');
}

static void write_one_sink(struct json_writer *json, const struct conf_sink *sink,
                           const struct snapshot *snapshot, struct health *health)
{
    static const struct sink_counters none = {0};
    const struct sink_counters *found = api_counts(snapshot, SLOT_SINK, sink->name);
    const struct sink_counters *counters = found ? found : &none;
    char reason[ERR_TEXT_BYTES];
    int64_t for_ms = 0;
    bool healthy = !health_sink_trouble(health, sink->name, reason, &for_ms);

    json_write_open(json, NULL, '{');
    json_write_text(json, "name", sink->name);
    write_url(json, sink);
    json_write_bool(json, "healthy", healthy);
    json_write_text(json, "reason", healthy ? NULL : reason);
    api_write_whole(json, "unhealthy_ms", healthy ? NAN : (double)for_ms);
    api_write_count(json, "connections", counters->connections_up);
    api_write_count(json, "reconnects", counters->reconnects);
    api_write_count(json, "sent_bytes", counters->sent_bytes);
    api_write_count(json, "received_bytes", counters->received_bytes);
    write_sink_commands(json, found, snapshot->shape->command_count);
    json_write_number(json, "round_trip_seconds",
                      counters->round_trips
                          ? (double)counters->round_trip_us / 1e6 / (double)counters->round_trips
                          : NAN);
    json_write_close(json, '}');
}

void api_answer_sinks(void *context, const struct http_request *request, struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);
    struct snapshot snapshot;

    (void)request;
    snapshot_take(&snapshot, parts->metrics);
    json_write_open(&json, "sinks", '[');
    for (size_t i = 0; i < parts->conf->sink_count; i++)
        write_one_sink(&json, &parts->conf->sinks[i], &snapshot, parts->health);
    json_write_close(&json, ']');
    json_write_close(&json, '}');
    snapshot_clear(&snapshot);
}
