/* online.h: what Kafka and Redis themselves say to a configuration. */
#pragma once
#include "conf/conf.h"
#include "flow/route.h"

#include <stdbool.h>

/**
 * Asks the servers of every source and sink and prints what they answer, with @p quiet only what is
 * wrong. Returns EXIT_OK, or EXIT_UNAVAILABLE where one could not be reached or
 * would refuse something.
 */
int online_check(const struct conf *conf, const struct routes *routes, bool quiet);
