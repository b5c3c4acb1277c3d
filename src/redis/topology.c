/* topology.c: which connection a key belongs to. */
#include "redis/topology.h"

#include <stdint.h>
#include <string.h>

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
