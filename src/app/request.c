/* request.c: the head of an HTTP request (RFC 9112), as far as the admin port cares. */
#include "app/request.h"

#include "base/text.h"

#include <strings.h>

static const char *const methods[METHOD_OTHER] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

const char *method_name(enum method method)
{
    return method == METHOD_OTHER ? NULL : methods[method];
}

struct slice request_cut(struct slice *text, const char *mark)
{
    size_t length = strlen(mark);
    const char *at = text->length ? memmem(text->data, text->length, mark, length) : NULL;
    struct slice before = {text->data, at ? (size_t)(at - text->data) : text->length};
    size_t used = at ? before.length + length : before.length;

    *text = (struct slice){text->data + used, text->length - used};
    return before;
}

bool request_is_like(struct slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

static bool slice_begins(struct slice text, const char *word)
{
    size_t length = strlen(word);

    return text.length >= length && memcmp(text.data, word, length) == 0;
}

/* RFC 9110 5.6.2: the form of a method and of a header's name. */
static bool slice_is_token(struct slice text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.length; i++) {
        char letter = text.data[i], lower = (char)(letter | 0x20);
        bool plain = (lower >= 'a' && lower <= 'z') || (letter >= '0' && letter <= '9');
        if (!plain && !memchr(others, letter, sizeof(others) - 1))
            return false;
    }
    return text.length > 0;
}

static bool slice_is_clean(struct slice line)
{
    for (size_t i = 0; i < line.length; i++) {
        unsigned char byte = (unsigned char)line.data[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static struct slice slice_trim(struct slice text)
{
    while (text.length && strchr(" \t", text.data[0]))
        text = (struct slice){text.data + 1, text.length - 1};
    while (text.length && strchr(" \t", text.data[text.length - 1]))
        text.length--;
    return text;
}

/* "host", "host:port", "[::1]:port": the host alone. */
static struct slice request_host(struct slice authority)
{
    if (slice_begins(authority, "[")) {
        request_cut(&authority, "[");
        return request_cut(&authority, "]");
    }
    return request_cut(&authority, ":");
}

/* A list of words, "keep-alive, close". */
static bool list_has(struct slice list, const char *word)
{
    while (list.length)
        if (request_is_like(slice_trim(request_cut(&list, ",")), word))
            return true;
    return false;
}

/* The headers that we need; the data of one that did not come is NULL. */
struct headers {
    struct slice host, length, coding, origin, credentials, type, accept, expect;
    bool close;
};

static struct slice *header_of(struct headers *headers, struct slice name)
{
    const struct {
        const char *name;
        struct slice *value;
    } rows[] = {
        {"Host", &headers->host},
        {"Content-Length", &headers->length},
        {"Transfer-Encoding", &headers->coding},
        {"Origin", &headers->origin},
        {"Authorization", &headers->credentials},
        {"Content-Type", &headers->type},
        {"Accept", &headers->accept},
        {"Expect", &headers->expect},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (request_is_like(name, rows[i].name))
            return rows[i].value;
    return NULL;
}

/* Two Hosts, two lengths or two codings are ambiguous (RFC 9112 3.2, 6.3): another server between
 * us and the client may have believed the other one. Of the others, too, there may be one: but
 * Accept is a list, and its first part will do. */
static bool header_take(struct headers *headers, struct slice name, struct slice value)
{
    struct slice *only = header_of(headers, name);

    if (request_is_like(name, "Connection"))
        headers->close |= list_has(value, "close");
    if (!only || (only == &headers->accept && only->data))
        return true;
    if (only->data)
        return false;
    *only = value;
    return true;
}

/* A line that is not a header is not HTTP. */
static bool headers_read(struct slice text, struct headers *headers)
{
    while (text.length) {
        struct slice line = request_cut(&text, "\r\n"), name;
        if (!slice_is_clean(line) || !memchr(line.data, ':', line.length))
            return false;
        name = request_cut(&line, ":");
        if (!slice_is_token(name) || !header_take(headers, name, slice_trim(line)))
            return false;
    }
    return true;
}

static bool request_length(struct slice text, int64_t *length)
{
    for (size_t i = 0; i < text.length; i++)
        if (!strchr("0123456789", text.data[i]))
            return false;
    if (text.length && !text_integer(text, length))
        *length = INT64_MAX;
    return text.length > 0;
}

/* Where the body ends must be beyond doubt: after a number of bytes or after the last chunk, which
 * an HTTP/1.0 client does not know. Returns 200 or the status to refuse it with. */
static int request_body(const struct headers *headers, bool old, struct request *request)
{
    bool reads = request->method != METHOD_GET && request->method != METHOD_HEAD;

    if (headers->coding.data && (headers->length.data || old))
        return 400;
    if (headers->length.data && !request_length(headers->length, &request->length))
        return 400;
    if (headers->coding.data && !request_is_like(headers->coding, "chunked"))
        return 501;
    if (headers->expect.data && !request_is_like(headers->expect, "100-continue"))
        return 417;
    request->chunked = headers->coding.data;
    request->has_body = (request->chunked || request->length) && reads;
    request->expects = headers->expect.data && request->has_body;
    request->last |= (request->chunked || request->length) && !reads;
    return 200;
}

/* "/path?query", or with "http://host" before it, as proxies are asked. */
static bool request_target(struct slice target, struct request *request)
{
    if (slice_begins(target, "http://")) {
        request_cut(&target, "//");
        const char *path = memchr(target.data, '/', target.length);
        if (!path)
            return false;
        size_t length = (size_t)(path - target.data);
        request->authority = (struct slice){target.data, length};
        target = (struct slice){path, target.length - length};
    }
    request->query = target;
    request->path = request_cut(&request->query, "?");
    return slice_begins(request->path, "/");
}

static enum method request_method(struct slice name)
{
    enum method method = METHOD_GET;

    while (method < METHOD_OTHER && !slice_is(name, methods[method]))
        method++;
    return method;
}

int request_parse(struct slice head, struct request *request)
{
    struct slice line = request_cut(&head, "\r\n");
    struct headers headers = {0};
    struct request parsed = {0};

    if (!slice_is_clean(line) || !headers_read(head, &headers))
        return 400;
    struct slice method = request_cut(&line, " "), target = request_cut(&line, " ");
    if (!slice_is_token(method) || !slice_begins(line, "HTTP/"))
        return 400;
    bool old = slice_is(line, "HTTP/1.0");
    if (!old && !slice_is(line, "HTTP/1.1"))
        return 505;
    parsed.method = request_method(method);
    parsed.last = old || headers.close;
    parsed.authority = headers.host;
    parsed.origin = headers.origin;
    parsed.credentials = headers.credentials;
    parsed.type = headers.type;
    parsed.accept = headers.accept;
    int status = request_body(&headers, old, &parsed);
    if (status != 200)
        return status;
    if (!request_target(target, &parsed))
        return 400;
    if (parsed.authority.data)
        parsed.host = request_host(parsed.authority);
    *request = parsed;
    return 200;
}

bool request_query_has(struct slice query, const char *word)
{
    while (query.length) {
        struct slice item = request_cut(&query, "&");
        if (slice_is(request_cut(&item, "="), word))
            return true;
    }
    return false;
}

bool request_query_is(struct slice query, const char *word, const char *value)
{
    while (query.length) {
        struct slice item = request_cut(&query, "&");
        if (slice_is(request_cut(&item, "="), word) && request_is_like(item, value))
            return true;
    }
    return false;
}
