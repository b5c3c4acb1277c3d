/* request.c: the head of an HTTP request (RFC 9112), as far as the admin port cares. */
#include "app/request.h"

#include <strings.h>

/* Cuts the part before @p mark off @p text; all of it if there is no mark. */
static struct slice slice_cut(struct slice *text, const char *mark)
{
    size_t length = strlen(mark);
    const char *at = text->length ? memmem(text->data, text->length, mark, length) : NULL;
    struct slice before = {text->data, at ? (size_t)(at - text->data) : text->length};
    size_t used = at ? before.length + length : before.length;

    *text = (struct slice){text->data + used, text->length - used};
    return before;
}

static bool slice_is_like(struct slice text, const char *word)
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
        slice_cut(&authority, "[");
        return slice_cut(&authority, "]");
    }
    return slice_cut(&authority, ":");
}

/* A list of words, "keep-alive, close". */
static bool list_has(struct slice list, const char *word)
{
    while (list.length)
        if (slice_is_like(slice_trim(slice_cut(&list, ",")), word))
            return true;
    return false;
}

/* The headers that we need; the data of one that did not come is NULL. */
struct headers {
    struct slice host, length, coding, accept;
    bool close;
};

/* Two Hosts, two lengths or two codings are ambiguous (RFC 9112 3.2, 6.3): another server between
 * us and the client may have believed the other one. */
static bool header_take(struct headers *headers, struct slice name, struct slice value)
{
    struct slice *only = slice_is_like(name, "Host")                ? &headers->host
                         : slice_is_like(name, "Content-Length")    ? &headers->length
                         : slice_is_like(name, "Transfer-Encoding") ? &headers->coding
                                                                    : NULL;

    if (slice_is_like(name, "Connection"))
        headers->close |= list_has(value, "close");
    if (slice_is_like(name, "Accept") && !headers->accept.data)
        headers->accept = value;
    if (!only)
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
        struct slice line = slice_cut(&text, "\r\n"), name;
        if (!slice_is_clean(line) || !memchr(line.data, ':', line.length))
            return false;
        name = slice_cut(&line, ":");
        if (!slice_is_token(name) || !header_take(headers, name, slice_trim(line)))
            return false;
    }
    return true;
}

/* Whether the length of the body is beyond doubt: a number, or chunks, not both. Its size does not
 * matter, as nobody reads it. */
static bool request_body(const struct headers *headers, struct request *request)
{
    size_t digits = 0;

    while (digits < headers->length.length && strchr("0123456789", headers->length.data[digits]))
        request->last |= headers->length.data[digits++] != '0';
    request->last |= headers->coding.data || headers->close;
    return !headers->length.data ||
           (digits > 0 && digits == headers->length.length && !headers->coding.data);
}

/* "/path?query", or with "http://host" before it, as proxies are asked. */
static bool request_target(struct slice target, struct request *request)
{
    if (slice_begins(target, "http://")) {
        slice_cut(&target, "//");
        const char *path = memchr(target.data, '/', target.length);
        if (!path)
            return false;
        size_t length = (size_t)(path - target.data);
        request->host = request_host((struct slice){target.data, length});
        target = (struct slice){path, target.length - length};
    }
    request->query = target;
    request->path = slice_cut(&request->query, "?");
    return slice_begins(request->path, "/");
}

int request_parse(struct slice head, struct request *request)
{
    struct slice line = slice_cut(&head, "\r\n");
    struct headers headers = {0};
    struct request parsed = {0};

    if (!slice_is_clean(line) || !headers_read(head, &headers) || !request_body(&headers, &parsed))
        return 400;
    if (headers.host.data)
        parsed.host = request_host(headers.host);
    parsed.accept = headers.accept;
    struct slice method = slice_cut(&line, " "), target = slice_cut(&line, " ");
    if (!slice_is_token(method) || !slice_begins(line, "HTTP/"))
        return 400;
    if (!slice_is(line, "HTTP/1.1") && !slice_is(line, "HTTP/1.0"))
        return 505;
    parsed.last |= slice_is(line, "HTTP/1.0");
    parsed.head_only = slice_is(method, "HEAD");
    if (!parsed.head_only && !slice_is(method, "GET"))
        return 405;
    if (!request_target(target, &parsed))
        return 400;
    *request = parsed;
    return 200;
}

bool request_query_has(struct slice query, const char *word)
{
    while (query.length) {
        struct slice item = slice_cut(&query, "&");
        if (slice_is(slice_cut(&item, "="), word))
            return true;
    }
    return false;
}
