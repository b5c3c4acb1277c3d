/* placeholder.c: a place of a template that each record fills. */
#include "expr/placeholder.h"

#include "base/mem.h"

#include <stdlib.h>

/* Behind the last byte of the name that starts at cursor->at: a "|" or "}" outside of quotes. */
static bool skip_name(struct cursor *cursor)
{
    struct slice quoted;

    while (cursor->at < cursor->end && *cursor->at != '|' && *cursor->at != '}') {
        if (*cursor->at != '\'' && *cursor->at != '"')
            cursor->at++;
        else if (!cursor_quoted(cursor, &quoted))
            return false;
    }
    return true;
}

static bool read_reference(struct cursor *cursor, struct placeholder *placeholder)
{
    struct slice name;

    cursor_skip_space(cursor);
    name.data = cursor->at;
    if (!skip_name(cursor))
        return false;
    name.length = (size_t)(cursor->at - name.data);
    while (name.length && (name.data[name.length - 1] == ' ' || name.data[name.length - 1] == '\t'))
        name.length--;
    if (cursor->at == cursor->end)
        return cursor_error(cursor, placeholder->at, "'%%{' has no '}'");
    if (!name.length)
        return cursor_error(cursor, name.data, "expected the name of a field");
    return reference_init(&placeholder->reference, name, cursor);
}

static bool read_filters(struct cursor *cursor, struct placeholder *placeholder)
{
    size_t room = 0;

    while (cursor_take(cursor, '|')) {
        struct filter_call call;

        if (!filter_call_init(&call, reference_unit(&placeholder->reference), cursor))
            return false;
        placeholder->filters =
            mem_grow(placeholder->filters, placeholder->filter_count, &room, sizeof(call));
        placeholder->filters[placeholder->filter_count++] = call;
    }
    if (cursor->at == cursor->end)
        return cursor_error(cursor, placeholder->at, "'%%{' has no '}'");
    if (!cursor_sees(cursor, '}'))
        return cursor_error(cursor, cursor->at, "expected '|' or '}'");
    cursor->at++;
    return true;
}

/* "vehicle.tags[0]" becomes a place for "vehicle" and the path "tags[0]". */
static void plan(struct placeholder *placeholder, struct member_index *index)
{
    struct slice text = slice_of(placeholder->reference.text), rest;
    size_t length = strcspn(text.data, ".[");

    if (placeholder->reference.kind != REFERENCE_FIELD || !length)
        return;
    placeholder->planned = true;
    placeholder->place = member_index_add(index, (struct slice){text.data, length});
    if (length == text.length)
        return;
    length += text.data[length] == '.';
    rest = (struct slice){text.data + length, text.length - length};
    placeholder->rest = path_new(rest, NULL); /* a part of a path that was good */
}

struct placeholder *placeholder_new(struct cursor *cursor, struct member_index *index)
{
    struct placeholder *placeholder = mem_new(struct placeholder);

    placeholder->at = cursor->at;
    cursor->at += strlen("%{");
    if (read_reference(cursor, placeholder) && read_filters(cursor, placeholder)) {
        placeholder->text = mem_copy(placeholder->at, (size_t)(cursor->at - placeholder->at));
        plan(placeholder, index);
        return placeholder;
    }
    placeholder_free(placeholder);
    return NULL;
}

void placeholder_free(struct placeholder *placeholder)
{
    if (!placeholder)
        return;
    for (size_t i = 0; i < placeholder->filter_count; i++)
        filter_call_clear(&placeholder->filters[i]);
    free(placeholder->filters);
    free(placeholder->text);
    path_free(placeholder->rest);
    reference_clear(&placeholder->reference);
    free(placeholder);
}

static bool placeholder_find(const struct placeholder *placeholder, struct scope *scope,
                             const struct value *const *found, struct value *scratch,
                             const struct value **value, struct err *err)
{
    if (!placeholder->planned)
        return reference_find(&placeholder->reference, scope, scratch, value, err);
    *value = found[placeholder->place];
    return !placeholder->rest || reference_walk(placeholder->rest, *value, scope, value, err);
}

static bool placeholder_filter(const struct placeholder *placeholder, struct scope *scope,
                               const struct value **value, struct value *scratch, struct err *err)
{
    for (size_t i = 0; i < placeholder->filter_count; i++) {
        const struct filter_call *call = &placeholder->filters[i];
        struct value out;

        if ((!*value || (*value)->type == VALUE_NULL) && !call->filter->takes_missing)
            continue;
        if (!call->filter->apply(call, scope, value, &out, err)) {
            err_wrap(err, "%s", call->filter->name);
            return err_wrap(err, "field '%s'", placeholder->reference.text);
        }
        if (*value == &out) { /* the next filter writes where this one's input stood */
            *scratch = out;
            *value = scratch;
        }
    }
    return true;
}

bool placeholder_render(const struct placeholder *placeholder, struct scope *scope,
                        const struct value *const *found, struct slice *out, struct err *err)
{
    const struct value *value;
    struct value scratch;

    if (!placeholder_find(placeholder, scope, found, &scratch, &value, err) ||
        (placeholder->filter_count &&
         !placeholder_filter(placeholder, scope, &value, &scratch, err)))
        return false;
    if (!value)
        return err_set(err, ERR_RECORD, "missing field '%s'", placeholder->reference.text);
    if (value->type == VALUE_NULL)
        return err_set(err, ERR_RECORD,
                       "field '%s' is null; to write a text instead: %%{%s|default('')}",
                       placeholder->reference.text, placeholder->reference.text);
    *out = value_text(value, scope->arena, err);
    return out->data != NULL;
}
