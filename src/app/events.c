/* events.c: the history, whole and as a stream of events. */
#include "app/endpoints.h"
#include "app/history.h"

void events_answer_history(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    const struct admin_parts *parts = context;

    (void)request;
    answer->type = HTTP_JSON;
    history_write(parts->history, answer->body);
}

void events_write(const struct admin_parts *parts, FILE *out)
{
    fputs("event: sample\ndata: ", out);
    history_write_newest(parts->history, out);
    fputs("\n\n", out);
}

void events_answer(void *context, const struct http_request *request, struct http_answer *answer)
{
    (void)request;
    answer->type = "text/event-stream";
    answer->stream = true;
    fputs("retry: 1000\n\n", answer->body);
    events_write(context, answer->body);
}
