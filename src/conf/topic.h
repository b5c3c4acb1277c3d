/* topic.h: what Kafka takes as a topic's name, and patterns of such names. */
#pragma once
#include "base/err.h"

#include <stdbool.h>

enum { TOPIC_LENGTH_MAX = 249 };

/** Checks a topic's name by Kafka's rules. Errors: false and ERR_CONFIG. */
bool topic_check_name(const char *name, struct err *err);

/** Checks "^...", an extended regular expression of regcomp(3): that it compiles, and that it can
 * match a legal name at all, as far as that is easily told. Errors: false and ERR_CONFIG. */
bool topic_check_pattern(const char *pattern, struct err *err);
