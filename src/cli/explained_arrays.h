/* explained_arrays.h: arrays that a command takes as one text, though it would take many. */
#pragma once
#include "cli/explained.h"

/** Finds those of the record of @p scope among what the route's commands take. */
void explained_arrays(struct explained *explained, struct scope *scope);
