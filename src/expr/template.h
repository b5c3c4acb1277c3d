/*
 * template.h: "SET ride:%{id} %{*|json}": text with placeholders, compiled at load, rendered for
 * every record.
 *
 * A command is split into arguments at load, by redis-cli's quoting rules, before anything is
 * filled in: a field's text can never become two arguments.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"
#include "expr/reference.h"
#include "expr/scope.h"

#include <stdbool.h>
#include <stddef.h>

struct template;

/**
 * Compiles a whole command, or with @p split false one text that is a single argument (a ttl).
 * Errors:  NULL and ERR_CONFIG; the text begins with "column N: " (counted in @p text from 1) and
 * names the likely word for a filter or a $-name that does not exist.
 */
struct template *template_new(const char *text, bool split, struct err *err);

void template_free(struct template *template);

/** Bits of enum scope_reads. */
unsigned template_reads(const struct template *template);

/** How many arguments at least; a "%{*}" counts as two and sets *open, since it may give more. */
size_t template_least_arguments(const struct template *template, bool *open);

/** Argument @p index if it is the same for every record, else out->data is NULL. */
void template_constant(const struct template *template, size_t index, struct slice *out);

/** Argument @p index as the file has it, for free(): "%{$offset}-1"; a placeholder with filters is
 * "%{name|}". NULL if there is none. */
char *template_argument_shape(const struct template *template, size_t index);

/** Whether argument @p index reads @p name anywhere. */
bool template_argument_names(const struct template *template, size_t index, const char *name);

/** Calls @p visit with what every placeholder names ("driver_id", "$key.id", "*"), in order,
 * repeats included. */
void template_visit(const struct template *template, reference_visit *visit, void *context);

/** The same for argument @p index alone. */
void template_visit_argument(const struct template *template, size_t index, reference_visit *visit,
                             void *context);

/**
 * Fills in one record: *arguments is an array of *count slices in scope->arena or borrowed from the
 * record. Errors:  false and ERR_RECORD: a missing field, a filter that refuses its input, a value
 * that does not decode.
 */
bool template_render(const struct template *template, struct scope *scope, struct slice **arguments,
                     size_t *count, struct err *err);

/** Fills in argument @p index alone; what the others read may be missing. It is not a "%{*}".
 * Errors: as template_render(). */
bool template_render_argument(const struct template *template, size_t index, struct scope *scope,
                              struct slice *out, struct err *err);

/**
 * What it might render to, with "0" in every placeholder: to ask a server whether it would take
 * such a command. The array and its texts are in @p arena; returns how many.
 */
size_t template_sample(const struct template *template, struct arena *arena,
                       struct slice **arguments);
