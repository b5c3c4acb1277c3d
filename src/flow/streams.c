/* streams.c: streams whose ids are offsets take each record once. */
#include "flow/streams.h"

#include "base/mem.h"
#include "flow/repeats.h"

/* Where it is noted that the route's stream took a record of the partition; NULL: the route has no
 * such stream. */
static uint32_t *taken_at(struct topic_routes *routes, const struct delivery *delivery)
{
    size_t row = (size_t)source_partition_number(delivery->record.partition);
    size_t rows = routes->taken_rows;

    if (row >= rows) {
        routes->taken = mem_resize(routes->taken, (row + 1) * routes->count * sizeof(uint32_t));
        for (size_t i = rows * routes->count; i < (row + 1) * routes->count; i++)
            routes->taken[i] = 0;
        routes->taken_rows = row + 1;
    }
    for (size_t i = 0; i < routes->count; i++)
        if (routes->items[i]->index == delivery->route)
            return &routes->taken[row * routes->count + i];
    return NULL;
}

static struct topic_routes *routes_of(const struct delivery *delivery)
{
    return source_partition_routes(delivery->record.partition);
}

void streams_written(struct worker *worker, const struct delivery *delivery)
{
    uint32_t *taken;

    if (!worker->options.routes->items[delivery->route].offset_ids)
        return;
    taken = taken_at(routes_of(delivery), delivery);
    if (taken)
        *taken = delivery->record.generation;
}

bool streams_has_it(const struct worker *worker, const struct delivery *delivery, const char *text)
{
    const struct route *route = &worker->options.routes->items[delivery->route];
    const uint32_t *taken;

    if (!route->offset_ids || route->conf->delivery != AT_LEAST_ONCE || !repeats_is_old_id(text))
        return false;
    if (delivery->doubt)
        return true;
    taken = taken_at(routes_of(delivery), delivery);
    return source_may_repeat(delivery->record.partition) && taken &&
           *taken != delivery->record.generation;
}
