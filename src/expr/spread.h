/* spread.h: "%{*}": the top-level scalar fields of a value as field/value pairs. */
#pragma once
#include "base/err.h"
#include "expr/scope.h"

/**
 * *pairs is name, value, name, value, ... in the order of the text; *count is twice the number of
 * pairs, at least 2. Of several members of one name the last counts; null, arrays and objects are
 * left out.
 * Errors:  false and ERR_RECORD: a tombstone, a value that does not decode, is not an object, has
 * no such field or too many.
 */
bool spread_fields(struct scope *scope, struct slice **pairs, size_t *count, struct err *err);
