/* problems.c: every mistake of a configuration, gathered and shown at once. */
#include "conf/problems.h"

#include "base/mem.h"
#include "conf/redact.h"
#include "conf/string_place.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOURCE_LINE_SHOWN = 160,
    PROBLEMS_KEPT =
        1000 /* of the others only the number: nobody reads them, and each is compared */
};

static const char *const words[CONF_SEVERITIES] = {"note", "warning", "error"};

struct problem {
    enum conf_severity severity;
    size_t order; /* of the file among the files, so that the main file comes first */
    unsigned line;
    char *file, *text, *hint;
    char *within;  /* the string that it lies in, at @p column; NULL: not known, or not shown */
    size_t column; /* from 1; 0: not known */
};

struct source_text {
    char *file, *text; /* masked */
};

struct conf_problems {
    struct problem *items;
    size_t count, capacity;
    size_t counts[CONF_SEVERITIES]; /* those that are not kept, too */
    struct source_text *sources;
    size_t source_count, source_capacity;
};

static void problem_free(struct problem *problem)
{
    free(problem->file);
    free(problem->text);
    free(problem->hint);
    free(problem->within);
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
        (struct source_text){.file = mem_text(file), .text = redact_text(text)};
}

/* The rank of @p file among the files that were read; behind them all if it was not read. */
static size_t problems_order(const struct conf_problems *problems, const char *file)
{
    for (size_t i = 0; i < problems->source_count; i++)
        if (strcmp(problems->sources[i].file, file) == 0)
            return i;
    return problems->source_count;
}

static bool problem_same(const struct problem *a, const struct problem *b)
{
    return a->severity == b->severity && a->line == b->line && strcmp(a->file, b->file) == 0 &&
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

    problems->counts[problem.severity] += !known;
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

/* @p problem has its severity, and what it lies in. */
__attribute__((format(printf, 5, 0))) static void problems_add_text(
    struct conf_problems *problems, struct problem problem, struct conf_origin origin,
    const char *hint, const char *format, va_list arguments)
{
    const char *file = origin.file ? origin.file : "penstock";
    size_t length = 0;
    FILE *text = open_memstream(&problem.text, &length);

    if (text) {
        vfprintf(text, format, arguments);
        fclose(text);
    }
    problem.file = mem_text(file);
    problem.line = origin.line;
    problem.order = problems_order(problems, file);
    problem.hint = hint ? mem_text(hint) : NULL;
    problems_add(problems, problem);
}

#define ADD(format, ...)                                                                           \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        problems_add_text(problems, (struct problem){__VA_ARGS__}, origin, hint, format,           \
                          arguments);                                                              \
        va_end(arguments);                                                                         \
    } while (0)

void conf_problem(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...)
{
    ADD(format, .severity = CONF_ERROR);
}

void conf_warning(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...)
{
    ADD(format, .severity = CONF_WARNING);
}

void conf_note(struct conf_problems *problems, struct conf_origin origin, const char *hint,
               const char *format, ...)
{
    ADD(format, .severity = CONF_NOTE);
}

void conf_problem_within(struct conf_problems *problems, struct conf_origin origin,
                         const char *text, size_t column, const char *hint, const char *format, ...)
{
    ADD(format, .severity = CONF_ERROR, .within = text ? mem_text(text) : NULL, .column = column);
}

size_t conf_problems_count(const struct conf_problems *problems)
{
    return problems->counts[CONF_ERROR];
}

size_t conf_warnings_count(const struct conf_problems *problems)
{
    return problems->counts[CONF_WARNING];
}

/* --- showing ---------------------------------------------------------------------------------- */

/* The start of line @p line (from 1) of @p text; NULL if there are not as many. */
static const char *line_start(const char *text, unsigned line)
{
    while (text && line > 1) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
        line--;
    }
    return text && *text ? text : NULL;
}

/* The line of the problem, without its end; false if it is unknown. */
static bool problem_line(const struct conf_problems *problems, const struct problem *problem,
                         struct slice *line)
{
    if (problem->line == 0 || problem->order >= problems->source_count)
        return false;
    const char *text = line_start(problems->sources[problem->order].text, problem->line);
    if (!text)
        return false;
    *line = (struct slice){text, strcspn(text, "\r\n")};
    return true;
}

/* How many bytes of the line are cut off so that its byte @p at (0: none) is among those shown. */
static size_t line_cut(struct slice line, size_t at)
{
    return line.length > SOURCE_LINE_SHOWN && at > SOURCE_LINE_SHOWN / 2
               ? at - SOURCE_LINE_SHOWN / 2
               : 0;
}

static void write_line(unsigned number, struct slice line, size_t cut, FILE *out)
{
    size_t end = cut + SOURCE_LINE_SHOWN < line.length ? cut + SOURCE_LINE_SHOWN : line.length;

    fprintf(out, "%5u | %s", number, cut ? "..." : "");
    for (size_t i = cut; i < end; i++)
        fputc(line.data[i] == '\t' || !iscntrl((unsigned char)line.data[i]) ? line.data[i] : '?',
              out);
    fputs(end < line.length ? "...\n" : "\n", out);
}

/* Under the byte @p at of the line: tabs stay tabs, a character of several bytes is one wide. */
static void write_caret(struct slice line, size_t cut, size_t at, FILE *out)
{
    fprintf(out, "      | %s", cut ? "   " : "");
    for (size_t i = cut; i < at; i++)
        if (((unsigned char)line.data[i] & 0xC0) != 0x80)
            fputc(line.data[i] == '\t' ? '\t' : ' ', out);
    fputs("^\n", out);
}

static void problem_write(const struct conf_problems *problems, const struct problem *problem,
                          FILE *out)
{
    struct slice line = {0};
    bool shown = problem_line(problems, problem, &line);
    size_t at = 0;
    bool pointed = shown && problem->within && problem->column &&
                   string_place(line, problem->within, problem->column, &at);

    fputs(problem->file, out);
    if (problem->line > 0)
        fprintf(out, ":%u", problem->line);
    fprintf(out, ": %s: %s", words[problem->severity], problem->text);
    if (problem->column && !pointed)
        fprintf(out, ", at column %zu of the text", problem->column);
    fputc('\n', out);
    if (shown)
        write_line(problem->line, line, line_cut(line, at), out);
    if (pointed)
        write_caret(line, line_cut(line, at), at, out);
    if (problem->hint)
        fprintf(out, "      = %s\n", problem->hint);
}

/* How many were not shown. */
static void problems_write_rest(size_t count, size_t shown, const char *kind, FILE *out)
{
    if (count > shown)
        fprintf(out, "and %zu more %s%s\n", count - shown, kind, count - shown == 1 ? "" : "s");
}

void conf_problems_write(const struct conf_problems *problems, enum conf_severity least, FILE *out)
{
    size_t shown[CONF_SEVERITIES] = {0}; /* the one does not crowd out the other */

    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (problem->severity < least || shown[problem->severity] == PROBLEMS_SHOWN)
            continue;
        shown[problem->severity]++;
        problem_write(problems, problem, out);
    }
    for (int severity = CONF_ERROR; severity >= (int)least; severity--)
        problems_write_rest(problems->counts[severity], shown[severity], words[severity], out);
}

const char *conf_severity_name(enum conf_severity severity)
{
    return words[severity];
}

void conf_problems_each(const struct conf_problems *problems,
                        void (*visit)(void *context, const struct conf_finding *finding),
                        void *context)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        struct conf_finding finding = {
            .severity = problem->severity,
            .origin = {problem->file, problem->line},
            .text = problem->text,
            .hint = problem->hint,
        };
        visit(context, &finding);
    }
}
