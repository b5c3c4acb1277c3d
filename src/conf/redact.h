/* redact.h: a configuration file without its secrets. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>

/** Whether a setting or variable of this name holds a secret: "password", "ssl_key_pem",
 * "REDIS_TOKEN", and names spelled nearly so. */
bool redact_is_secret_name(struct slice name);

/** A copy of @p text, a libconfig file, with every secret replaced by "***"; its lines stay where
 * they are. free() frees it. */
char *redact_text(const char *text);
