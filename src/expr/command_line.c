/* command_line.c: the text of a command as arguments. */
#include "expr/command_line.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>

/* A template while it is compiled. */
struct tokenizer {
    struct template *template;
    struct cursor *cursor;
    struct argument argument; /* the one that is read */
    char *literal;            /* its text since the last placeholder */
    size_t length;
};

static void argument_add(struct argument *argument, struct part part)
{
    argument->parts = mem_grow(argument->parts, argument->count, &argument->room, sizeof(part));
    argument->parts[argument->count++] = part;
}

void argument_clear(struct argument *argument)
{
    for (size_t i = 0; i < argument->count; i++) {
        placeholder_free(argument->parts[i].placeholder);
        free((char *)argument->parts[i].literal.data);
    }
    free(argument->parts);
    *argument = (struct argument){0};
}

static void end_literal(struct tokenizer *tokenizer)
{
    struct slice literal = {mem_copy(tokenizer->literal, tokenizer->length), tokenizer->length};

    argument_add(&tokenizer->argument, (struct part){.literal = literal});
    tokenizer->length = 0;
}

static void add_byte(struct tokenizer *tokenizer, char byte)
{
    tokenizer->literal[tokenizer->length++] = byte; /* as long as the whole text: always room */
}

/* "%{*}" must stand alone: it becomes several arguments. */
static bool check_spread(struct tokenizer *tokenizer)
{
    struct argument *argument = &tokenizer->argument;

    for (size_t i = 0; i < argument->count; i++) {
        const struct placeholder *placeholder = argument->parts[i].placeholder;
        if (!placeholder || !placeholder_is_spread(placeholder))
            continue;
        if (argument->count > 1)
            return cursor_error(
                tokenizer->cursor, placeholder->at,
                "%%{*} must be an argument of its own; %%{*|json} is the whole value "
                "as one text");
        argument->spread = true;
        tokenizer->template->spreads++;
    }
    return true;
}

static bool end_argument(struct tokenizer *tokenizer)
{
    struct template *template = tokenizer->template;

    if (tokenizer->length || !tokenizer->argument.count)
        end_literal(tokenizer);
    if (!check_spread(tokenizer))
        return false;
    if (!tokenizer->argument.parts[0].placeholder && tokenizer->argument.count == 1)
        tokenizer->argument.constant = tokenizer->argument.parts[0].literal;
    template->arguments = mem_grow(template->arguments, template->count, &template->room,
                                   sizeof(*template->arguments));
    template->arguments[template->count++] = tokenizer->argument;
    tokenizer->argument = (struct argument){0};
    return true;
}

static bool read_placeholder(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;
    const char *at = cursor->at;
    struct placeholder *placeholder;

    if (tokenizer->length)
        end_literal(tokenizer);
    if (tokenizer->argument.count + 1 >= ARGUMENT_PARTS) /* a literal may follow */
        return cursor_error(cursor, at, "an argument of more than %d parts", ARGUMENT_PARTS);
    placeholder = placeholder_new(cursor, &tokenizer->template->members);
    if (!placeholder)
        return false;
    argument_add(&tokenizer->argument, (struct part){.placeholder = placeholder});
    tokenizer->argument.reads |= reference_reads(&placeholder->reference);
    return true;
}

/* The bytes of the run of "%" at cursor->at that stand for themselves; "{" behind the run makes
 * each
 * "%%" a "%", and an odd one left over opens a placeholder, which stays at cursor->at. */
static bool read_percent(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;
    size_t run = 0, kept;
    bool opens;

    while (cursor->at + run < cursor->end && cursor->at[run] == '%')
        run++;
    opens = cursor->at + run < cursor->end && cursor->at[run] == '{';
    kept = opens ? run / 2 : run;
    for (size_t i = 0; i < kept; i++)
        add_byte(tokenizer, '%');
    opens = opens && run % 2;
    cursor->at += opens ? run - 1 : run;
    if (opens)
        return read_placeholder(tokenizer);
    if (cursor_sees(cursor, '{')) { /* of "%%{" */
        add_byte(tokenizer, '{');
        cursor->at++;
    }
    return true;
}

