/* hole.c: a place of a template that each record fills. */
#include "expr/hole.h"

#include "base/mem.h"

#include <stdlib.h>

/* Behind the last byte of the name that starts at lex->at: a "|" or "}" outside of quotes. */
static bool skip_name(struct lex *lex)
{
    struct slice quoted;

    while (lex->at < lex->end && *lex->at != '|' && *lex->at != '}') {
        if (*lex->at != '\'' && *lex->at != '"')
            lex->at++;
        else if (!lex_quoted(lex, &quoted))
            return false;
    }
    return true;
}

static bool read_reference(struct lex *lex, struct hole *hole)
{
    struct slice name;

    lex_skip_space(lex);
    name.data = lex->at;
    if (!skip_name(lex))
        return false;
    name.length = (size_t)(lex->at - name.data);
    while (name.length && (name.data[name.length - 1] == ' ' || name.data[name.length - 1] == '\t'))
        name.length--;
    if (lex->at == lex->end)
        return lex_error(lex, hole->at, "'%%{' has no '}'");
    if (!name.length)
        return lex_error(lex, name.data, "expected the name of a field");
    return reference_init(&hole->reference, name, lex);
}

static bool read_filters(struct lex *lex, struct hole *hole)
{
    size_t room = 0;

    while (lex_take(lex, '|')) {
        struct filter_call call;

        if (!filter_call_init(&call, reference_unit(&hole->reference), lex))
            return false;
        hole->filters = mem_grow(hole->filters, hole->filter_count, &room, sizeof(call));
        hole->filters[hole->filter_count++] = call;
    }
    if (lex->at == lex->end)
        return lex_error(lex, hole->at, "'%%{' has no '}'");
    if (!lex_sees(lex, '}'))
        return lex_error(lex, lex->at, "expected '|' or '}'");
    lex->at++;
    return true;
}

/* "vehicle.tags[0]" becomes a place for "vehicle" and the path "tags[0]". */
static void plan(struct hole *hole, struct fields *fields)
{
    struct slice text = slice_of(hole->reference.text), rest;
    size_t length = strcspn(text.data, ".[");

    if (hole->reference.kind != REFERENCE_FIELD || !length)
        return;
    hole->planned = true;
    hole->place = fields_add(fields, (struct slice){text.data, length});
    if (length == text.length)
        return;
    length += text.data[length] == '.';
    rest = (struct slice){text.data + length, text.length - length};
    hole->rest = path_new(rest, NULL); /* a part of a path that was good */
}

struct hole *hole_new(struct lex *lex, struct fields *fields)
{
    struct hole *hole = mem_new(struct hole);

    hole->at = lex->at;
    lex->at += strlen("%{");
    if (read_reference(lex, hole) && read_filters(lex, hole)) {
        hole->text = mem_copy(hole->at, (size_t)(lex->at - hole->at));
        plan(hole, fields);
        return hole;
    }
    hole_free(hole);
    return NULL;
}

void hole_free(struct hole *hole)
{
    if (!hole)
        return;
    for (size_t i = 0; i < hole->filter_count; i++)
        filter_call_clear(&hole->filters[i]);
    free(hole->filters);
    free(hole->text);
    path_free(hole->rest);
    reference_clear(&hole->reference);
    free(hole);
}

static bool hole_find(const struct hole *hole, struct scope *scope,
                      const struct value *const *found, struct value *scratch,
                      const struct value **value, struct err *err)
{
    if (!hole->planned)
        return reference_find(&hole->reference, scope, scratch, value, err);
    *value = found[hole->place];
    return !hole->rest || reference_walk(hole->rest, *value, scope, value, err);
}

static bool hole_filter(const struct hole *hole, struct scope *scope, const struct value **value,
                        struct value *scratch, struct err *err)
{
    for (size_t i = 0; i < hole->filter_count; i++) {
        const struct filter_call *call = &hole->filters[i];
        struct value out;

        if ((!*value || (*value)->type == VALUE_NULL) && !call->filter->takes_missing)
            continue;
        if (!call->filter->apply(call, scope, value, &out, err)) {
            err_wrap(err, "%s", call->filter->name);
            return err_wrap(err, "field '%s'", hole->reference.text);
        }
        if (*value == &out) { /* the next filter writes where this one's input stood */
            *scratch = out;
            *value = scratch;
        }
    }
    return true;
}

bool hole_render(const struct hole *hole, struct scope *scope, const struct value *const *found,
                 struct slice *out, struct err *err)
{
    const struct value *value;
    struct value scratch;

    if (!hole_find(hole, scope, found, &scratch, &value, err) ||
        (hole->filter_count && !hole_filter(hole, scope, &value, &scratch, err)))
        return false;
    if (!value)
        return err_set(err, ERR_RECORD, "missing field '%s'", hole->reference.text);
    if (value->type == VALUE_NULL)
        return err_set(err, ERR_RECORD,
                       "field '%s' is null; to write a text instead: %%{%s|default('')}",
                       hole->reference.text, hole->reference.text);
    *out = value->escaped ? value_string(value, scope->arena, err) : value->text;
    return out->data != NULL;
}
