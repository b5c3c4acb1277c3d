/* reference.c: a name in an expression and what it names in a record. */
#include "expr/reference.h"

#include "base/mem.h"

#include <stdlib.h>

/* The $-names. One with fields may be followed by ".x" or "[...]". */
static const struct reference_name {
    const char *name;
    enum reference_kind kind;
    unsigned reads;
    int type; /* -1: any */
} names[] = {
    {"$key", REFERENCE_KEY, READS_KEY_BYTES, VALUE_STRING},
    {"$value", REFERENCE_VALUE, READS_VALUE_BYTES, VALUE_STRING},
    {"$header", REFERENCE_HEADER, READS_META, VALUE_STRING},
    {"$topic", REFERENCE_TOPIC, READS_META, VALUE_STRING},
    {"$partition", REFERENCE_PARTITION, READS_META, VALUE_NUMBER},
    {"$offset", REFERENCE_OFFSET, READS_META, VALUE_NUMBER},
    {"$timestamp", REFERENCE_TIMESTAMP, READS_META, VALUE_NUMBER},
    {"$now", REFERENCE_NOW, READS_META, VALUE_NUMBER},
    {"$tombstone", REFERENCE_TOMBSTONE, READS_META, VALUE_TRUE},
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static bool name_unknown(struct slice name, const struct cursor *cursor)
{
    const char *candidates[NAMES];

    for (size_t i = 0; i < NAMES; i++)
        candidates[i] = names[i].name;
    return cursor_unknown(cursor, name, "name", candidates, NAMES);
}

static bool init_path(struct reference *out, struct slice text, const struct cursor *cursor)
{
    out->path = path_new(text, cursor->err);
    return out->path || cursor_error_within(cursor, text.data);
}

/* "['any name']" behind $header: one path step, taken as it is. */
static bool init_bracketed_header(struct reference *out, struct slice rest,
                                  const struct cursor *cursor)
{
    struct cursor inner = {cursor->text, rest.data + 1, rest.data + rest.length, cursor->err};
    struct slice raw;

    if (!cursor_sees(&inner, '\'') && !cursor_sees(&inner, '"'))
        return cursor_error(cursor, inner.at, "expected the quoted name of a header");
    if (!cursor_quoted(&inner, &raw))
        return false;
    if (!cursor_sees_text(&inner, "]") || inner.at + 1 != inner.end)
        return cursor_error(cursor, inner.at, "expected ']' and nothing behind it");
    out->header = mem_copy(raw.data, raw.length);
    return true;
}

static bool init_header(struct reference *out, struct slice rest, const struct cursor *cursor)
{
    if (rest.length && rest.data[0] == '[')
        return init_bracketed_header(out, rest, cursor);
    if (rest.length < 2)
        return cursor_error(cursor, rest.data,
                            "expected the name of a header, as in $header.trace_id");
    out->header = mem_copy(rest.data + 1, rest.length - 1);
    return true;
}

/* @p rest is what follows the $-name: nothing, ".x" or "[...]". */
static bool init_rest(struct reference *out, struct slice rest, const struct cursor *cursor)
{
    bool dotted = rest.length && rest.data[0] == '.';

    if (out->kind == REFERENCE_HEADER)
        return init_header(out, rest, cursor);
    if (!rest.length)
        return true;
    if (out->kind == REFERENCE_VALUE)
        return cursor_error(cursor, rest.data,
                            "$value is the value's bytes; a field is named without it");
    if (out->kind != REFERENCE_KEY)
        return cursor_error(cursor, rest.data, "this name has no fields");
    out->kind = REFERENCE_KEY_FIELD;
    return init_path(out, (struct slice){rest.data + dotted, rest.length - dotted}, cursor);
}

static bool init_dollar(struct reference *out, struct slice text, const struct cursor *cursor)
{
    struct slice name = text, rest;

    for (name.length = 1; name.length < text.length; name.length++)
        if (strchr(".[", text.data[name.length]))
            break;
    rest = (struct slice){text.data + name.length, text.length - name.length};
    for (size_t i = 0; i < NAMES; i++)
        if (slice_is(name, names[i].name)) {
            out->kind = names[i].kind;
            return init_rest(out, rest, cursor);
        }
    return name_unknown(name, cursor);
}

bool reference_init(struct reference *out, struct slice text, const struct cursor *cursor)
{
    struct reference made = {.kind = REFERENCE_FIELD};
    bool good;

    if (text.length > 2 && memcmp(text.data + text.length - 2, ".*", 2) == 0)
        return cursor_error(
            cursor, text.data + text.length - 1,
            "only %%{*}, all fields of the whole value, knows a '*'; name the fields "
            "of '%.*s' one by one",
            (int)text.length - 2, text.data);
    if (slice_is(text, "*"))
        made.kind = REFERENCE_WHOLE;
    if (made.kind == REFERENCE_WHOLE)
        good = true;
    else if (text.length && text.data[0] == '$')
        good = init_dollar(&made, text, cursor);
    else
        good = init_path(&made, text, cursor);
    if (!good)
        return false;
    made.text = mem_copy(text.data, text.length);
    *out = made;
    return true;
}

void reference_clear(struct reference *reference)
{
    path_free(reference->path);
    free(reference->header);
    free(reference->text);
    *reference = (struct reference){0};
}

static const struct reference_name *reference_row(const struct reference *reference)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].kind == reference->kind)
            return &names[i];
    return NULL;
}

