/* topology.c: where a key belongs. */
#include "redis/topology.h"

#include "base/mem.h"
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#define TOPOLOGY(name, slots, text)                                                                \
    unsigned topology_##name##_next(const struct topology *topology, unsigned slot,                \
                                    const struct node *node);                                      \
    _Static_assert((slots) <= TOPOLOGY_SLOTS, #name);
#include "redis/topologies.def"
#undef TOPOLOGY

static const struct topology_kind kinds[] = {
#define TOPOLOGY(name, slots, text) {topology_##name##_next},
#include "redis/topologies.def"
#undef TOPOLOGY
};

void topology_init(struct topology *topology, const struct conf_sink *options)
{
    *topology = (struct topology){.kind = kinds,
                                  .node_count = endpoint_count(options),
                                  .connections = (unsigned)options->connections};
    topology->nodes = mem_array(topology->node_count, sizeof(*topology->nodes));
    for (unsigned i = 0; i < topology->node_count; i++) {
        topology->nodes[i].endpoint = endpoint_of(options, i);
        endpoint_name(&topology->nodes[i].endpoint, topology->nodes[i].name);
    }
}

void topology_free(struct topology *topology)
{
    free(topology->nodes);
}

void topology_doubt(struct topology *topology, unsigned slot, const struct node *node)
{
    if (topology_owner(topology, slot) == node)
        topology->owner[slot] = topology->kind->next(topology, slot, node);
}

void topology_found(struct topology *topology, unsigned slot, struct node *node)
{
    struct node *before = topology->known;

    topology->owner[slot] = (unsigned)(node - topology->nodes);
    topology->known = node;
    if (before && before != node)
        topology->assigned(topology->context, node);
}

/* Eight bytes at a time, each mixed in by the multiplication of FNV-1a and a shift, so that the
 * high bits, which choose, depend on all of them. */
unsigned topology_spread(unsigned connections, struct slice key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ key.length;
    const char *data = key.data;
    size_t left = key.length;

    while (left) {
        uint64_t word = 0;
        size_t length = left < sizeof(word) ? left : sizeof(word);
        memcpy(&word, data, length);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
        data += length;
        left -= length;
    }
    return (unsigned)((hash >> 32) * connections >> 32);
}
