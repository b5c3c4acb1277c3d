/* filter_replace.c: replace('pattern', 'text'). */
#include "expr/filter.h"

#include <ctype.h>

enum { REPLACE_BYTES = 1024 * 1024 /* searched at most: every byte may become a match */ };

/* A backslash and what it means in the text: a group's number, or -1 for the character itself. */
static int group_at(struct slice text, size_t at)
{
    if (text.data[at] != '\\' || at + 1 == text.length ||
        !isdigit((unsigned char)text.data[at + 1]))
        return -1;
    return text.data[at + 1] - '0';
}

bool prepare_replace(struct filter_call *call, const struct cursor *cursor)
{
    const struct filter_argument *text = &call->arguments[1];

    call->pattern = pattern_new(call->arguments[0].text, call->unit, PATTERN_REPLACES, cursor->err);
    if (!call->pattern)
        return cursor_error_within(cursor, call->arguments[0].at);
    for (size_t i = 0; i < text->text.length; i++)
        if (group_at(text->text, i) > (int)pattern_groups(call->pattern))
            return cursor_error(cursor, text->at, "\\%d: the pattern has %zu groups",
                                group_at(text->text, i), pattern_groups(call->pattern));
    return true;
}

/* Text that grows in the arena. */
struct output {
    struct arena *arena;
    struct err *err;
    char *data; /* NULL: the arena has no more */
    size_t length, room;
};

static void output_grow(struct output *output, size_t length)
{
    size_t room = (output->length + length) * 2;
    char *larger = arena_take(output->arena, room, output->err);

    if (larger && output->length)
        memcpy(larger, output->data, output->length);
    output->data = larger;
    output->room = room;
}

static void output_add(struct output *output, const char *bytes, size_t length)
{
    if (output->data && output->room - output->length < length)
        output_grow(output, length);
    if (!output->data || !length)
        return;
    memcpy(output->data + output->length, bytes, length);
    output->length += length;
}

/* @p text with its groups filled in from @p source. */
static void add_replacement(struct output *output, struct slice text, const char *source,
                            const struct pattern_group *groups)
{
    size_t plain = 0;

    for (size_t i = 0; i < text.length; i++) {
        int number = group_at(text, i);
        if (number < 0)
            continue;
        output_add(output, text.data + plain, i - plain);
        if (groups[number].first >= 0 && groups[number].end >= groups[number].first)
            output_add(output, source + groups[number].first,
                       (size_t)(groups[number].end - groups[number].first));
        plain = ++i + 1;
    }
    output_add(output, text.data + plain, text.length - plain);
}

/* The end of the character that starts at @p at: an empty match must not split it. */
static size_t character_end(const struct filter_call *call, struct slice text, size_t at)
{
    for (at++; call->unit == PATTERN_TEXT && at < text.length &&
               ((unsigned char)text.data[at] & 0xC0) == 0x80;)
        at++;
    return at;
}

static void replace_all(const struct filter_call *call, struct pattern_search *search,
                        struct output *output)
{
    struct slice text = search->text;
    size_t copied = 0, at = 0;

    while (output->data && at <= text.length && pattern_next(search, at)) {
        size_t first = (size_t)search->groups[0].first, end = (size_t)search->groups[0].end;
        bool repeats =
            end == first && copied == end && copied > 0; /* nothing right behind a match */

        output_add(output, text.data + copied, first - copied);
        if (!repeats)
            add_replacement(output, call->arguments[1].text, text.data, search->groups);
        copied = end;
        at = end > first ? end : character_end(call, text, end);
    }
    output_add(output, text.data + copied, text.length - copied);
}

bool filter_replace(const struct filter_call *call, struct scope *scope, const struct value **value,
                    struct value *out, struct err *err)
{
    struct output output = {.arena = scope->arena, .err = err};
    uint64_t marks[pattern_marks(REPLACE_BYTES)];
    struct pattern_search search;
    struct slice text;

    if (!filter_text(*value, scope->arena, &text, err) ||
        !arena_read(scope->arena, text.length * pattern_cost(call->pattern), err))
        return false;
    if (text.length > REPLACE_BYTES)
        return err_set(err, ERR_RECORD, "a text of %zu bytes; at most %d are searched", text.length,
                       REPLACE_BYTES);
    if (!pattern_search(&search, call->pattern, text, marks))
        return true;
    output_grow(&output, text.length / 2 + 64);
    replace_all(call, &search, &output);
    if (!output.data)
        return false;
    arena_shrink(scope->arena, output.data, output.room, output.length);
    *value = filter_result(out, VALUE_STRING, (struct slice){output.data, output.length});
    return true;
}
