/* when.h: a condition in a documented subset of CEL, compiled at load, decided for every record. */
#pragma once
#include "base/err.h"
#include "expr/reference.h"
#include "expr/scope.h"

#include <stdbool.h>

struct when;

/** Errors:  NULL and ERR_CONFIG; the text begins with "column N: ". */
struct when *when_new(const char *text, struct err *err);

void when_free(struct when *when);

/** Bits of enum scope_reads. */
unsigned when_reads(const struct when *when);

/** As template_visit(). */
void when_visit(const struct when *when, reference_visit *visit, void *context);

/** Errors:  false and ERR_RECORD where a value that the condition reads inside does not decode. */
bool when_holds(const struct when *when, struct scope *scope, bool *holds, struct err *err);
