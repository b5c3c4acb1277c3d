/* reload_page.c: POST /api/v1/reload: the configuration is read again. */
#include "app/endpoints.h"
#include "app/reload.h"
#include "base/json_writer.h"

#include <string.h>

/* Each of the lines as an element. */
static void write_lines(struct json_writer *json, const char *name, const char *lines)
{
    json_write_open(json, name, '[');
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        json_write_bytes(json, NULL, (struct slice){lines, length});
        lines += length + (lines[length] == '\n');
    }
    json_write_close(json, ']');
}

static void write_answer(const struct reload_answer *said, struct http_answer *answer)
{
    struct json_writer json = {.out = answer->body};
    bool mistaken = said->outcome == RELOAD_MISTAKEN;

    answer->status = mistaken ? 409 : 200;
    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, '{');
    if (mistaken) {
        json_write_integer(&json, "error_code", answer->status);
        json_write_text(&json, "message", "The configuration has mistakes; nothing has changed.");
        write_lines(&json, "mistakes", said->mistakes);
    } else {
        json_write_text(&json, "message",
                        *said->changes || *said->restart ? "The configuration was read again."
                                                         : "The configuration is as before.");
        write_lines(&json, "changes", said->changes);
        write_lines(&json, "restart", said->restart);
    }
    json_write_close(&json, '}');
    fputc('\n', answer->body);
}

void reload_answer_ask(void *context, const struct http_request *request,
                       struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct reload_answer said = {.outcome = RELOAD_UNANSWERED};

    (void)request;
    if (parts->reload)
        reload_ask(parts->reload, &said);
    if (said.outcome == RELOAD_UNANSWERED)
        http_refuse(answer, 503, "penstock stops, or an earlier reload takes long.");
    else
        write_answer(&said, answer);
    reload_answer_clear(&said);
}
