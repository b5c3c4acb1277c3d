/* endpoint.c: the paths that a server answers, and which of them a request means. */
#include "app/endpoint.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

/* Cuts the first segment, "/" and what follows it up to the next one, off @p path. */
static bool segment_next(struct slice *path, struct slice *segment)
{
    if (!path->length || path->data[0] != '/')
        return false;
    struct slice rest = {path->data + 1, path->length - 1};
    const char *end = memchr(rest.data, '/', rest.length);
    *segment = (struct slice){rest.data, end ? (size_t)(end - rest.data) : rest.length};
    *path = (struct slice){rest.data + segment->length, rest.length - segment->length};
    return true;
}

/* A segment with its "%2F"s decoded, as a C string: a NUL, a wrong digit and one that is too long
 * are no names of anything. */
static bool segment_decode(struct slice segment, char out[ENDPOINT_ARGUMENT_BYTES])
{
    size_t length = 0;

    for (size_t i = 0; i < segment.length; i++, length++) {
        int byte = (unsigned char)segment.data[i];
        if (length == ENDPOINT_ARGUMENT_BYTES - 1)
            return false;
        if (byte == '%') {
            int high = i + 2 < segment.length ? text_hex_digit(segment.data[i + 1]) : -1;
            int low = high >= 0 ? text_hex_digit(segment.data[i + 2]) : -1;
            if (low < 0 || !(high | low))
                return false;
            byte = high * 16 + low;
            i += 2;
        }
        out[length] = (char)byte;
    }
    out[length] = '\0';
    return length > 0;
}

static bool endpoint_fits(const struct endpoint *endpoint, struct slice path,
                          char arguments[ENDPOINT_ARGUMENTS][ENDPOINT_ARGUMENT_BYTES])
{
    struct slice pattern = slice_of(endpoint->path), wanted, segment = {0};
    size_t count = 0;

    while (segment_next(&pattern, &wanted)) {
        if (!segment_next(&path, &segment))
            return false;
        if (!wanted.length || wanted.data[0] != '{') {
            if (!slice_equal(wanted, segment))
                return false;
            continue;
        }
        assert(count < ENDPOINT_ARGUMENTS);
        if (!segment_decode(segment, arguments[count++]))
            return false;
    }
    return !path.length || (segment.length && slice_is(path, "/"));
}

static void methods_add(char methods[ENDPOINT_METHODS_BYTES], enum method method)
{
    strcat(methods, *methods ? ", " : "");
    strcat(methods, method_name(method));
    if (method == METHOD_GET)
        strcat(methods, ", HEAD");
}

int endpoint_find(const struct endpoints *endpoints, enum method method, struct slice path,
                  struct endpoint_found *found)
{
    enum method asked = method == METHOD_HEAD ? METHOD_GET : method;

    found->methods[0] = '\0';
    for (size_t i = 0; i < endpoints->count; i++) {
        found->endpoint = &endpoints->rows[i];
        if (!endpoint_fits(found->endpoint, path, found->arguments))
            continue;
        if (found->endpoint->method == asked)
            return 200;
        methods_add(found->methods, found->endpoint->method);
    }
    return found->methods[0] ? 405 : 404;
}

const char *endpoint_nearest(const struct endpoints *endpoints, struct slice path)
{
    const char **paths = mem_array(endpoints->count, sizeof(*paths));

    for (size_t i = 0; i < endpoints->count; i++)
        paths[i] = endpoints->rows[i].path;
    const char *nearest = text_nearest(path, paths, endpoints->count);
    free(paths);
    return nearest;
}
