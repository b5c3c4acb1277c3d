/* expiry.h: which keys a ttl ends, and whose they are. */
#pragma once
#include "conf/problems.h"
#include "flow/route.h"

/** Sets "expires" of the commands that the route's ttl applies to; tells what stands against it. */
void expiry_apply(struct route *route, struct conf_problems *problems);

/** Notes a ttl that was perhaps meant for a record and ends a key of many. */
void expiry_check(const struct route *route, struct conf_problems *problems);
