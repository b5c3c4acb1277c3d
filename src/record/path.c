/*
 * path.c: "vehicle.tags[0].id", compiled once and followed in every record.
 *
 *      path    = step, { "." name | bracket }
 *      step    = name | bracket
 *      bracket = "[", ( digits | "'", text, "'" | '"', text, '"' ), "]"
 *
 * In a quoted name a backslash takes the next quote or backslash as it is. A bare name is made of
 * what means nothing here, nor in a template or a condition.
 */
#include "record/path.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "record/value.h"

#include <stdlib.h>

enum { PATH_STEPS = 128 /* no decoder's tree is deeper */ };

struct step {
    struct slice name; /* data NULL: the element at index */
    size_t index;
};

struct path {
    char *names; /* where the names of the steps stand */
    size_t count;
    struct step steps[];
};

static bool expected(const struct cursor *cursor, const char *what)
{
    return cursor_error(cursor, cursor->at, "expected %s", what);
}

static bool is_bare(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7F && !strchr(".[](){}\"'`|,\\", byte);
}

/* Names are copied to *room, which moves behind them. */
static bool read_bare(struct cursor *cursor, char **room, struct slice *name)
{
    const char *first = cursor->at;

    while (cursor->at < cursor->end && is_bare(*cursor->at))
        cursor->at++;
    if (cursor->at == first)
        return expected(cursor, "a name");
    *name = (struct slice){*room, (size_t)(cursor->at - first)};
    memcpy(*room, first, name->length);
    *room += name->length;
    return true;
}

/* From behind the opening @p quote to behind the closing one. */
static bool read_quoted(struct cursor *cursor, char quote, char **room, struct slice *name)
{
    name->data = *room;
    while (!cursor_sees(cursor, quote)) {
        if (cursor_sees(cursor, '\\')) {
            cursor->at++;
            if (!cursor_sees(cursor, quote) && !cursor_sees(cursor, '\\'))
                return expected(cursor, "a quote or a backslash after a backslash");
        }
        if (cursor->at == cursor->end)
            return expected(cursor, "the closing quote of a name");
        *(*room)++ = *cursor->at++;
    }
    cursor->at++;
    name->length = (size_t)(*room - name->data);
    return true;
}

static bool read_index(struct cursor *cursor, size_t *index)
{
    const char *first = cursor->at;

    *index = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        *index = *index * 10 + (size_t)(*cursor->at - '0');
        if (*index > UINT32_MAX)
            return expected(cursor, "an index below 4294967296");
    }
    return cursor->at > first || expected(cursor, "an index or a quoted name");
}

/* From behind "[" to behind "]". */
static bool read_bracket(struct cursor *cursor, char **room, struct step *step)
{
    char quote = cursor_sees(cursor, '\'') ? '\'' : '"';

    if (cursor_sees(cursor, quote)) {
        cursor->at++;
        if (!read_quoted(cursor, quote, room, &step->name))
            return false;
    } else if (!read_index(cursor, &step->index)) {
        return false;
    }
    if (!cursor_sees(cursor, ']'))
        return expected(cursor, "']'");
    cursor->at++;
    return true;
}

static bool read_step(struct cursor *cursor, char **room, bool first, struct step *step)
{
    if (cursor_sees(cursor, '[')) {
        cursor->at++;
        return read_bracket(cursor, room, step);
    }
    if (!first) {
        if (!cursor_sees(cursor, '.'))
            return expected(cursor, "'.', '[' or the end");
        cursor->at++;
    }
    return read_bare(cursor, room, &step->name);
}

struct path *path_new(struct slice text, struct err *err)
{
    struct step steps[PATH_STEPS] = {0};
    struct path *path = NULL;
    size_t count = 0;
    char *names = mem_alloc(text.length + 1), *room = names;
    struct cursor cursor = {text.data, text.data, text.data + text.length, err};

    do {
        if (count == PATH_STEPS) {
            expected(&cursor, "no more than 128 steps");
            goto fail;
        }
        if (!read_step(&cursor, &room, count == 0, &steps[count]))
            goto fail;
        count++;
    } while (cursor.at < cursor.end);
    path = mem_alloc(sizeof(*path) + count * sizeof(steps[0]));
    path->names = names;
    path->count = count;
    memcpy(path->steps, steps, count * sizeof(steps[0]));
    return path;
fail:
    free(names);
    return NULL;
}

void path_free(struct path *path)
{
    if (!path)
        return;
    free(path->names);
    free(path);
}

const struct value *path_find(const struct path *path, const struct value *root)
{
    for (size_t i = 0; i < path->count && root; i++) {
        const struct step *step = &path->steps[i];

        root = step->name.data ? value_member(root, step->name) : value_element(root, step->index);
    }
    return root;
}