unsigned reference_reads(const struct reference *reference)
{
    const struct reference_name *row = reference_row(reference);

    if (row)
        return row->reads;
    return reference->kind == REFERENCE_KEY_FIELD ? READS_KEY_INSIDE : READS_VALUE_INSIDE;
}

enum pattern_unit reference_unit(const struct reference *reference)
{
    switch (reference->kind) {
    case REFERENCE_KEY:
    case REFERENCE_VALUE:
    case REFERENCE_HEADER:
        return PATTERN_RAW;
    default:
        return PATTERN_TEXT;
    }
}

int reference_type(const struct reference *reference)
{
    const struct reference_name *row = reference_row(reference);

    return row ? row->type : -1;
}

static const struct value *found_text(struct value *scratch, struct slice text)
{
    *scratch = value_of(VALUE_STRING, text);
    return text.data ? scratch : NULL;
}

static const struct value *found_integer(struct value *scratch, struct arena *arena, int64_t number)
{
    *scratch = value_integer(number, arena);
    return scratch;
}

static const struct value *found_header(const struct reference *reference,
                                        const struct record *record, struct value *scratch)
{
    struct slice text = {0};

    if (!record->headers.find || !record->headers.find(record, slice_of(reference->header), &text))
        return NULL;
    return found_text(scratch, text);
}

static const struct value *found_bool(struct value *scratch, bool truth)
{
    *scratch = value_of(truth ? VALUE_TRUE : VALUE_FALSE, (struct slice){0});
    return scratch;
}

static const struct value *find_plain(const struct reference *reference, struct scope *scope,
                                      struct value *scratch)
{
    const struct view *view = &scope->view;

    switch (reference->kind) {
    case REFERENCE_KEY:
        return found_text(scratch, view->key);
    case REFERENCE_VALUE:
        return found_text(scratch, view->value);
    case REFERENCE_HEADER:
        return found_header(reference, scope->record, scratch);
    case REFERENCE_TOPIC:
        return found_text(scratch, slice_of(view->topic));
    case REFERENCE_PARTITION:
        return found_integer(scratch, scope->arena, scope->record->partition);
    case REFERENCE_OFFSET:
        return found_integer(scratch, scope->arena, scope->record->offset);
    case REFERENCE_TIMESTAMP:
        return view->timestamp_ms < 0 ? NULL
                                      : found_integer(scratch, scope->arena, view->timestamp_ms);
    case REFERENCE_NOW:
        return found_integer(scratch, scope->arena, scope->now_ms);
    case REFERENCE_TOMBSTONE:
        return found_bool(scratch, scope_is_tombstone(scope));
    default:
        return NULL;
    }
}

/* A way through an object passes its members one by one. */
enum { READ_A_NODE = 8 };

bool reference_walk(const struct path *path, const struct value *root, struct scope *scope,
                    const struct value **found, struct err *err)
{
    *found = root;
    if (!root || !path)
        return true;
    *found = path_find(path, root);
    return arena_read(scope->arena, (size_t)root->span * READ_A_NODE, err);
}

bool reference_find(const struct reference *reference, struct scope *scope, struct value *scratch,
                    const struct value **found, struct err *err)
{
    const struct value *root;
    bool of_key = reference->kind == REFERENCE_KEY_FIELD;

    if (!of_key && reference->kind != REFERENCE_FIELD && reference->kind != REFERENCE_WHOLE) {
        *found = find_plain(reference, scope, scratch);
        return true;
    }
    if (!(of_key ? scope_key(scope, &root, err) : scope_value(scope, &root, err)))
        return false;
    return reference_walk(reference->path, root, scope, found, err);
}
