/* memory.h: what of "memory" is whose. */
#pragma once
#include "conf/read.h"

/** A record must leave room for its copies: where it is read, and where it waits for Redis. */
void memory_check(const struct filling *filling, const struct node *root);

/** Makes the windows of all connections, and the units, small enough for their part. */
void memory_bound_sinks(struct conf *conf);
