/* condition.h: a condition in a documented subset of CEL, compiled at load, decided for every
 * record. */
#pragma once
#include "base/err.h"
#include "expr/reference.h"
#include "expr/scope.h"

#include <stdbool.h>

struct condition;

/** Errors:  NULL and ERR_CONFIG; the text begins with "column N: ". */
struct condition *condition_new(const char *text, struct err *err);

void condition_free(struct condition *condition);

/** Bits of enum scope_reads. */
unsigned condition_reads(const struct condition *condition);

/** As template_visit(). */
void condition_visit(const struct condition *condition, reference_visit *visit, void *context);

/** Errors:  false and ERR_RECORD if a value that the condition reads inside does not decode. */
bool condition_holds(const struct condition *condition, struct scope *scope, bool *holds,
                     struct err *err);
