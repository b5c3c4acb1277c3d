/*
 * topology.h: where a key belongs: which server takes it, over which of its connections.
 *
 * Keys belong to slots, and each slot to one of the sink's servers. If several addresses lead to
 * a primary and its replicas there is one slot: its owner is found by asking each for its role.
 */
#pragma once
#include "base/slice.h"
#include "redis/node.h"

#include <stdint.h>

struct topology;

/** Where a key belongs; the same key has the same place for ever. */
struct place {
    uint16_t slot;
    uint16_t spread; /* which of its owner's connections */
};

/** One row of topologies.def. */
struct topology_kind {
    /** The server to ask after @p node, which does not take the writes of @p slot. */
    unsigned (*next)(const struct topology *topology, unsigned slot, const struct node *node);
};

enum { TOPOLOGY_SLOTS = 1 /* of the kind that has the most */ };

struct topology {
    const struct topology_kind *kind;
    struct node *nodes;
    unsigned node_count;
    unsigned owner[TOPOLOGY_SLOTS]; /* by slot: the node that takes its writes, or is asked */
    struct node *known;             /* the one that took them last; NULL: none yet */
    unsigned connections;           /* of one node */
    /** Another server than before takes the writes. */
    void (*assigned)(void *context, struct node *node);
    void *context;
};

/** The servers that the sink's URL names now. What led to a node leads to another one, perhaps. */
void topology_configure(struct topology *topology, const struct conf_sink *options);

/** The servers that the sink's URL names. */
void topology_init(struct topology *topology, const struct conf_sink *options);
void topology_free(struct topology *topology);

/** The slow path of topology_place(): a hash of the key. */
unsigned topology_spread(unsigned connections, struct slice key);

/** A key that is NULL: the first connection. */
static inline struct place topology_place(const struct topology *topology, struct slice key)
{
    if (topology->connections == 1 || !key.data)
        return (struct place){0, 0};
    return (struct place){0, (uint16_t)topology_spread(topology->connections, key)};
}

static inline struct node *topology_owner(const struct topology *topology, unsigned slot)
{
    return &topology->nodes[topology->owner[slot]];
}

/** @p node does not take the writes of @p slot: another is asked. */
void topology_doubt(struct topology *topology, unsigned slot, const struct node *node);

/** It does. */
void topology_found(struct topology *topology, unsigned slot, struct node *node);
