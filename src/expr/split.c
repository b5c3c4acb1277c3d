/* split.c: the text of a command as arguments. */
#include "expr/split.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>

/* A template while it is compiled. */
struct splitter {
    struct template *template;
    struct lex *lex;
    struct argument argument; /* the one that is read */
    char *literal;            /* its text since the last hole */
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
        hole_free(argument->parts[i].hole);
        free((char *)argument->parts[i].literal.data);
    }
    free(argument->parts);
    *argument = (struct argument){0};
}

static void end_literal(struct splitter *splitter)
{
    struct slice literal = {mem_copy(splitter->literal, splitter->length), splitter->length};

    argument_add(&splitter->argument, (struct part){.literal = literal});
    splitter->length = 0;
}

static void add_byte(struct splitter *splitter, char byte)
{
    splitter->literal[splitter->length++] = byte; /* as long as the whole text: always room */
}

/* "%{*}" must stand alone: it becomes several arguments. */
static bool check_spread(struct splitter *splitter)
{
    struct argument *argument = &splitter->argument;

    for (size_t i = 0; i < argument->count; i++) {
        const struct hole *hole = argument->parts[i].hole;
        if (!hole || !hole_is_spread(hole))
            continue;
        if (argument->count > 1)
            return lex_error(splitter->lex, hole->at,
                             "%%{*} must be an argument of its own; %%{*|json} is the whole value "
                             "as one text");
        argument->spread = true;
        splitter->template->spreads++;
    }
    return true;
}

static bool end_argument(struct splitter *splitter)
{
    struct template *template = splitter->template;

    if (splitter->length || !splitter->argument.count)
        end_literal(splitter);
    if (!check_spread(splitter))
        return false;
    if (!splitter->argument.parts[0].hole && splitter->argument.count == 1)
        splitter->argument.constant = splitter->argument.parts[0].literal;
    template->arguments = mem_grow(template->arguments, template->count, &template->room,
                                   sizeof(*template->arguments));
    template->arguments[template->count++] = splitter->argument;
    splitter->argument = (struct argument){0};
    return true;
}

static bool read_hole(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;
    const char *at = lex->at;
    struct hole *hole;

    if (splitter->length)
        end_literal(splitter);
    if (splitter->argument.count + 1 >= ARGUMENT_PARTS) /* a literal may follow */
        return lex_error(lex, at, "an argument of more than %d parts", ARGUMENT_PARTS);
    hole = hole_new(lex, &splitter->template->fields);
    if (!hole)
        return false;
    argument_add(&splitter->argument, (struct part){.hole = hole});
    splitter->argument.reads |= reference_reads(&hole->reference);
    return true;
}

/* The bytes of the run of "%" at lex->at that stand for themselves; "{" behind the run makes each
 * "%%" a "%", and an odd one left over opens a hole, which stays at lex->at. */
static bool read_percent(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;
    size_t run = 0, kept;
    bool opens;

    while (lex->at + run < lex->end && lex->at[run] == '%')
        run++;
    opens = lex->at + run < lex->end && lex->at[run] == '{';
    kept = opens ? run / 2 : run;
    for (size_t i = 0; i < kept; i++)
        add_byte(splitter, '%');
    opens = opens && run % 2;
    lex->at += opens ? run - 1 : run;
    if (opens)
        return read_hole(splitter);
    if (lex_sees(lex, '{')) { /* of "%%{" */
        add_byte(splitter, '{');
        lex->at++;
    }
    return true;
}

static int hex_digit(char byte)
{
    return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

/* A backslash and what follows it, within double quotes. */
static void read_escape(struct splitter *splitter)
{
    static const char names[] = "nrtba", meant[] = "\n\r\t\b\a";
    const char *at = splitter->lex->at;
    const char *name = strchr(names, at[1]);

    if (at[1] == 'x' && splitter->lex->end - at >= 4 && isxdigit((unsigned char)at[2]) &&
        isxdigit((unsigned char)at[3])) {
        add_byte(splitter, (char)(hex_digit(at[2]) << 4 | hex_digit(at[3])));
        splitter->lex->at += 4;
        return;
    }
    add_byte(splitter, name ? meant[name - names] : at[1]);
    splitter->lex->at += 2;
}

/* What stands in the quotes that open at lex->at, and the closing one. */
static bool read_quotes(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;
    const char *opening = lex->at++;

    while (lex->at < lex->end && *lex->at != *opening) {
        bool escape = *lex->at == '\\' && lex->at + 1 < lex->end;
        if (*lex->at == '%') {
            if (!read_percent(splitter))
                return false;
        } else if (escape && *opening == '"') {
            read_escape(splitter);
        } else {
            lex->at += escape && lex->at[1] == '\'';
            add_byte(splitter, *lex->at++);
        }
    }
    if (lex->at == lex->end)
        return lex_error(lex, opening, "this quote is never closed");
    lex->at++;
    if (lex->at < lex->end && !isspace((unsigned char)*lex->at))
        return lex_error(lex, lex->at, "expected a space behind the closing quote");
    return true;
}

/* Up to the space or the closing quote that ends the argument, or to the end. */
static bool read_argument(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;

    while (lex->at < lex->end && !strchr(" \n\r\t", *lex->at)) {
        if (*lex->at == '"' || *lex->at == '\'')
            return read_quotes(splitter) && end_argument(splitter);
        if (*lex->at != '%')
            add_byte(splitter, *lex->at++);
        else if (!read_percent(splitter))
            return false;
    }
    return end_argument(splitter);
}

static bool read_single(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;

    while (lex->at < lex->end) {
        if (*lex->at != '%')
            add_byte(splitter, *lex->at++);
        else if (!read_percent(splitter))
            return false;
    }
    if (!end_argument(splitter))
        return false;
    return !splitter->template->spreads ||
           lex_error(lex, lex->text, "%%{*} gives several arguments; here is room for one");
}

static bool read_command(struct splitter *splitter)
{
    struct lex *lex = splitter->lex;

    for (lex_skip_space(lex); lex->at < lex->end; lex_skip_space(lex))
        if (!read_argument(splitter))
            return false;
    return splitter->template->count || lex_error(lex, lex->text, "here is no command");
}

static bool split(struct template *template, struct lex *lex, bool (*read)(struct splitter *))
{
    struct splitter splitter = {.template = template, .lex = lex};
    bool good;

    splitter.literal = mem_alloc((size_t)(lex->end - lex->text) + 1);
    good = read(&splitter);
    argument_clear(&splitter.argument);
    free(splitter.literal);
    return good;
}

bool split_command(struct template *template, struct lex *lex)
{
    return split(template, lex, read_command);
}

bool split_single(struct template *template, struct lex *lex)
{
    return split(template, lex, read_single);
}
