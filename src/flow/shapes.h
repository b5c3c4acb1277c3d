/* shapes.h: whether the commands of a file are such as Redis takes. */
#pragma once
#include "base/err.h"
#include "conf/problems.h"
#include "flow/route.h"
#include "redis/shape.h"

/**
 * Tells what of a command, which is known and allowed, Redis would refuse whatever the records are.
 * If that depends on the records, command->shape is set: shapes_fit() then looks at each.
 */
void shapes_check(struct route_command *command, const struct conf_text *text,
                  struct conf_problems *problems);

/**
 * What each argument of the command's template is in @p shape, its row's: NULL for words and for
 * what has no place. free() the array.
 */
const struct shape_item **shapes_items(const struct route_command *command,
                                       const struct shape *shape);

/** Whether a rendered command is such as Redis takes. Errors:  false and ERR_RECORD. */
bool shapes_fit(const struct route_command *command, const struct slice *arguments, size_t count,
                struct err *err);
