/* api_partitions.c: GET /api/v1/partitions and problems: where records are, and those that failed.
 */
#include "app/api.h"
#include "app/health.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

static void write_partition(struct json_writer *json, const struct partition_sample *partition,
                            struct health *health)
{
    char reason[ERR_TEXT_BYTES];
    bool told =
        partition->held != 0 && health_held(health, partition->topic, partition->partition, reason);

    json_write_open(json, NULL, '{');
    json_write_text(json, "topic", partition->topic);
    json_write_integer(json, "partition", partition->partition);
    json_write_bool(json, "assigned", partition->assigned != 0);
    json_write_bool(json, "held", partition->held != 0);
    json_write_bool(json, "paused", partition->paused != 0);
    json_write_text(json, "reason", told ? reason : NULL);
    api_write_whole(json, "position", partition->position_offset);
    api_write_whole(json, "committed", partition->committed_offset);
    api_write_whole(json, "end", partition->end_offset);
    api_write_whole(json, "lag_records", partition->lag_records);
    json_write_number(json, "lag_seconds", partition->lag_seconds);
    json_write_bool(json, "lag_unknown", partition->lag_unknown != 0);
    api_write_whole(json, "records", partition->consumed_records);
    api_write_whole(json, "bytes", partition->consumed_bytes);
    api_write_whole(json, "lost", partition->lost_records);
    json_write_integer(json, "worker", partition->worker);
    json_write_close(json, '}');
}

void api_answer_partitions(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);
    struct snapshot snapshot;

    (void)request;
    snapshot_take(&snapshot, parts->metrics);
    json_write_open(&json, "partitions", '[');
    for (size_t i = 0; i < snapshot.partition_count; i++)
        write_partition(&json, &snapshot.partitions[i], parts->health);
    json_write_close(&json, ']');
    json_write_close(&json, '}');
    snapshot_clear(&snapshot);
}

/* --- problems -------------------------------------------------------------------------------- */

/* For a shell: a path may hold anything. */
static void write_shell_word(FILE *out, const char *word)
{
    fputc('\'', out);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

/* Reads the record from Kafka. */
static void write_explain(struct json_writer *json, const struct problem *problem,
                          const struct conf *conf)
{
    char *text = NULL;
    size_t length;

    if (problem->offset < 0 || !problem->route[0]) {
        json_write_null(json, "explain");
        return;
    }
    FILE *out = open_memstream(&text, &length);
    char *path = realpath(conf->file, NULL); /* for a shell in another folder */
    fputs("penstock explain -c ", out);
    write_shell_word(out, path ? path : conf->file);
    free(path);
    fprintf(out, " %s --topic %s --partition %" PRId32 " --offset %" PRId64 " --read",
            problem->route, problem->topic, problem->partition, problem->offset);
    fclose(out);
    json_write_text(json, "explain", text);
    free(text);
}

static void write_problem(struct json_writer *json, const struct problem *problem,
                          const struct conf *conf)
{
    json_write_open(json, NULL, '{');
    json_write_integer(json, "time_ms", problem->time_ms);
    json_write_text(json, "kind", problem_kind_name(problem->kind));
    json_write_text(json, "topic", problem->topic);
    json_write_integer(json, "partition", problem->partition);
    if (problem->offset < 0)
        json_write_null(json, "offset");
    else
        json_write_integer(json, "offset", problem->offset);
    json_write_text(json, "route", problem->route[0] ? problem->route : NULL);
    json_write_text(json, "reason", problem->reason);
    api_write_count(json, "count", problem->count);
    write_explain(json, problem, conf);
    json_write_close(json, '}');
}

void api_answer_problems(void *context, const struct http_request *request,
                         struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);
    struct problem *problems = mem_array(PROBLEMS_KEPT, sizeof(*problems));
    size_t count = problems_copy(metrics_problems(parts->metrics), problems);

    (void)request;
    json_write_open(&json, "problems", '[');
    for (size_t i = 0; i < count; i++)
        write_problem(&json, &problems[i], parts->conf);
    json_write_close(&json, ']');
    json_write_close(&json, '}');
    free(problems);
}
