/*
 * topology.h: which connection a key belongs to.
 *
 * Standalone: every connection leads to the one server, and keys are spread over the connections.
 */
#pragma once
#include "base/slice.h"

/** The slow path of topology_pick(): a hash of the key. */
unsigned topology_spread(unsigned connections, struct slice key);

/** Which of @p connections takes @p key, the same for the same key; a key that is NULL: the first.
 */
static inline unsigned topology_pick(unsigned connections, struct slice key)
{
    return connections == 1 || !key.data ? 0 : topology_spread(connections, key);
}
