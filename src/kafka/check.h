/* check.h: what is wrong with a source's librdkafka properties, found without any connection. */
#pragma once
#include "conf/conf.h"

#include <stdbool.h>

/** Adds every mistake in the source's properties to @p problems; false if there was one. @p
 * produces: dead letters go to its brokers, so that properties of producers count, too. */
bool source_check(const struct conf_source *source, bool produces, struct conf_problems *problems);
