/* api_status.c: GET /api/v1/status: how the process is. */
#include "app/api.h"
#include "app/health.h"
#include "app/startup.h"
#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_reasons(struct json_writer *json, struct health *health)
{
    char *list = NULL, *line, *rest;
    size_t length;
    FILE *out = open_memstream(&list, &length);

    health_check(health, HEALTH_READY, out);
    fclose(out);
    json_write_open(json, "reasons", '[');
    for (line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, "[-]", 3) == 0)
            json_write_text(json, NULL, line + 3);
    json_write_close(json, ']');
    free(list);
}

static void write_startup(struct json_writer *json, struct health *health)
{
    struct startup startup;

    health_startup(health, &startup);
    json_write_open(json, "startup", '{');
    json_write_integer(json, "partitions", startup.warming.partitions);
    json_write_integer(json, "cold", startup.warming.cold);
    json_write_integer(json, "records", startup.warming.records);
    json_write_integer(json, "remaining", startup.warming.remaining);
    json_write_close(json, '}');
}

/* Counters are words, whatever their names. */
static struct route_counters sum_of_routes(const struct snapshot *snapshot)
{
    struct route_counters sum = {0};

    for (size_t i = 0; i < snapshot->slot_count; i++)
        for (size_t j = 0;
             snapshot->slots[i].kind == SLOT_ROUTE && j < sizeof(sum) / sizeof(uint64_t); j++)
            ((uint64_t *)&sum)[j] += snapshot->words[i][j];
    return sum;
}

static void write_partitions(struct json_writer *json, const struct snapshot *snapshot)
{
    double assigned = 0, held = 0, paused = 0, lag_records = 0, lag_seconds = 0;

    for (size_t i = 0; i < snapshot->partition_count; i++) {
        const struct partition_sample *partition = &snapshot->partitions[i];
        if (partition->assigned == 0)
            continue;
        assigned++;
        held += partition->held;
        paused += partition->paused;
        lag_records += partition->lag_records; /* NAN stays NAN */
        lag_seconds = fmax(lag_seconds, partition->lag_seconds);
    }
    api_write_whole(json, "partitions", assigned);
    api_write_whole(json, "held", held);
    api_write_whole(json, "paused", paused);
    api_write_whole(json, "lag_records", lag_records);
    json_write_number(json, "lag_seconds", lag_seconds);
}

static void write_process(struct json_writer *json, const struct process_sample *process)
{
    json_write_open(json, "process", '{');
    json_write_number(json, "cpu_seconds", process->cpu_seconds);
    api_write_whole(json, "resident_bytes", process->resident_bytes);
    api_write_whole(json, "threads", process->threads);
    api_write_whole(json, "open_files", process->open_files);
    json_write_close(json, '}');
}

static void write_configuration(struct json_writer *json, const struct conf *conf,
                                const struct process_sample *process)
{
    json_write_open(json, "configuration", '{');
    json_write_text(json, "file", conf->file);
    api_write_whole(json, "loaded_ms", process->loaded * 1000);
    json_write_bool(json, "restart_needed", process->restart_needed != 0);
    json_write_close(json, '}');
}

void api_answer_status(void *context, const struct http_request *request,
                       struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);
    struct snapshot snapshot;

    (void)request;
    snapshot_take(&snapshot, parts->metrics);
    struct route_counters sum = sum_of_routes(&snapshot);
    json_write_text(&json, "version", PENSTOCK_VERSION);
    json_write_text(&json, "librdkafka", snapshot.shape->librdkafka);
    json_write_text(&json, "hiredis", snapshot.shape->hiredis);
    json_write_integer(&json, "pid", getpid());
    json_write_integer(&json, "time_ms", clock_wall_ms());
    api_write_whole(&json, "started_ms", snapshot.process.started * 1000);
    json_write_bool(&json, "live", health_answer(parts->health, HEALTH_LIVE));
    json_write_bool(&json, "ready", health_answer(parts->health, HEALTH_READY));
    json_write_bool(&json, "startup_over", health_answer(parts->health, HEALTH_STARTED));
    write_reasons(&json, parts->health);
    write_startup(&json, parts->health);
    api_write_records(&json, &sum);
    write_partitions(&json, &snapshot);
    write_configuration(&json, parts->conf, &snapshot.process);
    write_process(&json, &snapshot.process);
    json_write_close(&json, '}');
    snapshot_clear(&snapshot);
}
