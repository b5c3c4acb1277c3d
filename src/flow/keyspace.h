/*
 * keyspace.h: which keys the commands of a file may write, as far as their text tells.
 *
 * "ride:%{$key}" may be any key that begins with "ride:". Two commands may write one key if what
 * the keys begin with agrees, and what they end with.
 */
#pragma once
#include "expr/command_line.h"
#include "flow/route.h"

struct keyspace;

/** All keys that the routes' commands write. keyspace_free() frees it, before the routes. */
struct keyspace *keyspace_new(const struct routes *routes);

void keyspace_free(struct keyspace *keyspace);

/**
 * Another route into the same Redis that may write the key @p argument of a command of @p route;
 * NULL: none. One that takes the same topics into the same keys does not count: a tombstone is
 * one for both.
 */
const struct route *keyspace_other(const struct keyspace *keyspace, const struct route *route,
                                   const struct argument *argument);
