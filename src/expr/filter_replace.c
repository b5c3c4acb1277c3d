/* filter_replace.c: replace('pattern', 'text'). */
#include "expr/filter.h"

#include <ctype.h>

/* A backslash and what it means in the text: a group's number, or -1 for the character itself. */
static int group_at(struct slice text, size_t at)
{
    if (text.data[at] != '\\' || at + 1 == text.length ||
        !isdigit((unsigned char)text.data[at + 1]))
        return -1;
    return text.data[at + 1] - '0';
}

bool prepare_replace(struct filter_call *call, const struct lex *lex)
{
    const struct filter_argument *text = &call->arguments[1];

    call->pattern = pattern_new(call->arguments[0].text, lex->err);
    if (!call->pattern)
        return lex_error(lex, call->arguments[0].at, "%s", lex->err ? lex->err->text : "");
    for (size_t i = 0; i < text->text.length; i++)
        if (group_at(text->text, i) > (int)pattern_groups(call->pattern))
            return lex_error(lex, text->at, "\\%d: the pattern has %zu groups",
                             group_at(text->text, i), pattern_groups(call->pattern));
    return true;
}

/* Text that grows in the arena. */
struct output {
    struct arena *arena;
    char *data;
    size_t length, room;
};

static void output_add(struct output *output, const char *bytes, size_t length)
{
    if (output->room - output->length < length) {
        size_t room = (output->length + length) * 2;
        char *larger = arena_alloc(output->arena, room);

        if (output->length)
            memcpy(larger, output->data, output->length);
        output->data = larger;
        output->room = room;
    }
    if (length)
        memcpy(output->data + output->length, bytes, length);
    output->length += length;
}

static void add_replacement(struct output *output, struct slice text, const char *source,
                            const regmatch_t *groups)
{
    for (size_t i = 0; i < text.length; i++) {
        int group = group_at(text, i);
        if (group < 0) {
            output_add(output, text.data + i, 1);
            continue;
        }
        if (groups[group].rm_so >= 0)
            output_add(output, source + groups[group].rm_so,
                       (size_t)(groups[group].rm_eo - groups[group].rm_so));
        i++;
    }
}

/* The end of the character that starts at @p at: an empty match must not split it. */
static size_t character_end(struct slice text, size_t at)
{
    for (at++; at < text.length && ((unsigned char)text.data[at] & 0xC0) == 0x80;)
        at++;
    return at;
}

bool filter_replace(const struct filter_call *call, struct scope *scope, const struct value **value,
                    struct value *out, struct err *err)
{
    struct slice text = filter_text(*value, scope->arena);
    struct output output = {.arena = scope->arena, .data = "", .length = 0};
    regmatch_t groups[PATTERN_GROUPS];
    size_t copied = 0, at = 0;

    (void)err;
    text.data = arena_copy(scope->arena, text.data, text.length);
    while (at <= text.length && pattern_find(call->pattern, text, at, groups)) {
        size_t first = (size_t)groups[0].rm_so, end = (size_t)groups[0].rm_eo;
        bool repeats =
            end == first && copied == end && copied > 0; /* nothing right behind a match */

        output_add(&output, text.data + copied, first - copied);
        if (!repeats)
            add_replacement(&output, call->arguments[1].text, text.data, groups);
        copied = end;
        at = end > first ? end : character_end(text, end);
    }
    if (!copied && !output.length)
        return true; /* nothing matched */
    output_add(&output, text.data + copied, text.length - copied);
    *value = filter_result(out, VALUE_STRING, (struct slice){output.data, output.length});
    return true;
}
