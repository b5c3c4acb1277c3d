/* libconfig_limits.h: values that libconfig 1.5 would silently read as others. */
#pragma once
#include "conf/document.h"

/** Reports every number that would be cut to its low 32 bits, or to the largest of 64, and every
 * string that would end at a "\x00". */
void libconfig_limits_check(const struct document *document, struct conf_problems *problems);
