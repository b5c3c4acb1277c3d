/* probes.c: metrics and probes, as Prometheus and Kubernetes ask for them. */
#include "app/accept.h"
#include "app/endpoints.h"
#include "app/health.h"
#include "metrics/metrics.h"

#include <stdlib.h>

void probes_note(const struct admin_parts *parts)
{
    metrics_set_health(parts->metrics, health_answer(parts->health, HEALTH_READY),
                       health_answer(parts->health, HEALTH_STARTED));
}

void probes_answer_metrics(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    enum metrics_format format = accept_metrics(request->head->accept);

    answer->type = format == METRICS_OPENMETRICS
                       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                       : "text/plain; version=0.0.4; charset=utf-8";
    probes_note(parts);
    metrics_write(parts->metrics, format, answer->body);
}

/* As Kubernetes' own probes answer: "ok", or the list of checks if the query asks for it or one
 * failed. */
static void probes_answer(const struct admin_parts *parts, enum health_question question,
                          const struct http_request *request, struct http_answer *answer)
{
    char *list = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&list, &length);
    bool good = health_check(parts->health, question, out);

    fclose(out);
    answer->status = good ? 200 : 503;
    if (!good || request_query_has(request->head->query, "verbose"))
        fprintf(answer->body, "%scheck %s\n", list, good ? "passed" : "failed");
    else
        fputs("ok\n", answer->body);
    free(list);
}

void probes_answer_live(void *context, const struct http_request *request,
                        struct http_answer *answer)
{
    probes_answer(context, HEALTH_LIVE, request, answer);
}

void probes_answer_ready(void *context, const struct http_request *request,
                         struct http_answer *answer)
{
    probes_answer(context, HEALTH_READY, request, answer);
}

void probes_answer_started(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    probes_answer(context, HEALTH_STARTED, request, answer);
}
