/*
 * problems.h: every mistake of a configuration, gathered and shown at once.
 *
 *      rides.conf:14: error: unknown setting 'colaesce' in a route
 *         14 |     colaesce = true;
 *            = did you mean 'coalesce'?
 *
 *      rides.conf:15: error: unknown filter 'uppr'
 *         15 |     do = "SET k %{city|uppr}";
 *            |                        ^
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { PROBLEMS_SHOWN = 20 };

/** A place in a file; line 0: the file as a whole. */
struct conf_origin {
    const char *file; /* owned by the conf */
    unsigned line;
};

/** A note is shown only when a file is checked, a warning also when penstock runs with it. */
enum conf_severity { CONF_NOTE, CONF_WARNING, CONF_ERROR, CONF_SEVERITIES };

struct conf_problems;

struct conf_problems *conf_problems_new(void);
void conf_problems_free(struct conf_problems *problems);

/** Keeps a redacted copy of @p text, the content of @p file, to show the lines of its problems. */
void conf_problems_source(struct conf_problems *problems, const char *file, const char *text);

/** Adds an error; @p hint is a whole line such as "did you mean 'coalesce'?", or NULL. One that was
 * added before, word by word, is not added again. */
void conf_problem(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/** The same for a warning, which does not stop anything. */
void conf_warning(struct conf_problems *problems, struct conf_origin origin, const char *hint,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/** The same for a note: right as it stands, if it is meant so. */
void conf_note(struct conf_problems *problems, struct conf_origin origin, const char *hint,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/** An error inside @p text, a string of the file (NULL: it may not be shown), at its @p column from
 * 1 (0: not known): a caret points to it. */
void conf_problem_within(struct conf_problems *problems, struct conf_origin origin,
                         const char *text, size_t column, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/** How many were added, also beyond those that are shown. */
size_t conf_problems_count(const struct conf_problems *problems);
size_t conf_warnings_count(const struct conf_problems *problems);

/** Writes those of severity @p least and above in the order of the file, at most PROBLEMS_SHOWN of
 * each severity, secrets masked. */
void conf_problems_write(const struct conf_problems *problems, enum conf_severity least, FILE *out);

/** A problem as others see it. */
struct conf_finding {
    enum conf_severity severity;
    struct conf_origin origin;
    const char *text, *hint; /* hint: NULL if there is none */
};

/** "note", "warning", "error". */
const char *conf_severity_name(enum conf_severity severity);

/** Calls @p visit for each that was kept, in the order of the file. */
void conf_problems_each(const struct conf_problems *problems,
                        void (*visit)(void *context, const struct conf_finding *finding),
                        void *context);
