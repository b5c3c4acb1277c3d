/*
 * shapes.c: whether the commands of a file are such as Redis takes.
 *
 * A placeholder may bring any text, and "%{*}" any number of pairs: the shape is compared with one,
 * two and three of them, after which it only repeats itself (no row takes more than three arguments
 * together).
 */
#include "flow/shapes.h"

#include "base/mem.h"
#include "expr/command_line.h"

#include <ctype.h>
#include <stdlib.h>

enum { PAIRS_TRIED = 3 };

/* The arguments with @p pairs for each "%{*}"; one that a record fills has no data. */
static struct slice *expand(const struct template *template, size_t pairs, size_t *count)
{
    size_t used = 0;
    struct slice *arguments =
        mem_array(template->count + template->spreads * (2 * pairs - 1), sizeof(*arguments));

    for (size_t i = 0; i < template->count; i++)
        for (size_t j = 0; j < (template->arguments[i].spread ? 2 * pairs : 1); j++)
            arguments[used++] = template->arguments[i].constant;
    *count = used;
    return arguments;
}

/* "HSET key field value [field value ...]"; free() it. */
static char *usage(const struct command *row)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    fprintf(out, "it is written: %s ", row->name);
    shape_write(out, row->shape, "|");
    fclose(out);
    return text;
}

/* --- how many --------------------------------------------------------------------------------- */

static bool check_arity(const struct route_command *command, const struct conf_text *text,
                        struct conf_problems *problems)
{
    const struct command *row = command->command;
    bool open = false;
    size_t given = template_least_arguments(command->template, &open) - 1;
    size_t wanted = (size_t)abs(row->arity) - 1;
    const char *plural = wanted == 1 ? "" : "s";
    bool few = given < wanted && !open, many = row->arity > 0 && given > wanted;

    if (!few && !many)
        return true;
    char *hint = usage(row);
    conf_problem(problems, text->origin, hint, "%s takes %s%zu argument%s, this gives %zu",
                 row->name, row->arity < 0 ? "at least " : "", wanted, plural, given);
    free(hint);
    return false;
}

/* --- several commands in one string ----------------------------------------------------------- */

static bool ends_command(struct slice argument)
{
    return argument.length &&
           (argument.data[argument.length - 1] == ';' || slice_is(argument, "&&"));
}

/* A command's name, in the letter case of the command in front. */
static const struct command *next_command(struct slice front, struct slice word)
{
    const struct command *next = command_find(word);

    return next && !islower((unsigned char)front.data[0]) == !islower((unsigned char)word.data[0])
               ? next
               : NULL;
}

/* "HSET k f v; EXPIRE k 60" is one HSET with many arguments. */
static bool check_alone(const struct route_command *command, const struct conf_text *text,
                        struct conf_problems *problems)
{
    const struct template *template = command->template;

    for (size_t i = 1; i + 1 < template->count; i++) {
        const struct argument *argument = &template->arguments[i];
        const struct part *last = argument->count ? &argument->parts[argument->count - 1] : NULL;
        const struct command *next =
            next_command(template->arguments[0].constant, template->arguments[i + 1].constant);
        if (!last || !ends_command(last->literal) || !next)
            continue;
        conf_problem(problems, text->origin,
                     "a list has as many as you like: do = ( \"...\", \"...\" ); all = true;",
                     "a string is one command; %s in it would be an argument of %s", next->name,
                     command->command->name);
        return false;
    }
    return true;
}

/* --- the shape -------------------------------------------------------------------------------- */

struct trial {
    enum shape_verdict verdict;
    struct shape_problem problem;
    struct slice wrong; /* the argument that should be another; no data: none, or a placeholder */
};

static struct trial try_pairs(const struct shape *shape, const struct template *template,
                              size_t pairs)
{
    struct trial trial = {.verdict = SHAPE_GOOD};
    size_t count;
    struct slice *arguments = expand(template, pairs, &count);

    trial.verdict = shape_match(shape, arguments, count, NULL, &trial.problem);
    if (trial.verdict == SHAPE_UNKNOWN || (trial.verdict == SHAPE_BAD && trial.problem.wrong))
        trial.wrong = arguments[trial.problem.at];
    free(arguments);
    return trial;
}

