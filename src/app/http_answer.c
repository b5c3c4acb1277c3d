/* http_answer.c: an answer as HTTP sends it. */
#include "app/http_answer.h"

#include "base/json_writer.h"
#include "base/text.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdlib.h>

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].status == status)
            return rows[i].reason;
    return "Unknown";
}

/* Parts of the request in a message may be any bytes, and be cut anywhere. */
void http_refuse(struct http_answer *answer, int status, const char *format, ...)
{
    struct json_writer json = {.out = answer->body};
    char text[ERR_TEXT_BYTES], shown[4 * ERR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    answer->status = status;
    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, '{');
    json_write_integer(&json, "error_code", status);
    text_show_in(shown, sizeof(shown), text);
    json_write_text(&json, "message", shown);
    json_write_close(&json, '}');
    fputc('\n', answer->body);
}

void http_answer_begin(struct http_answer *answer, char **memory, size_t *length)
{
    *answer = (struct http_answer){
        .status = 200, .type = "text/plain; charset=utf-8", .body = open_memstream(memory, length)};
}

/* A page takes nothing from anywhere else, and is a part of no other page. */
static const char standing_headers[] =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

/* RFC 9110 15.3.5: 204 has neither a body nor its length; a stream has no end yet. */
void http_answer_end(struct http_answer *answer, char **memory, const size_t *length,
                     enum http_part part, bool last, struct evbuffer *out)
{
    bool empty = answer->status == 204;

    fclose(answer->body);
    evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", answer->status, reason_of(answer->status));
    if (answer->header[0])
        evbuffer_add_printf(out, "%s\r\n", answer->header);
    if (*length || answer->stream)
        evbuffer_add_printf(out, "Content-Type: %s\r\n", answer->type);
    if (!empty && !answer->stream)
        evbuffer_add_printf(out, "Content-Length: %zu\r\n", *length);
    evbuffer_add_printf(out, "%s%s\r\n", standing_headers, last ? "Connection: close\r\n" : "");
    if (part == HTTP_WHOLE && !empty)
        evbuffer_add(out, *memory, *length);
    free(*memory);
}
