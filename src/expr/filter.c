/*
 * filter.c: the registry of filters, and their calls as a template writes them.
 *
 *      call     = name, [ "(", [ argument, { ",", argument } ], ")" ]
 *      argument = quoted text | integer
 *
 * In a quoted text a backslash takes the next quote or backslash as it is and otherwise stands for
 * itself, so that '\.' and '\1' reach a pattern unchanged.
 */
#include "expr/filter.h"

#include "base/mem.h"
#include "base/text.h"
#include "expr/decimal.h"

#include <ctype.h>
#include <stdlib.h>

static const struct filter filters[] = {
#define FILTER(name, arguments, kinds, missing, prepare, help, example, record, result)            \
    {#name,   arguments, kinds,  missing,           help,                                          \
     example, record,    result, prepare_##prepare, filter_##name},
#include "expr/filters.def"
#undef FILTER
};

enum { FILTERS = sizeof(filters) / sizeof(filters[0]) };

const struct filter *filter_all(size_t *count)
{
    *count = FILTERS;
    return filters;
}

bool prepare_none(struct filter_call *call, const struct cursor *cursor)
{
    (void)call, (void)cursor;
    return true;
}

static const struct filter *filter_find(struct slice name, const struct cursor *cursor)
{
    static const struct {
        const char *word, *name; /* as other languages call it */
    } others[] = {
        {"uppercase", "upper"}, {"toupper", "upper"},    {"lowercase", "lower"},
        {"tolower", "lower"},   {"substring", "substr"}, {"to_json", "json"},
        {"tojson", "json"},     {"else", "default"},     {"coalesce", "default"},
    };
    const char *candidates[FILTERS];

    for (size_t i = 0; i < FILTERS; i++) {
        if (slice_is(name, filters[i].name))
            return &filters[i];
        candidates[i] = filters[i].name;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (slice_is(name, others[i].word)) {
            cursor_error(cursor, name.data, "unknown filter '%s'; did you mean '%s'?",
                         others[i].word, others[i].name);
            return NULL;
        }
    cursor_unknown(cursor, name, "filter", candidates, FILTERS);
    return NULL;
}

static struct slice read_name(struct cursor *cursor)
{
    const char *first = cursor->at;

    while (cursor->at < cursor->end && (isalnum((unsigned char)*cursor->at) || *cursor->at == '_'))
        cursor->at++;
    return (struct slice){first, (size_t)(cursor->at - first)};
}

/* A copy of @p raw where "\'", "\"" and "\\" are what they mean. */
static struct slice unquoted(struct slice raw)
{
    char *copy = mem_alloc(raw.length + 1), *out = copy;

    for (size_t i = 0; i < raw.length; i++) {
        if (raw.data[i] == '\\' && i + 1 < raw.length && strchr("\\'\"", raw.data[i + 1]))
            i++;
        *out++ = raw.data[i];
    }
    return (struct slice){copy, (size_t)(out - copy)};
}

static bool read_integer(struct cursor *cursor, struct filter_argument *argument)
{
    struct slice text = {cursor->at, 0};

    if (cursor_sees(cursor, '-'))
        cursor->at++;
    while (cursor->at < cursor->end && isdigit((unsigned char)*cursor->at))
        cursor->at++;
    text.length = (size_t)(cursor->at - text.data);
    if (!decimal_is(text) || !text_integer(text, &argument->integer))
        return cursor_error(cursor, text.data, "expected a text in quotes or an integer");
    argument->text = (struct slice){mem_copy(text.data, text.length), text.length};
    return true;
}

static bool read_argument(struct cursor *cursor, struct filter_argument *argument)
{
    struct slice raw;

    argument->at = cursor->at;
    argument->quoted = cursor_sees(cursor, '\'') || cursor_sees(cursor, '"');
    if (!argument->quoted)
        return read_integer(cursor, argument);
    if (!cursor_quoted(cursor, &raw))
        return false;
    argument->text = unquoted(raw);
    return true;
}

/* "(...)" at cursor->at. */
static bool read_arguments(struct cursor *cursor, struct filter_call *call)
{
    cursor_take(cursor, '(');
    if (cursor_take(cursor, ')'))
        return true;
    do {
        if (call->count == FILTER_ARGUMENTS)
            return cursor_error(cursor, cursor->at, "%s takes no more than %d arguments",
                                call->filter->name, FILTER_ARGUMENTS);
        if (!read_argument(cursor, &call->arguments[call->count]))
            return false;
        call->count++;
        cursor_skip_space(cursor);
    } while (cursor_take(cursor, ','));
    return cursor_take(cursor, ')') || cursor_error(cursor, cursor->at, "expected ',' or ')'");
}

static bool check_kinds(const struct filter_call *call, const char *at, const struct cursor *cursor)
{
    const struct filter *filter = call->filter;
    size_t most = strlen(filter->kinds), least = 0;

    while (least < most && islower((unsigned char)filter->kinds[least]))
        least++;
    if (call->count < least || call->count > most)
        return cursor_error(cursor, at, "%s takes %s%s%s", filter->name, most ? "" : "no arguments",
                            most ? "arguments: " : "", filter->arguments);
    for (size_t i = 0; i < call->count; i++) {
        int kind = tolower((unsigned char)filter->kinds[i]);
        if (kind != 'a' && call->arguments[i].quoted != (kind == 't'))
            return cursor_error(cursor, call->arguments[i].at, "%s takes %s here", filter->name,
                                kind == 't' ? "a text in quotes" : "an integer");
    }
    return true;
}

bool filter_call_init(struct filter_call *call, enum pattern_unit unit, struct cursor *cursor)
{
    struct slice name;

    *call = (struct filter_call){.unit = unit};
    cursor_skip_space(cursor);
    name = read_name(cursor);
    if (!name.length)
        return cursor_error(cursor, cursor->at, "expected the name of a filter");
    call->filter = filter_find(name, cursor);
    cursor_skip_space(cursor);
    if (!call->filter || (cursor_sees(cursor, '(') && !read_arguments(cursor, call)) ||
        !check_kinds(call, name.data, cursor) || !call->filter->prepare(call, cursor)) {
        filter_call_clear(call);
        return false;
    }
    return true;
}

void filter_call_clear(struct filter_call *call)
{
    for (size_t i = 0; i < FILTER_ARGUMENTS; i++)
        free((char *)call->arguments[i].text.data);
    pattern_free(call->pattern);
    *call = (struct filter_call){0};
}

void filter_write_reference(FILE *out)
{
    fputs(
        "# Filters\n\n"
        "<!-- Generated from src/expr/filters.def; do not edit. -->\n\n"
        "A placeholder of a [template](templates.md) passes its value through filters, from left "
        "to "
        "right: `%{city|trim|upper}`.\nOnly `default`, `json` and `raw` accept a missing field or "
        "a null; all other filters leave it as it is. So\n`%{city|upper|default('none')}` works, "
        "too. An argument is an integer, or a text in single or double quotes. In such a\ntext "
        "write `\\\\`, `\\'` and `\\\"` for a backslash and for quotes; any other backslash is a "
        "backslash. Wrong arguments are an error of the\nfile. If a filter refuses its input, "
        "that is a record error. Text filters accept any value and use its text.\n",
        out);
    for (size_t i = 0; i < FILTERS; i++)
        fprintf(out, "\n## `%s%s`\n\n%s\n\n`%s` of `%s` gives `%s`.\n", filters[i].name,
                filters[i].arguments, filters[i].help, filters[i].example, filters[i].example_value,
                filters[i].example_result);
}