static void tell(const struct trial *trial, const struct command *row, const struct conf_text *text,
                 struct conf_problems *problems)
{
    bool shown = trial->wrong.data && !text->secret;
    char *hint = usage(row);

    if (trial->verdict == SHAPE_UNKNOWN)
        conf_warning(problems, text->origin, hint, "%s: %s%s%.*s; it is sent as it is", row->name,
                     trial->problem.text, shown ? ": " : "", shown ? (int)trial->wrong.length : 0,
                     shown ? trial->wrong.data : "");
    else
        conf_problem(problems, text->origin, hint, "%s: %s%s%.*s%s", row->name, trial->problem.text,
                     shown ? ", not '" : "", shown ? (int)trial->wrong.length : 0,
                     shown ? trial->wrong.data : "", shown ? "'" : "");
    free(hint);
}

/* If every argument has its place, only those that records fill with numbers and such are left
 * to look at. */
static void keep_typed(struct route_command *command)
{
    size_t count;
    struct slice *arguments = expand(command->template, 1, &count);
    const struct shape_item **items = mem_array(count, sizeof(*items));
    struct typed *typed = mem_array(count, sizeof(*typed));
    struct shape_problem problem;
    bool placed = !command->template->spreads;
    size_t used = 0;

    placed &= shape_match(command->shape, arguments, count, items, &problem) == SHAPE_OPEN;
    for (size_t i = 1; i < count && placed; i++) {
        placed = arguments[i].data ||
                 (items[i] && items[i]->type != TYPE_COUNT && items[i]->type != TYPE_COUNT0);
        if (placed && !arguments[i].data && items[i]->type != TYPE_ANY)
            typed[used++] = (struct typed){i, items[i]};
    }
    free(arguments);
    free(items);
    command->typed = placed ? typed : NULL;
    command->typed_count = used;
    if (!placed)
        free(typed);
}

static void check_shape(struct route_command *command, const struct conf_text *text,
                        struct conf_problems *problems)
{
    struct shape *shape = shape_new(command->command->shape);
    size_t tried = command->template->spreads ? PAIRS_TRIED : 1, bad = 0, good = 0;
    struct trial first = {0};

    for (size_t pairs = 1; pairs <= tried; pairs++) {
        struct trial trial = try_pairs(shape, command->template, pairs);
        if (pairs == 1)
            first = trial;
        bad += trial.verdict == SHAPE_BAD;
        good += trial.verdict == SHAPE_GOOD;
    }
    if (bad == tried || first.verdict == SHAPE_UNKNOWN)
        tell(&first, command->command, text, problems);
    if (good == tried) {
        shape_free(shape);
        return;
    }
    command->shape = shape;
    keep_typed(command);
}

void shapes_check(struct route_command *command, const struct conf_text *text,
                  struct conf_problems *problems)
{
    if (check_alone(command, text, problems) && check_arity(command, text, problems))
        check_shape(command, text, problems);
}

const struct shape_item **shapes_items(const struct route_command *command,
                                       const struct shape *shape)
{
    const struct template *template = command->template;
    size_t count, at = 0;
    struct slice *arguments = expand(template, 1, &count);
    const struct shape_item **items = mem_array(count, sizeof(*items));
    struct shape_problem problem;

    shape_match(shape, arguments, count, items, &problem);
    for (size_t i = 0; i < template->count; i++) {
        items[i] = items[at];
        at += template->arguments[i].spread ? 2 : 1;
    }
    free(arguments);
    return items;
}

static bool typed_fit(const struct route_command *command, const struct slice *arguments,
                      struct err *err)
{
    for (size_t i = 0; i < command->typed_count; i++) {
        const struct typed *typed = &command->typed[i];
        if (!shape_type_takes(typed->item->type, arguments[typed->at]))
            return err_set(err, ERR_RECORD, "%s: %.*s must be %s", command->command->name,
                           SLICE_ARGS(typed->item->text), shape_type_text(typed->item->type));
    }
    return true;
}

bool shapes_fit(const struct route_command *command, const struct slice *arguments, size_t count,
                struct err *err)
{
    struct shape_problem problem;

    if (command->typed)
        return typed_fit(command, arguments, err);
    if (shape_match(command->shape, arguments, count, NULL, &problem) != SHAPE_BAD)
        return true;
    return err_set(err, ERR_RECORD, "%s: %s", command->command->name, problem.text);
}