static int hex_digit(char byte)
{
    return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

/* A backslash and what follows it, within double quotes. */
static void read_escape(struct tokenizer *tokenizer)
{
    static const char names[] = "nrtba", meant[] = "\n\r\t\b\a";
    const char *at = tokenizer->cursor->at;
    const char *name = strchr(names, at[1]);

    if (at[1] == 'x' && tokenizer->cursor->end - at >= 4 && isxdigit((unsigned char)at[2]) &&
        isxdigit((unsigned char)at[3])) {
        add_byte(tokenizer, (char)(hex_digit(at[2]) << 4 | hex_digit(at[3])));
        tokenizer->cursor->at += 4;
        return;
    }
    add_byte(tokenizer, name ? meant[name - names] : at[1]);
    tokenizer->cursor->at += 2;
}

/* What stands in the quotes that open at cursor->at, and the closing one. */
static bool read_quotes(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;
    const char *opening = cursor->at++;

    while (cursor->at < cursor->end && *cursor->at != *opening) {
        bool escape = *cursor->at == '\\' && cursor->at + 1 < cursor->end;
        if (*cursor->at == '%') {
            if (!read_percent(tokenizer))
                return false;
        } else if (escape && *opening == '"') {
            read_escape(tokenizer);
        } else {
            cursor->at += escape && cursor->at[1] == '\'';
            add_byte(tokenizer, *cursor->at++);
        }
    }
    if (cursor->at == cursor->end)
        return cursor_error(cursor, opening, "this quote is never closed");
    cursor->at++;
    if (cursor->at < cursor->end && !isspace((unsigned char)*cursor->at))
        return cursor_error(cursor, cursor->at, "expected a space behind the closing quote");
    return true;
}

/* Up to the space or the closing quote that ends the argument, or to the end. */
static bool read_argument(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;

    while (cursor->at < cursor->end && !strchr(" \n\r\t", *cursor->at)) {
        if (*cursor->at == '"' || *cursor->at == '\'')
            return read_quotes(tokenizer) && end_argument(tokenizer);
        if (*cursor->at != '%')
            add_byte(tokenizer, *cursor->at++);
        else if (!read_percent(tokenizer))
            return false;
    }
    return end_argument(tokenizer);
}

static bool read_single(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;

    while (cursor->at < cursor->end) {
        if (*cursor->at != '%')
            add_byte(tokenizer, *cursor->at++);
        else if (!read_percent(tokenizer))
            return false;
    }
    if (!end_argument(tokenizer))
        return false;
    return !tokenizer->template->spreads ||
           cursor_error(cursor, cursor->text,
                        "%%{*} gives several arguments; here is room for one");
}

static bool read_command(struct tokenizer *tokenizer)
{
    struct cursor *cursor = tokenizer->cursor;

    for (cursor_skip_space(cursor); cursor->at < cursor->end; cursor_skip_space(cursor))
        if (!read_argument(tokenizer))
            return false;
    return tokenizer->template->count || cursor_error(cursor, cursor->text, "here is no command");
}

static bool split(struct template *template, struct cursor *cursor,
                  bool (*read)(struct tokenizer *))
{
    struct tokenizer tokenizer = {.template = template, .cursor = cursor};
    bool good;

    tokenizer.literal = mem_alloc((size_t)(cursor->end - cursor->text) + 1);
    good = read(&tokenizer);
    argument_clear(&tokenizer.argument);
    free(tokenizer.literal);
    return good;
}

bool command_line_split(struct template *template, struct cursor *cursor)
{
    return split(template, cursor, read_command);
}

bool command_line_single(struct template *template, struct cursor *cursor)
{
    return split(template, cursor, read_single);
}
