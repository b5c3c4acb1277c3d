/* shown.h: commands as one types them in redis-cli. */
#pragma once
#include "flow/route.h"

#include <stdbool.h>

/** Whether a secret was filled into the text of a command of the route, as "${file:...}" does. */
bool shown_is_secret(const struct conf_route *conf);

/** Prints @p lead and the command, of which only the name where it is @p secret. */
void shown_command(const char *lead, const struct rendered *rendered, bool secret);
