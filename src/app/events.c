/*
 * events.c: the history, whole and as a stream of events.
 *
 * Beside the samples a stream carries the tables of the page, each as an event of its name: what
 * GET /api/v1/status and its like answer. They are written once for all viewers. A large one is
 * sent less often, so that thousands of partitions cost a viewer no more than a few.
 */
#include "app/events.h"

#include "app/endpoints.h"
#include "app/history.h"

#include <stdlib.h>

enum { EVERY_MS = 1000, TABLE_BYTES_A_MS = 16 };

static const struct table {
    const char *name;
    void (*answer)(void *parts, const struct http_request *request, struct http_answer *answer);
} tables[EVENTS_TABLES] = {
    {"status", api_answer_status},         {"routes", api_answer_routes},
    {"partitions", api_answer_partitions}, {"sinks", api_answer_sinks},
    {"problems", api_answer_problems},
};

/* What its endpoint answers; free() frees the data. */
static struct slice table_take(const struct table *table, const struct admin_parts *parts)
{
    const struct request head = {.method = METHOD_GET};
    struct http_answer answer = {.status = 200};
    char *body = NULL;
    size_t length = 0;

    answer.body = open_memstream(&body, &length);
    table->answer((void *)parts, &(struct http_request){.head = &head}, &answer);
    fclose(answer.body);
    while (length && body[length - 1] == '\n') /* an empty line would end the event */
        length--;
    return (struct slice){body, length};
}

/* Returns after how many milliseconds it is due again. */
static int64_t table_write(const struct table *table, const struct admin_parts *parts, FILE *out)
{
    struct slice body = table_take(table, parts);
    int64_t later_ms = (int64_t)(body.length / TABLE_BYTES_A_MS);

    fprintf(out, "event: %s\ndata: ", table->name);
    fwrite(body.data, 1, body.length, out);
    fputs("\n\n", out);
    free((char *)body.data);
    return later_ms > EVERY_MS ? later_ms : EVERY_MS;
}

void events_write(struct events *events, const struct admin_parts *parts, int64_t now_ms, FILE *out)
{
    fputs("event: sample\ndata: ", out);
    history_write_newest(parts->history, out);
    fputs("\n\n", out);
    for (size_t i = 0; i < EVENTS_TABLES; i++)
        if (now_ms >= events->due_ms[i]) /* a timer is not exact: half a second early is in time */
            events->due_ms[i] = now_ms + table_write(&tables[i], parts, out) - EVERY_MS / 2;
}

void events_answer_history(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    const struct admin_parts *parts = context;

    (void)request;
    answer->type = HTTP_JSON;
    history_write(parts->history, answer->body);
}

void events_answer(void *context, const struct http_request *request, struct http_answer *answer)
{
    struct events all_due = {{0}};

    (void)request;
    answer->type = "text/event-stream";
    answer->stream = true;
    fputs("retry: 1000\n\n", answer->body);
    events_write(&all_due, context, 1, answer->body);
}
