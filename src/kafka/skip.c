/* skip.c: the one record of a partition that a route passes by. */
#include "kafka/skip.h"

#include "base/mem.h"
#include "kafka/partition.h"

#include <stdlib.h>
#include <string.h>

void skip_forget(struct source_partition *partition)
{
    free(partition->skip.route);
    partition->skip = (struct partition_skip){.offset = -1};
}

void source_skip(struct source_partition *partition, int64_t offset, const char *route)
{
    char *copy = mem_text(route);

    skip_forget(partition);
    partition->skip = (struct partition_skip){offset, copy};
}

bool source_skips(const struct source_partition *partition, int64_t offset, const char *route)
{
    return partition->skip.offset == offset && strcmp(partition->skip.route, route) == 0;
}
