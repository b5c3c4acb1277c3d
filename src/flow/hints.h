/* hints.h: what stands in a route and probably means something else. */
#pragma once
#include "flow/route.h"

/** Adds a note for each: right as it stands, if it is meant so. */
void hints_check(const struct route *route, struct conf_problems *problems);

/** "did you mean 'SET'?" for a command that is not known; NULL if none is near. free() it.
 */
char *hints_command(struct slice name);
