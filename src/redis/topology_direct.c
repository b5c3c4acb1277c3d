/*
 * topology_direct.c: one primary, at one of the addresses that the URL names.
 *
 * A server says at each connection whether it is a replica. The connections ask one address after
 * the other until one is not; that one has the only slot.
 */
#include "redis/topology.h"

unsigned topology_direct_next(const struct topology *topology, unsigned slot,
                              const struct node *node);

unsigned topology_direct_next(const struct topology *topology, unsigned slot,
                              const struct node *node)
{
    (void)slot;
    return ((unsigned)(node - topology->nodes) + 1) % topology->node_count;
}
