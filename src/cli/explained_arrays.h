/* explained_arrays.h: arrays that become one argument, though the command accepts many. */
#pragma once
#include "cli/explained.h"

/** Finds those of the record of @p scope in the arguments of the route's commands. */
void explained_arrays(struct explained *explained, struct scope *scope);
