/* check.h: what is wrong with a source's librdkafka properties, found without any connection. */
#pragma once
#include "conf/conf.h"

#include <stdbool.h>

/** Adds every mistake in the source's properties to @p problems; false where there was one. */
bool source_check(const struct conf_source *source, struct conf_problems *problems);
