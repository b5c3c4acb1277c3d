/* problems.c: every mistake of a configuration, gathered and shown at once. */
#include "conf/problems.h"

#include "base/mem.h"
#include "conf/mask.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOURCE_LINE_SHOWN = 160,
    PROBLEMS_KEPT =
        1000 /* of the others only the number: nobody reads them, and each is compared */
};

struct problem {
    bool warning;
    size_t order; /* of the file among the files, so that the main file comes first */
    unsigned line;
    char *file, *text, *hint;
};

struct source_text {
    char *file, *text; /* masked */
};

struct conf_problems {
    struct problem *items;
    size_t count, capacity;
    size_t errors, warnings; /* those that are not kept, too */
    struct source_text *sources;
    size_t source_count, source_capacity;
};

static void problem_free(struct problem *problem)
{
    free(problem->file);
    free(problem->text);
    free(problem->hint);
}

struct conf_problems *conf_problems_new(void)
{
    return mem_new(struct conf_problems);
}

void conf_problems_free(struct conf_problems *problems)
{
    if (!problems)
        return;
    for (size_t i = 0; i < problems->count; i++)
        problem_free(&problems->items[i]);
    for (size_t i = 0; i < problems->source_count; i++) {
        free(problems->sources[i].file);
        free(problems->sources[i].text);
    }
    free(problems->items);
    free(problems->sources);
    free(problems);
}

void conf_problems_source(struct conf_problems *problems, const char *file, const char *text)
{
    for (size_t i = 0; i < problems->source_count; i++)
        if (strcmp(problems->sources[i].file, file) == 0)
            return;
    problems->sources = mem_grow(problems->sources, problems->source_count,
                                 &problems->source_capacity, sizeof(*problems->sources));
    problems->sources[problems->source_count++] =
        (struct source_text){.file = mem_text(file), .text = mask_text(text)};
}

/* Where @p file stands among the files that were read; behind them all where it was not. */
static size_t problems_order(const struct conf_problems *problems, const char *file)
{
    for (size_t i = 0; i < problems->source_count; i++)
        if (strcmp(problems->sources[i].file, file) == 0)
            return i;
    return problems->source_count;
}

static bool problem_same(const struct problem *a, const struct problem *b)
{
    return a->warning == b->warning && a->line == b->line && strcmp(a->file, b->file) == 0 &&
           strcmp(a->text, b->text) == 0;
}

/* Before: what lies further up in the files. Equal lines keep the order in which they were added.
 */
static bool problem_before(const struct problem *a, const struct problem *b)
{
    if (a->order != b->order)
        return a->order < b->order;
    return a->line < b->line;
}

static bool problems_have(const struct conf_problems *problems, const struct problem *problem)
{
    for (size_t i = 0; i < problems->count; i++)
        if (problem_same(&problems->items[i], problem))
            return true;
    return false;
}

/* Takes the problem over. */
static void problems_add(struct conf_problems *problems, struct problem problem)
{
    bool known = problems_have(problems, &problem);

    problems->errors += !known && !problem.warning;
    problems->warnings += !known && problem.warning;
    if (known || problems->count == PROBLEMS_KEPT) {
        problem_free(&problem);
        return;
    }
    problems->items =
        mem_grow(problems->items, problems->count, &problems->capacity, sizeof(*problems->items));
    size_t at = problems->count++;
    while (at > 0 && problem_before(&problem, &problems->items[at - 1])) {
        problems->items[at] = problems->items[at - 1];
        at--;
    }
    problems->items[at] = problem;
}

__attribute__((format(printf, 5, 0))) static void problems_add_text(
    struct conf_problems *problems, bool warning, struct conf_origin origin, const char *hint,
    const char *format, va_list arguments)
{
    const char *file = origin.file ? origin.file : "penstock";
    struct problem problem = {.warning = warning, .line = origin.line, .file = mem_text(file)};
    size_t length = 0;
    FILE *text = open_memstream(&problem.text, &length);

    if (text) {
        vfprintf(text, format, arguments);
        fclose(text);
    }
    problem.order = problems_order(problems, file);
    problem.hint = hint ? mem_text(hint) : NULL;
    problems_add(problems, problem);
}

void conf_problem(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_add_text(problems, false, origin, hint, format, arguments);
    va_end(arguments);
}

void conf_warning(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    problems_add_text(problems, true, origin, hint, format, arguments);
    va_end(arguments);
}

size_t conf_problems_count(const struct conf_problems *problems)
{
    return problems->errors;
}

size_t conf_warnings_count(const struct conf_problems *problems)
{
    return problems->warnings;
}

/* The start of line @p line (from 1) of @p text; NULL where there are not as many. */
static const char *line_start(const char *text, unsigned line)
{
    while (text && line > 1) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
        line--;
    }
    return text && *text ? text : NULL;
}

static void problem_write_line(const struct conf_problems *problems, const struct problem *problem,
                               FILE *out)
{
    if (problem->line == 0 || problem->order >= problems->source_count)
        return;
    const char *text = line_start(problems->sources[problem->order].text, problem->line);
    if (!text)
        return;
    size_t length = strcspn(text, "\r\n");
    fprintf(out, "%5u | ", problem->line);
    for (size_t i = 0; i < length && i < SOURCE_LINE_SHOWN; i++)
        fputc(text[i] == '\t' || !iscntrl((unsigned char)text[i]) ? text[i] : '?', out);
    fputs(length > SOURCE_LINE_SHOWN ? "...\n" : "\n", out);
}

static void problem_write(const struct conf_problems *problems, const struct problem *problem,
                          FILE *out)
{
    const char *kind = problem->warning ? "warning" : "error";

    if (problem->line > 0)
        fprintf(out, "%s:%u: %s: %s\n", problem->file, problem->line, kind, problem->text);
    else
        fprintf(out, "%s: %s: %s\n", problem->file, kind, problem->text);
    problem_write_line(problems, problem, out);
    if (problem->hint)
        fprintf(out, "      = %s\n", problem->hint);
}

/* How many were not shown. */
static void problems_write_rest(size_t count, size_t shown, const char *kind, FILE *out)
{
    if (count > shown)
        fprintf(out, "and %zu more %s%s\n", count - shown, kind, count - shown == 1 ? "" : "s");
}

void conf_problems_write(const struct conf_problems *problems, FILE *out)
{
    size_t shown[2] = {0, 0}; /* errors, warnings: the one does not crowd out the other */

    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (shown[problem->warning] == PROBLEMS_SHOWN)
            continue;
        shown[problem->warning]++;
        problem_write(problems, problem, out);
    }
    problems_write_rest(problems->errors, shown[0], "error", out);
    problems_write_rest(problems->warnings, shown[1], "warning", out);
}
