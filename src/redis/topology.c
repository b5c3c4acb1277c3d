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

/* A node of the same name stays what it is known to be. */
void topology_configure(struct topology *topology, const struct conf_sink *options)
{
    bool same = topology->node_count == endpoint_count(options);

    topology->node_count = endpoint_count(options);
    for (unsigned i = 0; i < topology->node_count; i++) {
        struct node *node = &topology->nodes[i];
        char name[ENDPOINT_NAME_BYTES];
        node->endpoint = endpoint_of(options, i);
        endpoint_name(&node->endpoint, name);
        if (strcmp(name, node->name) == 0)
            continue;
        same = false;
        memcpy(node->name, name, sizeof(name));
        node->run_id[0] = '\0';
    }
    if (same)
        return;
    memset(topology->owner, 0, sizeof(topology->owner));
    topology->known = NULL;
}

void topology_init(struct topology *topology, const struct conf_sink *options)
{
    *topology = (struct topology){.kind = kinds, .connections = (unsigned)options->connections};
    topology->nodes = mem_array(URL_HOSTS, sizeof(*topology->nodes));
    topology_configure(topology, options);
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
