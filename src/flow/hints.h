/* hints.h: what stands in a route and probably means something else. */
#pragma once
#include "flow/route.h"

/** Adds a note for each: right as it stands, if it is meant so. */
void hints_check(const struct route *route, struct conf_problems *problems);
